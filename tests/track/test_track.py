"""Track names a state by its parameters and artifacts, and writes nothing that differs between two machines."""

import shutil
from pathlib import Path

import pandas as pd
import pytest

from pipeline.io.artifacts import read_json
from tests.conftest import walk


def test_the_record_follows_state_and_nothing_else(
    walked: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DVC_ROOT", str(tmp_path))  # as in an experiment's folder: the store is the original's
    folder = shutil.copytree(walked, tmp_path / "experiment")
    record = folder / "data/run.json"
    walk(folder, pd.DataFrame(), "track")
    first = record.read_bytes()
    assert read_json(record).keys() == {"experiment", "fingerprint"}
    walk(folder, pd.DataFrame(), "track")
    assert record.read_bytes() == first
    walk(folder, pd.DataFrame(), "track", plot={"sessions": 40})
    assert record.read_bytes() != first
    assert (tmp_path / "mlflow.db").exists()
    assert not (folder / "mlflow.db").exists()
