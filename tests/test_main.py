"""`python -m pipeline` tells people what the pipeline has written, and answers a mistake in one line."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.io.artifacts import read_record, read_table
from pipeline.plot.tables import last_forecast
from pipeline.scoring.verdict import Verdict
from tests.conftest import UNPINNED, walk
from tests.imports import ROOT


def ran(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command, environment = [sys.executable, "-m", "pipeline", *words], {**UNPINNED, "PYTHONPATH": str(ROOT)}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)


def test_the_summary_shows_the_tables_the_verdict_and_how_many_states_were_compared(
    walked: Path, tmp_path: Path
) -> None:
    folder = shutil.copytree(walked, tmp_path / "folder")
    told = read_record(folder / "data/verdict.json", Verdict)
    once = ran(folder)
    assert once.returncode == 0, once.stderr
    for words in (
        *told.sentences.values(),
        told.band,
        "members on test",
        "Every model on test",
        "making the bands",
        "close +1",
        "log variance +3",
    ):
        assert words in once.stdout
    assert "States compared" not in once.stdout
    walk(folder, read_table(folder / "data/prices.parquet"), "track")
    recorded = ran(folder).stdout.removeprefix(once.stdout)
    assert recorded == (
        "States compared in this MLflow store, experiment closecast: 1. Choose among them on validation.\n"
    )


def test_the_forecast_shows_every_ticker_with_its_bands(walked: Path) -> None:
    shown, predictions = ran(walked, "forecast").stdout, read_table(walked / "data/predictions.parquet")
    for ticker, own in predictions.groupby("ticker"):
        assert f"{ticker}: Forecast from" in shown
        for row in last_forecast(own).itertuples():
            assert f"{row.lower:,.2f} {row.upper:,.2f}" in shown


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        ([], 1, "data/verdict.json: no such file; `dvc repro` makes it"),
        (["forecast"], 1, "data/predictions.parquet: no such file; `dvc repro` makes it"),
        (["latest"], 1, "latest: params.yaml: no such file; run the command in the folder that contains it"),
        (["revisions", "HEAD"], 1, "revisions: data/prices.parquet: no such file; `dvc repro` makes it"),
        (["verify"], 1, "verify: "),
        (["tomorrow"], 2, "python -m pipeline: argument COMMAND: invalid choice: 'tomorrow' (choose from "),
        (["forecast", "a.csv", "b.csv"], 2, "python -m pipeline: unrecognized arguments: b.csv"),
        (["revisions"], 2, "python -m pipeline revisions: the following arguments are required: REV"),
        (["verify", "HEAD~1"], 2, "python -m pipeline: unrecognized arguments: HEAD~1"),
    ],
)
def test_a_mistake_is_answered_in_one_line(words: list[str], status: int, said: str, tmp_path: Path) -> None:
    done = ran(tmp_path, *words)
    assert (done.returncode, done.stdout) == (status, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith(said)
    assert list(tmp_path.iterdir()) == []
