from pathlib import Path

import pytest

from pipeline.io.errors import UserError
from studies import study
from tests.conftest import small_params
from tests.imports import PATHS, imported

PARAMS = small_params(scrape={"calendar": "XNYS"})


def test_with_changes_returns_a_changed_copy() -> None:
    changes = {"train.window": 22, "train.units": [8], "track": {"experiment": "x"}}
    changed = study.with_changes(PARAMS, changes)
    assert (changed["train"]["window"], changed["train"]["units"]) == (22, [8])
    assert changed["track"] == {"experiment": "x"}
    assert PARAMS["train"]["window"] == 5
    assert PARAMS["train"]["units"] == [4]


@pytest.mark.parametrize("key", ["train.windows", "trains.window", "window"])
def test_an_unknown_key_is_named(key: str) -> None:
    with pytest.raises(UserError, match=rf"^{key}: unknown key"):
        study.with_changes(PARAMS, {key: 1})


def test_a_clone_reruns_what_a_change_affects_and_passes_on_the_message_of_a_failed_stage(tmp_path: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in (study.ROOT / "data").rglob("*") if path.is_file()}
    clone = study.clone_repository(tmp_path / "clone")
    samples = clone / "data/samples/train.parquet"
    study.run(clone, PARAMS, last_stage="prepare")
    first = samples.read_bytes()
    study.run(clone, study.with_changes(PARAMS, {"prepare.horizon": 2}), last_stage="prepare")
    assert samples.read_bytes() != first
    study.run(clone, PARAMS, last_stage="prepare")
    assert samples.read_bytes() == first
    with pytest.raises(UserError, match=r"^prepare: params.yaml: prepare.column: found 'cloze'"):
        study.run(clone, study.with_changes(PARAMS, {"prepare.column": "cloze"}), last_stage="prepare")
    assert {path: path.stat().st_mtime_ns for path in before} == before


def test_the_pipeline_imports_no_study() -> None:
    assert not [name for name in PATHS if any(module.startswith("studies") for module in imported(name))]
