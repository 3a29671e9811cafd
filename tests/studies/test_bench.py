"""The benchmark reads what stages print, calls what it compares in turn, and makes panels of any size."""

from pathlib import Path

import pytest

from pipeline.io.params import parse_yaml
from studies import bench, study


def test_it_knows_every_stage_in_its_order() -> None:
    assert list(parse_yaml((study.ROOT / "dvc.yaml").read_text())["stages"]) == list(bench.STAGES)


def test_the_times_of_stages_are_those_that_they_print() -> None:
    printed = "Running stage 'train':\nmember 1: best epoch 3 of 9\ntrain: 2.4 s of work after 1.6 s of start-up\n"
    assert bench.stage_times(printed) == {"train": (1.6, 2.4)}


def test_what_is_compared_runs_in_turn_and_the_median_counts() -> None:
    called, seconds = [], iter([1, 10, 3, 30, 2, 20])

    def one() -> float:
        called.append("one")
        return next(seconds)

    def other() -> float:
        called.append("other")
        return next(seconds)

    assert bench.medians(3, one, other) == [2, 20]
    assert called == ["one", "other"] * 3


def test_the_keys_that_are_edited_are_in_params() -> None:
    params = study.read_params("params.yaml")
    for key, values in bench.EDITS.items():
        assert study.with_changes(params, {key: values[0]}) != params


@pytest.mark.skipif(not bench.PANEL.exists(), reason="../shared/data has no panel")
@pytest.mark.parametrize("size", [1, 10, 2000])
def test_a_panel_has_as_many_tickers_as_asked(size: int) -> None:
    assert bench.panel_prices(size)["ticker"].nunique() == size


def test_a_stage_is_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("dvc.yaml").write_bytes((study.ROOT / "dvc.yaml").read_bytes())
    measured = bench.measure_stage("vega")
    assert Path("reports/vega.js").exists()
    assert measured["seconds"] > 0
    assert measured["tables"] == 0
