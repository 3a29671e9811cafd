"""The backtest's dvc.yaml names all the code that each of its stages runs, and its root leaves the pipeline's alone."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from tests.conftest import UNPINNED
from tests.imports import ROOT

FOLDER = ROOT / "studies/backtest"
STAGES = YAML(typ="safe").load(FOLDER / "dvc.yaml")["stages"]
ALL_STAGES = YAML(typ="safe").load(ROOT / "dvc.yaml")["stages"]
LATER = {  # what a stage imports only when it is needed
    "scrape": ["pipeline.scrape.yahoo"],
    "forecast": ["pipeline.train.fitting", "pipeline.forecaster.ensemble"],
    "report": [],
}
NOT_ITS_OWN = {"studies/__init__.py", "studies/backtest/__init__.py"}  # without code that matters


def imported(stage: str) -> set[str]:
    """Return the files of this repository that a stage imports."""
    modules = [f"studies.backtest.{stage}", *LATER[stage]]
    code = f"import sys, {', '.join(modules)}; print(*(getattr(m, '__file__', None) for m in sys.modules.values()))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=UNPINNED, capture_output=True, text=True, check=True
    )
    paths = [Path(text) for text in done.stdout.split()]
    return {str(path.relative_to(ROOT)) for path in paths if ROOT in path.parents and ".venv" not in path.parts}


def named(stage: str) -> list[Path]:
    """Return the dependencies of a stage in this repository that are code."""
    deps = [os.path.realpath(FOLDER / dep) for dep in STAGES[stage]["deps"] if "${" not in dep]
    return [Path(dep).relative_to(ROOT) for dep in deps if not dep.endswith((".parquet", ".json", ".html"))]


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_names_what_it_imports_and_nothing_else(stage: str) -> None:
    files, deps = imported(stage) - NOT_ITS_OWN, named(stage)
    unnamed = {file for file in files if not any(dep == Path(file) or dep in Path(file).parents for dep in deps)}
    unused = {str(dep) for dep in deps if not any(dep == Path(file) or dep in Path(file).parents for file in files)}
    assert not unnamed
    assert not unused


def dvc(folder: Path, *command: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "dvc", *command], cwd=folder, env=AS_TYPED, capture_output=True, text=True, check=False
    )
    assert not done.returncode, done.stdout + done.stderr
    return done.stdout


AS_TYPED = {**UNPINNED, "PATH": f"{Path(sys.executable).parent}:{UNPINNED['PATH']}"}


def test_the_pipelines_root_does_not_know_of_the_backtest() -> None:
    assert set(dvc(ROOT, "stage", "list", "--all", "--name-only").split()) == set(ALL_STAGES)
    assert set(dvc(FOLDER, "stage", "list", "--all", "--name-only").split()) == set(STAGES)


@pytest.mark.slow
def test_the_stages_run_and_one_more_seed_fits_only_that_one(backtest: Path) -> None:
    dvc(backtest, "init", "--no-scm", "--quiet")
    dvc(backtest, "repro")
    assert (backtest / "reports/backtest.html").exists()
    report = (backtest / "reports/backtest.md").read_bytes()
    assert "up to date" in dvc(backtest, "repro")
    yaml, file = YAML(), backtest / "params.yaml"
    params = yaml.load(file)
    params["backtest"]["seeds"] = [0, 1]
    yaml.dump(params, file)
    said = dvc(backtest, "repro")
    assert "6 tasks, of which 4 were finished before" in said
    assert "Stage 'scrape' didn't change" in said
    assert (backtest / "reports/backtest.md").read_bytes() != report
