"""Canonical files: Parquet, JSON, CSV, pages and models, schema-checked, written whole or not at all, byte-stable."""

import hashlib
import io
import json
import zipfile
from pathlib import Path
from typing import Any, TypeVar

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import BaseModel, ConfigDict, ValidationError

from pipeline.io.errors import UserError

R = TypeVar("R", bound="Record")


class Record(BaseModel):
    """A JSON artifact, or a part of one, as a typed value: every field required, no other field, no conversion."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


def write_bytes(path: Path, content: bytes) -> None:
    """Write a whole file or none: a killed stage leaves no half of one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.partial")
    partial.write_bytes(content)
    partial.replace(path)


def read_bytes(path: Path) -> bytes:
    """Raises UserError where the file is missing."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise UserError(f"{path}: no such file; `dvc repro` makes it") from None


def digest(content: bytes) -> str:
    """SHA-256, in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def write_table(path: Path, frame: pd.DataFrame, schema: pa.Schema) -> None:
    """Write a frame whose columns are exactly the schema's, whatever their order; NaN becomes null.

    Raises ValueError on missing, unknown or wrongly typed columns.
    """
    if set(frame.columns) != set(schema.names):
        raise ValueError(f"{path}: columns {sorted(frame.columns)} are not {sorted(schema.names)}")
    table = pa.Table.from_pandas(frame[schema.names], schema=schema, preserve_index=False)
    buffer = io.BytesIO()
    pq.write_table(table.replace_schema_metadata(None), buffer, compression="zstd")
    write_bytes(path, buffer.getvalue())


def read_table(path: Path) -> pd.DataFrame:
    """Raises UserError where the file is missing."""
    return pq.read_table(io.BytesIO(read_bytes(path))).to_pandas()


def write_json(path: Path, value: Any) -> None:
    """Keys in the order they are given, floats in their shortest form, no NaN (raises ValueError)."""
    text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False)
    write_bytes(path, (text + "\n").encode())


def read_json(path: Path) -> Any:
    """Raises UserError where the file is missing."""
    return json.loads(read_bytes(path))


def write_record(path: Path, record: Record) -> None:
    write_json(path, record.model_dump())


def read_record(path: Path, kind: type[R]) -> R:
    """Raises UserError where the file is missing, or was written in another form."""
    content = read_bytes(path)
    try:
        return kind.model_validate_json(content)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise UserError(f"{path}: {where}: {first['msg']}; `dvc repro` makes it anew") from None


def write_csv(path: Path, frame: pd.DataFrame) -> None:
    """For `dvc plots`, which reads no Parquet: ISO dates, with the time where there is one, shortest floats, empty
    where missing.
    """
    dates = frame.select_dtypes("datetime")
    form = "%Y-%m-%d" if (dates == dates.apply(lambda own: own.dt.normalize())).all(axis=None) else "%Y-%m-%dT%H:%M"
    write_bytes(path, frame.to_csv(index=False, lineterminator="\n", date_format=form).encode())


def canonical_model(keras_file: bytes) -> bytes:
    """A .keras archive without its clock and its process's object ids; stock `load_model` opens it.

    Keras stamps members with the time, writes `date_saved` and, as `shared_object_id`, Python's id().
    """
    ids: dict[int, int] = {}

    def renumbered(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        return {k: ids.setdefault(v, len(ids) + 1) if k == "shared_object_id" else v for k, v in pairs}

    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(keras_file)) as source, zipfile.ZipFile(buffer, "w") as target:
        for name in sorted(source.namelist()):
            content = source.read(name)
            if name.endswith(".json"):
                value = json.loads(content, object_pairs_hook=renumbered)
                value.pop("date_saved", None)
                content = json.dumps(value, sort_keys=True).encode()
            target.writestr(zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0)), content)
    return buffer.getvalue()
