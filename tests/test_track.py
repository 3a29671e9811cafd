"""Track names a state by its parameters and artifacts, and writes nothing that differs between two machines."""

from pathlib import Path

import pandas as pd
import pytest

from pipeline.artifacts import read_json
from pipeline.stages.track import epochs, flat
from tests.conftest import walk


def test_values_are_named_by_their_path() -> None:
    assert dict(flat({"a": {"b": 1, "c": {"d": [2]}}, "e": 3})) == {"a.b": 1, "a.c.d": [2], "e": 3}


def test_epochs_of_one_member_bear_its_losses_plainly_and_of_several_by_number() -> None:
    history = pd.DataFrame({"member": [1, 1, 2], "epoch": [1, 2, 1], "loss": [3.0, 2.0, 5.0]})
    assert list(epochs(history[history["member"] == 1])) == [{"loss": 3.0}, {"loss": 2.0}]
    assert list(epochs(history)) == [{"member_1.loss": 3.0, "member_2.loss": 5.0}, {"member_1.loss": 2.0}]


def test_the_record_follows_state_and_nothing_else(
    walked: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DVC_ROOT", str(tmp_path))  # as in an experiment's folder: the store is the original's
    walk(walked, pd.DataFrame(), "track")
    first = (walked / "data/run.json").read_bytes()
    walk(walked, pd.DataFrame(), "track")
    assert (walked / "data/run.json").read_bytes() == first
    walk(walked, pd.DataFrame(), "track", plot={"sessions": 40})
    assert (walked / "data/run.json").read_bytes() != first
    assert read_json(walked / "data/run.json").keys() == {"experiment", "state"}
    assert (tmp_path / "mlflow.db").exists()
    assert not (walked / "mlflow.db").exists()
