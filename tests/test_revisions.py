"""`make revisions` compares the prices here with those DVC has of a git revision."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.artifacts import write_table
from pipeline.tables.prices import columns_of, schema
from tests.conftest import UNPINNED
from tests.imports import ROOT
from tests.series import made_prices

AUTHOR = {f"GIT_{who}_{what}": "a@b.c" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}


def run(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**UNPINNED, **AUTHOR, "PATH": path, "PYTHONPATH": str(ROOT)}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120)


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two downloads, committed one after the other."""
    folder = tmp_path_factory.mktemp("vintages")
    run(folder, "git", "init", "--quiet")
    run(folder, "dvc", "init", "--quiet")
    prices = made_prices("AAA", 40, seed=0)
    revised = prices.drop(index=[0]).copy()
    revised.loc[10:19, "adj_close"] *= 0.98
    for message, own in {"first": prices.iloc[:38], "second": revised}.items():
        write_table(folder / "data/prices.parquet", own, schema(columns_of(own)))
        run(folder, "dvc", "add", "--quiet", "data/prices.parquet")
        run(folder, "git", "add", "--all")
        assert run(folder, "git", "commit", "--quiet", "--message", message).returncode == 0
    return folder


def test_what_was_revised_is_told_by_ticker(repository: Path) -> None:
    done = run(repository, sys.executable, "-m", "pipeline.revisions", "HEAD~1")
    assert done.returncode == 0, done.stderr
    heads, values = (line.split() for line in done.stdout.splitlines()[1:])
    assert dict(zip(heads, values, strict=True)) == {
        "ticker": "AAA", "new": "2", "changed": "10", "vanished": "1", "adj_close": "0.02",
    }  # fmt: skip
    assert [path.name for path in (repository / "data").iterdir() if path.is_dir()] == []


def test_a_revision_that_is_not_there_is_named(repository: Path) -> None:
    done = run(repository, sys.executable, "-m", "pipeline.revisions", "nowhere")
    assert (done.returncode, done.stdout) == (1, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith("revisions: data/prices.parquet of revision 'nowhere': ")
    assert line.endswith("; accepted: a revision whose prices DVC has")


def test_without_a_revision_it_says_how_to_ask(repository: Path) -> None:
    done = run(repository, sys.executable, "-m", "pipeline.revisions", "")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "revisions: accepted: one git revision, as in `make revisions REV=HEAD~1`\n"
