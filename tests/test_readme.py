"""Every command of the README is run, in a repository as a clone would have it, with small parameters."""

import json
import os
import re
import shutil
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pandas as pd
import pytest
from ruamel.yaml import YAML

from pipeline import calendars
from tests.conftest import UNPINNED
from tests.imports import ROOT
from tests.series import made_prices
from tests.servers import started
from tests.test_pipeline import BIN, QUIET, copied, edit, run
from tests.yahoo import Yahoo, body_of, yahoo

pytestmark = pytest.mark.slow

README, MLFLOW = ((ROOT / name).read_text() for name in ("README.md", "docs/mlflow.md"))
BLOCKS = re.findall(r"^```sh\n(.+?)^```", README, re.MULTILINE | re.DOTALL)
COMMANDS = [re.split(r"\s+#", line)[0] for block in BLOCKS for line in block.splitlines()]
# What is not run as it stands: these tests, and what `.ci/run` and the reader's shell do.
CURL = "curl -s http://127.0.0.1:5001/invocations -H 'Content-Type: application/json' -d @request.json"
ELSEWHERE = {"make test", "source .venv/bin/activate", CURL}
SERVED = {"make ui": "http://127.0.0.1:5000", "make serve": "http://127.0.0.1:5001/ping"}
OF_YAHOO = {"make latest", "make revisions REV=HEAD~1"}


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Yahoo]]:
    """A repository on prices of a Yahoo of our own, with two commits, and this environment as its .venv."""
    folder = copied(tmp_path_factory.mktemp("readme") / "clone")
    shutil.copy2(ROOT / "requirements.lock", folder)
    os.utime(folder / "requirements.lock", (0, 0))  # older than this environment, so that make does not rebuild it
    (folder / ".venv").symlink_to(BIN.parent)
    prices = made_prices("AAA", 500, seed=1)
    prices["date"] = pd.bdate_range(end=calendars.last_finished("24/5", pd.Timestamp.now("UTC")), periods=500)
    day = prices["date"].dt.strftime("%Y-%m-%d")
    params: dict[str, Any] = {"source": "yahoo", "path": "data/raw", "tickers": ["AAA"], "calendar": "24/5"}
    params |= {"start": day[0], "end": day[498], "vintage": "1", "max_missing": 0.0, "invalid_rows": "reject"}
    edit(folder, scrape=params, prepare={"validation": day[350], "test": day[420]})
    with yahoo(folder.parent) as fake:
        fake.bodies["AAA"] = body_of(prices)
        for message in ("first", "second"):
            assert shell(folder, "dvc repro --quiet", fake).returncode == 0
            run(folder, "git", "add", "--all")
            assert run(folder, "git", "commit", "--quiet", "--allow-empty", "--message", message).returncode == 0
        yield folder, fake


def environment(fake: Yahoo, **others: str) -> dict[str, str]:
    path = f"{BIN}{os.pathsep}{os.environ['PATH']}"
    return {**UNPINNED, **QUIET, **fake.environment, "PATH": path, "EDITOR": "true", "COLUMNS": "120", **others}


def shell(folder: Path, command: str, fake: Yahoo) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-c", command], cwd=folder, env=environment(fake), capture_output=True, text=True, timeout=400
    )


def test_every_command_of_the_readme_does_what_it_says(repository: tuple[Path, Yahoo]) -> None:
    folder, fake = repository
    prices = made_prices("BBB", 120, seed=2)
    prices[["ticker", "date", "open", "high", "low", "close", "volume"]].to_csv(folder / "own.csv", index=False)
    small = (folder / "params.yaml").read_text()
    assert {*ELSEWHERE, *SERVED, *OF_YAHOO, "make repro", "make forecast"} <= set(COMMANDS)
    for command in COMMANDS:
        if command in ELSEWHERE or command in SERVED:
            continue
        if command in OF_YAHOO:  # of the Yahoo example, which the reader has edited
            (folder / "params.yaml").write_text(small)
        if command == "make promote":  # of the last commit
            done = shell(
                folder, "dvc repro --quiet && git add --all && git commit --quiet --allow-empty --message state", fake
            )
            assert done.returncode == 0, done.stderr
        experiment = shell(folder, "dvc exp list --name-only | head -1", fake).stdout.strip()
        done = shell(folder, command.replace("FILE", "own.csv").replace("NAME", experiment), fake)
        assert done.returncode == 0, (command, done.stdout, done.stderr)
        assert "Traceback" not in done.stderr, command
        if command.startswith("dvc exp show"):
            assert max(map(len, done.stdout.splitlines())) <= 120
            assert "…" not in done.stdout
        if "forecast" in command:
            assert "90% band from" in done.stdout
        if command.startswith("cp "):
            assert YAML(typ="safe").load(folder / "params.yaml")["scrape"]["source"] in ("yahoo", "file", "several")
            (folder / "params.yaml").write_text(small)


@pytest.mark.parametrize("command", SERVED)
def test_the_servers_of_the_readme_answer(command: str, repository: tuple[Path, Yahoo]) -> None:
    """Another program may hold their ports here."""
    folder, fake = repository
    port = urlsplit(SERVED[command]).port
    assert port
    with started(folder, port, *command.split(), seconds=90, **environment(fake, PYTHONPATH="")):
        with urllib.request.urlopen(SERVED[command], timeout=60) as page:
            assert page.status == 200
        if command == "make serve":
            (request,) = re.findall(r"^```sh\n(python - .+?)^```", MLFLOW, re.MULTILINE | re.DOTALL)
            assert CURL in request
            answer = json.loads(shell(folder, request, fake).stdout)
            assert {"origin", "forecast", "lower", "upper"} <= set(answer["predictions"][0])
