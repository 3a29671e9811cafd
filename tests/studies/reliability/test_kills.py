"""After a kill of any kind the next `dvc repro` gives the committed hashes, and the study notices where it does not."""

import random
import shutil
import signal
from pathlib import Path

import pytest

from studies.reliability import kills, repository
from studies.reliability.kills import KINDS, OUTCOMES, Killed
from studies.reliability.repository import Printed


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_lost_after_a_kill(kind: str, small: Path, tmp_path: Path) -> None:
    moment = random.Random(kind).uniform(1, 15)
    killed = kills.trial(small, tmp_path / "trial", kind, moment)
    assert killed.outcome in OUTCOMES[:2], killed


@pytest.mark.slow
def test_a_stage_ends_with_its_dvc(small: Path, tmp_path: Path) -> None:
    """Otherwise it would write beside the stage of the next `dvc repro`."""
    folder = repository.fresh(small, tmp_path / "trial")
    process = repository.started(folder, *repository.DVC, "repro", "vega")
    try:
        kills.kill(folder, process, "dvc killed", 0)
        printed = repository.repro(folder, "vega")
    finally:
        repository.kill_group(process, signal.SIGKILL)
    assert printed.status == 0, printed
    assert (folder / "reports/vega.js").read_bytes() == (small / "reports/vega.js").read_bytes()
    assert not list((folder / "reports").glob(".*.partial"))


@pytest.mark.slow
def test_the_study_notices_what_is_lost(small: Path, tmp_path: Path) -> None:
    folder = repository.whole(small, tmp_path / "trial")
    assert repository.outputs(folder) == repository.outputs(small)
    (folder / "data/.prices.parquet.partial").write_bytes(b"half")
    (folder / "data/bands.json").write_text("{}")
    wrong = [f"data/{name} differs" for name in (".prices.parquet.partial", "bands.json")]
    assert repository.differences(small, folder)[:2] == wrong
    shutil.rmtree(folder / "mlartifacts")
    assert len([line for line in repository.differences(small, folder) if line.startswith("mlartifacts/")]) == 4
    (folder / "mlflow.db").unlink()
    assert repository.differences(small, folder)[2:] == ["mlflow.db is missing"]


@pytest.mark.parametrize(
    ("line", "remedy"),
    [
        ("'./dvc.lock' is invalid (possible merge conflicts).", ("git", "checkout", "dvc.lock")),
        ("'./dvc.lock' validation failed: expected a dictionary.", ("git", "checkout", "dvc.lock")),
        ("ERROR: Unable to read RWLock-file '.dvc/tmp/rwlock'. JSON structure is corrupted", ("rm", ".dvc/tmp/rwlock")),
        ("ERROR: failed to reproduce 'train'", ()),
    ],
)
def test_a_line_of_dvc_has_its_remedy(line: str, remedy: tuple[str, ...]) -> None:
    assert kills.remedy_of(Printed(1, "", line)) == remedy


def test_the_table_counts_every_trial_once() -> None:
    same, line, lost = OUTCOMES
    killed = [
        Killed("Ctrl-C", "train", same, ""),
        Killed("Ctrl-C", "train", line, "a line"),
        Killed("power failure", "dvc itself", lost, "x"),
    ]
    text = kills.section(killed, 30.0)
    assert "| Ctrl-C | 2 | 1 | 1 | 0 | train 2 |" in text
    assert "| power failure | 1 | 0 | 0 | 1 | dvc itself 1 |" in text
    assert "| all | 3 | 1 | 1 | 1 | dvc itself 1, train 2 |" in text
    assert "- `a line`" in text
