"""`python -m pipeline` tells people what the pipeline has written, and answers a mistake in one line."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline import record
from pipeline.__main__ import main
from pipeline.io.artifacts import dvc_hash, read_record, read_table
from pipeline.io.params import parse_yaml
from pipeline.plot.tables import common
from pipeline.scoring.results import last_forecast
from pipeline.scoring.verdict import Verdict
from tests.conftest import UNPINNED, walk
from tests.imports import ROOT


def ran(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command, environment = [sys.executable, "-m", "pipeline", *words], {**UNPINNED, "PYTHONPATH": str(ROOT)}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)


def test_the_summary_fits_a_screen_and_says_how_many_runs_were_compared(walked: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(walked, tmp_path / "folder")
    verdict = read_record(folder / "data/verdict.json", Verdict)
    walk(folder, read_table(folder / "data/prices.parquet"), "track")
    done = ran(folder)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert len(lines) <= 25
    assert max(map(len, lines)) <= 100
    said = " ".join(done.stdout.split())
    for sentence in (verdict.headline, *verdict.evidence, verdict.band):
        assert sentence in said
    assert "…" not in said
    assert said.endswith("reports/forecast.html. Runs in MLflow (closecast): 1.")


def test_the_models_are_every_table_of_the_page(walked: Path) -> None:
    verdict = read_record(walked / "data/verdict.json", Verdict)
    scores, bands = (read_table(walked / f"data/{name}.parquet") for name in ("scores", "bands"))
    done = ran(walked, "models")
    assert done.returncode == 0, done.stderr
    for table in common(verdict, scores, bands):
        assert table.caption in done.stdout
    assert "…" not in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 120


def test_the_forecast_shows_every_ticker_with_its_bands(walked: Path) -> None:
    shown, predictions = ran(walked, "forecast").stdout, read_table(walked / "data/predictions.parquet")
    for ticker, own in predictions.groupby("ticker"):
        assert f"{ticker}: Forecast from" in shown
        for row in last_forecast(own).itertuples():
            assert f"{row.lower:,.2f} {row.upper:,.2f}" in shown


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        ([], 1, "reports/summary.md: no such file; `dvc repro` makes it"),
        (["models"], 1, "data/verdict.json: no such file; `dvc repro` makes it"),
        (["forecast"], 1, "data/predictions.parquet: no such file; `dvc repro` makes it"),
        (["latest"], 1, "latest: params.yaml: no such file; run the command in the folder that contains it"),
        (["revisions", "HEAD"], 1, "revisions: data/prices.parquet: no such file; `dvc repro` makes it"),
        (["record"], 1, "record: data/prices.parquet: no such file; `dvc repro` makes it"),
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


@pytest.mark.parametrize(
    ("error", "ends_with"),
    [
        (
            OSError(28, "", "reports/record.csv"),
            "record: reports/record.csv: found 'No space left on device'; accepted",
        ),
        (KeyboardInterrupt(), 130),
    ],
)
def test_a_full_disk_is_one_line_and_ctrl_c_is_none(
    error: BaseException, ends_with: str | int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails() -> None:
        raise error

    monkeypatch.setattr(record, "update_record", fails)
    if isinstance(ends_with, int):
        assert main(["record"]) == ends_with
    else:
        with pytest.raises(SystemExit, match=ends_with):
            main(["record"])


def test_results_of_other_parameters_are_told_to_be_old(walked: Path, tmp_path: Path) -> None:
    for name in ("data", "reports"):
        shutil.copytree(walked / name, tmp_path / name)
    shutil.copy(walked / "params.yaml", tmp_path)
    params = parse_yaml((walked / "params.yaml").read_text())
    entry = {"outs": [{"path": "reports/metrics.json", "md5": dvc_hash(walked / "reports/metrics.json")}]}
    lock = {"stages": {"track": {**entry, "params": {"params.yaml": params}}}}
    (tmp_path / "dvc.lock").write_text(json.dumps(lock))
    assert not ran(tmp_path, "models").stderr
    (tmp_path / "reports/metrics.json").rename(tmp_path / "moved")
    assert "has changed since this run" in ran(tmp_path, "models").stderr
    (tmp_path / "moved").rename(tmp_path / "reports/metrics.json")
    (tmp_path / "params.yaml").write_text((walked / "params.yaml").read_text().replace("epochs: ", "epochs: 1"))
    done = ran(tmp_path, "models")
    assert "has changed since this run" in done.stderr
    assert done.returncode == 0
