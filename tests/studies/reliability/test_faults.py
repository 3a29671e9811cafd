"""What the user sees of a fault is one line, and what the line says brings the committed hashes back."""

from functools import partial
from pathlib import Path

import pytest

from studies.reliability import faults
from studies.reliability.faults import OF_LINE, REPRO, TRACK, Fault

needs_mount = pytest.mark.skipif(not faults.can_mount(), reason="a mount needs root on Linux")
FAULTS = {
    "a full disk": (
        Fault("", partial(faults.full_disk, "data", "prepare")),
        "prepare: data/samples/train.parquet: found 'No space left on device'",
    ),
    "a read-only disk": (
        Fault("", partial(faults.read_only, "reports", "vega")),
        "vega: reports/vega.js: found 'Read-only file system'",
    ),
    "a damaged cache": (
        Fault("", partial(faults.cached, faults.flip, "data/prices.parquet"), (OF_LINE,)),
        "data/prices.parquet: found other bytes than dvc.lock says",
    ),
    "an edited output": (
        Fault("", partial(faults.harmed, faults.edit, "data/prices.parquet"), ()),
        "Runs in MLflow (closecast): 1.",
    ),
    "a damaged store": (
        Fault("", partial(faults.harmed, faults.halve, "mlflow.db", command=TRACK), ("mv mlflow.db damaged", TRACK)),
        "track: mlflow.db: found 'database disk image is malformed'",
    ),
    "a conflict": (
        Fault("", partial(faults.conflict, "dvc.lock"), ("git checkout dvc.lock", REPRO)),
        "'./dvc.lock' is",
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", [pytest.param(name, marks=needs_mount if "disk" in name else ()) for name in FAULTS])
def test_a_fault_is_one_line_and_nothing_is_lost(name: str, small: Path, tmp_path: Path) -> None:
    fault, line = FAULTS[name]
    outcome = faults.trial(small, tmp_path / "trial", fault)
    assert outcome.wrong == []
    assert outcome.line.startswith(line)


@pytest.mark.slow
def test_a_fault_that_is_not_mended_is_noticed(small: Path, tmp_path: Path) -> None:
    unmended = Fault("", partial(faults.harmed, faults.halve, "data/scores.parquet", command="true"), ())
    assert "data/scores.parquet differs" in faults.trial(small, tmp_path / "trial", unmended).wrong
