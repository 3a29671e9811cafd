from pathlib import Path

import pytest

from pipeline.io.errors import UserError
from studies import study
from tests.conftest import small_params
from tests.imports import PATHS, imported

PARAMS = small_params(scrape={"calendar": "XNYS"})


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


def test_a_clone_runs_what_a_change_touches_and_says_what_a_stage_refuses(tmp_path: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in (study.ROOT / "data").rglob("*") if path.is_file()}
    clone = study.cloned(tmp_path / "clone")
    made = clone / "data/samples/train.parquet"
    study.run(clone, PARAMS, last="prepare")
    first = made.read_bytes()
    study.run(clone, study.changed(PARAMS, {"prepare.horizon": 2}), last="prepare")
    assert made.read_bytes() != first
    study.run(clone, PARAMS, last="prepare")
    assert made.read_bytes() == first
    with pytest.raises(UserError, match=r"^prepare: params.yaml: prepare.column: found 'cloze'"):
        study.run(clone, study.changed(PARAMS, {"prepare.column": "cloze"}), last="prepare")
    assert {path: path.stat().st_mtime_ns for path in before} == before


def test_the_pipeline_knows_nothing_of_the_studies() -> None:
    assert not [name for name in PATHS if any(found.startswith("studies") for found in imported(name))]
