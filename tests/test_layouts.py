"""The comparison of two folders of outputs finds what differs, and nothing else."""

import shutil
from pathlib import Path

import pytest

from pipeline.artifacts import read_table, write_table
from pipeline.tables import forecasts as forecasts_table
from studies import layouts


def test_a_folder_agrees_with_itself(walked: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert layouts.main(walked, walked) == 0
    assert "2 of 2 networks have the same bytes" in capsys.readouterr().out


@pytest.mark.parametrize(("change", "found"), [(1e-5, 1), (1e-12, 0)])
def test_a_forecast_that_moved_is_found(
    change: float, found: int, walked: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(walked / "data", tmp_path / "data")
    benchmark = read_table(tmp_path / "data/benchmark.parquet")
    benchmark.loc[7, "predicted"] *= 1 + change
    write_table(tmp_path / "data/benchmark.parquet", benchmark, forecasts_table.SCHEMA)
    assert layouts.main(walked, tmp_path) == found
    assert capsys.readouterr().out.count("<-- more") == found
