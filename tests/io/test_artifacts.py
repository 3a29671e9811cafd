"""The same content gives the same bytes, wrong content is rejected, and no file is half-written."""

import errno
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.io.artifacts import read_bytes, read_json, read_table, write_bytes, write_csv, write_json, write_table
from pipeline.io.errors import UserError

SCHEMA = pa.schema([("date", pa.timestamp("us")), ("value", pa.float64())])
FRAME = pd.DataFrame({"value": [1.5, np.nan], "date": pd.to_datetime(["2001-01-01", "2001-01-02"])})


def test_a_table_comes_back_as_it_was(project: Path) -> None:
    write_table(Path("a/t.parquet"), FRAME, SCHEMA)
    back = read_table(Path("a/t.parquet"))
    pd.testing.assert_frame_equal(back, FRAME[["date", "value"]], check_dtype=False)


def test_a_table_carries_no_metadata_of_its_maker_and_the_same_bytes_whatever_the_index(project: Path) -> None:
    write_table(Path("a.parquet"), FRAME, SCHEMA)
    write_table(Path("b.parquet"), FRAME.set_index(pd.Index([7, 9])), SCHEMA)
    assert read_bytes(Path("a.parquet")) == read_bytes(Path("b.parquet"))
    assert pq.read_schema("a.parquet").metadata is None


@pytest.mark.parametrize("frame", [FRAME.drop(columns="value"), FRAME.assign(other=1)])
def test_a_table_with_other_columns_is_refused(frame: pd.DataFrame, project: Path) -> None:
    with pytest.raises(ValueError, match="columns"):
        write_table(Path("t.parquet"), frame, SCHEMA)
    assert not Path("t.parquet").exists()


def test_a_table_with_a_wrong_type_is_refused(project: Path) -> None:
    with pytest.raises((ValueError, pa.ArrowInvalid)):
        write_table(Path("t.parquet"), FRAME.assign(value="x"), SCHEMA)
    assert not Path("t.parquet").exists()


def test_json_keeps_the_order_and_is_exact(project: Path) -> None:
    write_json(Path("a.json"), {"b": 0.1 + 0.2, "a": "é"})
    assert read_bytes(Path("a.json")).decode() == '{\n  "b": 0.30000000000000004,\n  "a": "é"\n}\n'
    assert read_json(Path("a.json")) == {"a": "é", "b": 0.1 + 0.2}


def test_json_has_no_nan(project: Path) -> None:
    with pytest.raises(ValueError, match="JSON"):
        write_json(Path("a.json"), float("nan"))
    assert not Path("a.json").exists()


def test_csv_is_what_dvc_plots_reads(project: Path) -> None:
    write_csv(Path("a.csv"), FRAME[["date", "value"]])
    assert read_bytes(Path("a.csv")) == b"date,value\n2001-01-01,1.5\n2001-01-02,\n"


def test_a_write_that_fails_does_not_change_the_old_file(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_bytes(Path("a"), b"old")

    def full(self: Path, content: bytes) -> None:
        os.close(os.open(self, os.O_CREAT | os.O_WRONLY))
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match=r"No space left on device: 'a'$"):
        write_bytes(Path("a"), b"new")
    assert Path("a").read_bytes() == b"old"


@pytest.mark.parametrize("read", [read_bytes, read_json, read_table])
def test_a_missing_file_is_named(read, project: Path) -> None:
    with pytest.raises(UserError, match=r"^data/x: no such file; `dvc repro` makes it$"):
        read(Path("data/x"))


def test_several_tables_are_written_and_read_as_one(project: Path) -> None:
    schema = pa.schema([("name", pa.string()), ("value", pa.float64())])
    frames = [pd.DataFrame({"name": [name] * 3, "value": [1.0, np.nan, 2.0]}) for name in ("a", "b")]
    write_table(Path("both.parquet"), (frame.astype({"name": "category"}) for frame in frames), schema)
    write_table(Path("whole.parquet"), pd.concat(frames), schema)
    assert read_table(Path("both.parquet")).equals(read_table(Path("whole.parquet")))
    for number, frame in enumerate(frames):
        write_table(Path(f"{number}.parquet"), frame, schema)
    read = read_table(Path("0.parquet"), Path("1.parquet"), categories=["name"])
    assert read.astype({"name": str}).equals(read_table(Path("both.parquet")).astype({"name": str}))
    assert read["name"].dtype == "category"
