"""A small backtest in a folder of its own."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from tests.conftest import UNPINNED, small_params
from tests.imports import ROOT
from tests.studies.backtest import made


@pytest.fixture(scope="module")
def backtest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a small backtest of its own, with prices: the same code, other parameters."""
    root = tmp_path_factory.mktemp("root")
    ignored = shutil.ignore_patterns("__pycache__", "data", "reports", ".dvc")
    for name in ("pipeline", "studies"):
        shutil.copytree(ROOT / name, root / name, symlinks=True, ignore=ignored)
    shutil.copy(ROOT / "versions.json", root)
    folder = root / "studies/backtest"
    prices = root / "own.csv"
    made.prices().to_csv(prices, index=False)
    params = small_params(scrape=made.file_source("../../own.csv"))
    scrape = params.pop("scrape")
    YAML().dump({**params, "scrape": scrape}, root / "params.yaml")
    YAML().dump({"scrape": scrape, "backtest": made.BACKTEST}, folder / "params.yaml")
    run(folder, "scrape")
    return folder


def environment(**more: str) -> dict[str, str]:
    return {**UNPINNED, "PYTHONPATH": "../..", **more}


def run(folder: Path, stage: str, **more: str) -> str:
    command = [sys.executable, "-m", f"studies.backtest.{stage}"]
    done = subprocess.run(
        command, cwd=folder, env=environment(**more), capture_output=True, text=True, timeout=300, check=False
    )
    assert not done.returncode, done.stderr
    return done.stdout
