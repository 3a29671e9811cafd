from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipeline.artifacts import read_json, read_table
from pipeline.errors import UserError
from pipeline.forecaster.splits import stopping
from studies import study
from studies.study import samples_in
from tests.conftest import small_params
from tests.imports import PATHS, imported

PARAMS = small_params(scrape={"calendar": "XNYS"})


def test_a_stage_comes_after_those_it_needs_with_all_sections_that_bear_on_it() -> None:
    found = study.stages("evaluate")
    assert list(found)[:2] == ["scrape", "prepare"]
    assert list(found)[-1] == "evaluate"
    assert not {"explore", "plot", "track"} & set(found)
    assert found["prepare"] == ("prepare", "scrape")
    assert {"prepare", "scrape", "train"} == set(found["train"])
    assert {"benchmark", "prepare", "scrape", "train"} <= set(found["evaluate"])


def test_changes_go_over_the_params_and_leave_them_as_they_were() -> None:
    found = study.changed(PARAMS, {"train.window": 22, "train.loss_weights.price": 0.0, "track": {"experiment": "x"}})
    assert (found["train"]["window"], found["train"]["loss_weights"]) == (22, {"price": 0.0, "variance": 1.0})
    assert found["track"] == {"experiment": "x"}
    assert PARAMS["train"]["window"] == 5
    assert PARAMS["train"]["loss_weights"]["price"] == 1.0


@pytest.mark.parametrize("key", ["train.windows", "trains.window", "train.loss_weights.volume", "window"])
def test_an_unknown_key_is_named(key: str) -> None:
    with pytest.raises(UserError, match=rf"^{key}: unknown key"):
        study.changed(PARAMS, {key: 1})


def test_only_what_a_change_bears_on_runs_again(tmp_path: Path) -> None:
    def written(params: study.Params) -> dict[str, int]:
        study.run(tmp_path, params, last="prepare")
        return {name: (tmp_path / f"data/{name}.parquet").stat().st_mtime_ns for name in ("prices", "samples/train")}

    first = written(PARAMS)
    assert written(study.changed(PARAMS, {"train.window": 22, "prepare.horizon": 3})) == first
    second = written(study.changed(PARAMS, {"prepare.horizon": 2}))
    assert (second["prices"] == first["prices"], second["samples/train"] == first["samples/train"]) == (True, False)
    with pytest.raises(UserError, match=r"^prepare: params.yaml: prepare.column: found 'cloze'"):
        written(study.changed(PARAMS, {"prepare.column": "cloze"}))
    assert written(study.changed(PARAMS, {"prepare.horizon": 2}))["samples/train"] != second["samples/train"]


@pytest.fixture(scope="module")
def table(walked: Path) -> pd.DataFrame:
    return study.variances(
        read_table(walked / "data/predictions.parquet"), read_table(walked / "data/benchmark.parquet")
    )


def test_the_skill_is_that_of_the_metrics_on_validation(walked: Path, table: pd.DataFrame) -> None:
    told = read_json(walked / "reports/metrics.json")["validation"]
    assert set(study.validation(walked)) == set(told)
    expected = [told["variance"][f"h{h}"]["skill"] for h in (1, 2, 3)]
    np.testing.assert_allclose(study.skill(table, "har"), expected, rtol=1e-9)


def test_the_later_half_is_what_early_stopping_has_not_seen(walked: Path, table: pd.DataFrame) -> None:
    rows = samples_in(walked)
    seen = rows.loc[stopping(rows), ["ticker", "date"]].assign(seen=True)
    both = table.merge(seen, how="left", left_on=["ticker", "origin"], right_on=["ticker", "date"])
    assert not both.loc[both["later"], "seen"].notna().any()
    between = both[~both["later"] & both["seen"].isna()]  # targets in both halves
    assert between.groupby("ticker")["origin"].nunique().tolist() == [2, 2]
    of = rows.set_index(["ticker", "date"])["split"]
    assert set(of.loc[pd.MultiIndex.from_frame(table[["ticker", "origin"]])]) == {"validation"}


def test_the_skill_by_hand() -> None:
    frame = pd.DataFrame({"horizon": [1, 1, 2], "actual": [0.0, 0, 0], "network": [1.0, 1, 3], "har": [2.0, 0, 3]})
    assert study.skill(frame, "har").tolist() == [0.5, 0.0]


def test_the_pipeline_knows_nothing_of_the_studies() -> None:
    assert not [name for name in PATHS if any(found.startswith("studies") for found in imported(name))]
