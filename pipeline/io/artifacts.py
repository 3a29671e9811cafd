"""Read and write the files of the pipeline: Parquet, JSON, CSV, pages and models.

Tables and records are checked. The same values always give the same bytes.
"""

import hashlib
import io
import json
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import BaseModel, ConfigDict, ValidationError

from pipeline.io.errors import UserError

R = TypeVar("R", bound="Record")


class Record(BaseModel):
    """A JSON file, or a part of one. All fields are required, no others are allowed, and types are not converted."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield the path of a new file that replaces `path` at the end: completely or, after an error, not at all.

    An OSError of the new file names `path`, also where a library gives no name.
    """
    partial = path.with_name(f".{path.name}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            yield partial
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)  # fails too, where the disk is read-only
    except OSError as error:
        error.filename = str(path) if error.filename in (None, partial, str(partial)) else error.filename
        raise


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file completely or not at all, even if the process is killed."""
    with replacing(path) as partial:
        partial.write_bytes(content)


def read_bytes(path: Path) -> bytes:
    """Read a file. Raises UserError if it is missing or cannot be read."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise UserError(f"{path}: no such file; `dvc repro` makes it") from None
    except OSError as error:
        raise UserError(f"{path}: cannot be read: {error.strerror}; accepted: a file that you may read") from None


def digest(content: bytes) -> str:
    """Return the SHA-256 hash in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def output_hashes(lock: dict[str, Any]) -> dict[str, str]:
    """Return the hash of each output by its path, in the order of a dvc.lock. lock: its content."""
    return {out["path"]: out["md5"] for stage in lock["stages"].values() for out in stage.get("outs", [])}


def dvc_hash(path: Path) -> str:
    """Return the MD5 hash of an output as in dvc.lock; of a folder of networks it is that of a list of its files."""
    if not path.is_dir():
        return hashlib.md5(read_bytes(path), usedforsecurity=False).hexdigest()
    files = {file.relative_to(path).as_posix(): dvc_hash(file) for file in path.rglob("*.keras")}
    listed = json.dumps([{"md5": files[name], "relpath": name} for name in sorted(files)])
    return hashlib.md5(listed.encode(), usedforsecurity=False).hexdigest() + ".dir"


def write_table(path: Path, frames: pd.DataFrame | Iterable[pd.DataFrame], schema: pa.Schema) -> None:
    """Write a Parquet file of one or several tables. Their columns must be those of the schema, in any order.

    NaN becomes null. Raises ValueError for missing or unknown columns and for wrong types.
    """
    frames = [frames] if isinstance(frames, pd.DataFrame) else frames
    with replacing(path) as partial, pq.ParquetWriter(partial, schema, compression="zstd") as writer:
        for frame in frames:  # one by one, because together they need much memory
            writer.write_table(_arrow_table(path, frame, schema))


def _arrow_table(path: Path, frame: pd.DataFrame, schema: pa.Schema) -> pa.Table:
    if set(frame.columns) != set(schema.names):
        raise ValueError(f"{path}: columns {sorted(frame.columns)} are not {sorted(schema.names)}")
    columns = [pa.array(frame[name], from_pandas=True) for name in schema.names]
    return pa.Table.from_arrays(columns, names=schema.names).cast(schema)


def read_table(
    *paths: Path,
    columns: list[str] | None = None,
    where: list[Any] | None = None,
    categories: list[str] | None = None,
) -> pd.DataFrame:
    """Read a Parquet file, or several of one schema as one table. Raises UserError if one is missing.

    columns: those to read; where: the rows to read, as `filters` of pyarrow.parquet.read_table; categories: columns of
    texts that repeat, which need less memory as pandas categoricals.
    """
    options = {"columns": columns, "filters": where, "read_dictionary": categories}
    table = pa.concat_tables(pq.read_table(pa.BufferReader(read_bytes(path)), **options) for path in paths)
    table = table.unify_dictionaries()  # no other name, so that each column is freed when it has been converted
    return table.to_pandas(split_blocks=True, self_destruct=True)


def value_count(path: Path) -> int:
    """Return the number of values of a Parquet file, without reading them."""
    metadata = pq.read_metadata(path)
    groups = map(metadata.row_group, range(metadata.num_row_groups))
    return sum(group.column(number).num_values for group in groups for number in range(group.num_columns))


def write_json(path: Path, value: Any) -> None:
    """Write JSON: keys in the given order, floats in their shortest form. Raises ValueError for NaN."""
    text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False)
    write_bytes(path, (text + "\n").encode())


def read_json(path: Path) -> Any:
    """Read a JSON file. Raises UserError if it is missing."""
    return json.loads(read_bytes(path))


def write_record(path: Path, record: Record) -> None:
    write_json(path, record.model_dump())


def read_record(path: Path, kind: type[R]) -> R:
    """Read a JSON file as a record of this kind. Raises UserError if it is missing or has other fields."""
    content = read_bytes(path)
    try:
        return kind.model_validate_json(content)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise UserError(f"{path}: {where}: {first['msg']}; `dvc repro` makes it again") from None


def write_csv(path: Path, frame: pd.DataFrame) -> None:
    """Write a CSV file for `dvc plots`, which cannot read Parquet.

    Dates are ISO dates, with the time if any is not midnight. Missing values are empty.
    """
    dates = frame.select_dtypes("datetime")
    all_midnight = (dates == dates.apply(lambda column: column.dt.normalize())).all(axis=None)
    date_format = "%Y-%m-%d" if all_midnight else "%Y-%m-%dT%H:%M"
    write_bytes(path, frame.to_csv(index=False, lineterminator="\n", date_format=date_format).encode())


def canonical_model(keras_file: bytes) -> bytes:
    """Return a .keras file without times and object ids, which differ in each run. Keras can load the result.

    Keras writes the time of each file in the archive, `date_saved`, and Python's id() as `shared_object_id`.
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
