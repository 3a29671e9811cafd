"""Experiments of DVC: run, queued, failed, applied and branched off. Each is recorded in MLflow once."""

import hashlib
import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from mlflow import MlflowClient
from mlflow.entities import Run
from ruamel.yaml import YAML

from pipeline.track.runs import BASELINE, FINGERPRINT
from tests.test_pipeline import ALL, copied, digests, repro, run, states

pytestmark = pytest.mark.slow

# What an experiment changes in git: its parameters, and what git keeps of its results.
IN_GIT = {"dvc.lock", "params.yaml", "reports/metrics.json", "reports/forecast.png"}
IN_GIT |= {f"reports/{name}.csv" for name in ("loss", "next", "predicted", "skill")}


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository whose small pipeline ran and is committed."""
    folder = copied(tmp_path_factory.mktemp("experiments"))
    assert sorted(repro(folder)) == sorted(ALL)
    run(folder, "git", "add", "--all")
    assert run(folder, "git", "commit", "--quiet", "--message", "state").returncode == 0
    return folder


@pytest.fixture(scope="module")
def dvc(repository: Path) -> Callable[..., str]:
    """Call DVC in the repository. Return what it printed."""

    def call(*words: str) -> str:
        done = run(repository, "dvc", *words)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    return call


@pytest.fixture(scope="module")
def queue(repository: Path, dvc: Callable[..., str]) -> str:
    """What DVC printed of a queue of two experiments, and a third with a bad value, run by two workers."""
    dvc("exp", "run", "--queue", "--name", "tried", "-S", "train.epochs=1,3,0")
    return dvc("exp", "run", "--run-all", "--jobs", "2")


def changed(folder: Path) -> set[str]:
    """The paths that `git status` lists."""
    return {line[3:] for line in run(folder, "git", "status", "--porcelain").stdout.splitlines()}


def recorded(folder: Path) -> list[Run]:
    """All runs in MLflow, those of the failed ones too."""
    client = MlflowClient(f"sqlite:///{folder / 'mlflow.db'}")
    return list(client.search_runs([client.get_experiment_by_name("closecast").experiment_id]))


def pipeline(folder: Path, *words: str) -> str:
    """What a command of `python -m pipeline` prints."""
    done = run(folder, sys.executable, "-m", "pipeline", *words)
    assert done.returncode == 0, done.stderr
    return done.stdout


def not_of_lock(folder: Path) -> set[str]:
    """The output files that differ from dvc.lock."""
    stages = YAML(typ="safe").load(folder / "dvc.lock")["stages"].values()
    outs = [out for stage in stages for out in stage["outs"] if not out["md5"].endswith(".dir")]
    assert len(outs) >= 20
    return {out["path"] for out in outs if hashlib.md5((folder / out["path"]).read_bytes()).hexdigest() != out["md5"]}


def test_a_queue_with_two_workers_records_each_experiment_once_under_one_parent(repository: Path, queue: str) -> None:
    found, commit = recorded(repository), run(repository, "git", "rev-parse", "HEAD").stdout.strip()
    (parent,) = [one for one in found if one.data.tags.get(BASELINE) == commit]
    children = [one for one in found if one.data.tags.get("mlflow.parentRunId") == parent.info.run_id]
    made = sorted((one.info.run_name, one.data.params["train.epochs"]) for one in children)
    assert made == [("tried-1", "1"), ("tried-2", "3")]
    assert {one.data.tags["mlflow.source.git.commit"] for one in children} == {commit}
    assert {one.info.status for one in found} == {"FINISHED"}
    assert not changed(repository)
    assert not not_of_lock(repository)


def test_a_failed_experiment_is_named_and_the_queue_keeps_its_message(dvc: Callable[..., str], queue: str) -> None:
    message = "train: params.yaml: train.epochs: found 0; accepted: a whole number of at least 1"
    assert "Failed to reproduce experiment(s) 'tried-3'" in queue
    assert re.search(r"^\w+ +tried-3 .* Failed", dvc("queue", "status"), re.MULTILINE)
    for printed in (queue, dvc("queue", "logs", "tried-3")):
        assert message in printed.splitlines()
        assert "Traceback" not in printed


def test_an_experiment_in_a_temporary_folder_is_tracked_in_the_same_store_shown_and_compared(
    repository: Path, dvc: Callable[..., str], queue: str
) -> None:
    count = states(repository)
    dvc("exp", "run", "--set-param", "evaluate.coverage=0.8", "--name", "narrow", "--temp")
    assert states(repository) == count + 1
    assert not changed(repository)
    shown = dvc("exp", "show", "--md", "--drop", ".*", "--keep", "Experiment|evaluate.coverage")
    assert re.search(r"narrow.*0\.8", shown)
    assert "test.variance.h1.skill" in dvc("metrics", "diff", "HEAD", "tried-1")
    assert re.search(r"evaluate.coverage +0.9 +0.8", dvc("exp", "diff", "HEAD", "narrow"))
    dvc("plots", "diff", "HEAD", "narrow", "--out", "dvc_plots")
    assert (repository / "dvc_plots/index.html").exists()


@pytest.mark.parametrize("name", ["tried-2", "narrow"])
def test_an_applied_experiment_is_in_the_folder_and_its_run_in_mlflow_is_found_again(
    name: str, repository: Path, dvc: Callable[..., str], queue: str
) -> None:
    """Of all outputs data/run.json alone is not in DVC's cache: it says what this clone's MLflow holds."""
    before, count = digests(repository), len(recorded(repository))
    dvc("exp", "apply", name)
    assert {"dvc.lock", "params.yaml"} <= changed(repository) <= IN_GIT
    assert not_of_lock(repository) == {"data/run.json"}
    headline = (repository / "reports/summary.md").read_text().split("**")[1]
    assert headline in " ".join(pipeline(repository).split())
    refused = run(repository, sys.executable, "-m", "pipeline", "promote").stderr
    assert refused.startswith("promote: data/verdict.json: found another than that of the last commit; accepted: ")
    assert repro(repository) == ["track"]
    assert not not_of_lock(repository)
    (own,) = [one for one in recorded(repository) if one.info.run_name == name]
    assert own.data.tags[FINGERPRINT] in (repository / "data/run.json").read_text()
    run(repository, "git", "checkout", "--quiet", ".")
    dvc("checkout")
    assert repro(repository) == ["track"]
    assert digests(repository) == before
    assert len(recorded(repository)) == count


def test_a_branch_of_an_experiment_is_promoted_saved_and_removed(
    repository: Path, dvc: Callable[..., str], queue: str
) -> None:
    count, start = len(recorded(repository)), run(repository, "git", "branch", "--show-current").stdout.strip()
    dvc("exp", "branch", "tried-1", "versuch/größe")
    assert run(repository, "git", "checkout", "--quiet", "versuch/größe").returncode == 0
    dvc("checkout")
    assert repro(repository) == ["track"]
    assert not changed(repository)
    assert pipeline(repository, "promote").startswith("version 1 of closecast is the champion now")
    assert "Forecast from" in pipeline(repository, "forecast")
    assert pipeline(repository, "record").startswith("reports/record.csv: 0 forecasts")
    dvc("exp", "save", "--name", "kept")
    assert dvc("exp", "list", "--name-only").split() == ["kept"]
    dvc("exp", "remove", "kept")
    run(repository, "git", "checkout", "--quiet", "--force", start)
    dvc("checkout")
    dvc("exp", "remove", "tried-1")
    assert "tried-1" not in dvc("exp", "list", "--name-only").split()
    assert len(recorded(repository)) == count  # the run in MLflow stays
