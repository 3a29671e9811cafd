"""Track names a state by its parameters and artifacts, and writes nothing that differs between two machines."""

from pathlib import Path

import pandas as pd
import pytest

from pipeline.artifacts import read_json
from pipeline.stages.track import named
from tests.conftest import walk


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


def test_mlflow_shows_validation_before_test(walked: Path) -> None:
    found = sorted(named(read_json(walked / "reports/metrics.json")))
    assert found[0].startswith("1 validation/")
    assert {name.split("/")[0] for name in found} == {"1 validation", "2 test"}
    assert "1 validation/variance.h1.skill" in found
