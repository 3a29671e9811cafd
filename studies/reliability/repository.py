"""A small repository in which every stage has run, copies of it, and what is wrong with a copy after a trial."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

from mlflow import MlflowClient

import pipeline
from pipeline.io.artifacts import digest
from pipeline.io.params import parse_yaml
from pipeline.track.runs import FINGERPRINT, MODEL, REPORTS
from studies import study

SMALL = {  # over examples/full-benchmark.yaml, which a user does not edit
    "explore.lags": 10,
    "prepare.horizon": 3,
    "benchmark.models": ["persistence", "drift", "har"],
    "train.units": [4],
    "train.epochs": 2,
    "train.members": 1,
    "plot.sessions": 30,
    "track.experiment": MODEL,
}
STAGES = parse_yaml((study.ROOT / "dvc.yaml").read_text())["stages"]
TIMEOUT = 900  # seconds for a run of this repository, on a busy machine too
AUTHOR = {f"GIT_{who}_{what}": "a@b.c" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
DVC = (sys.executable, "-m", "dvc")


class Printed(NamedTuple):
    """How a command ended: its exit status, standard output, standard error."""

    status: int
    output: str
    errors: str

    @property
    def line(self) -> str:
        """The first line of the errors, without warnings; if there is none, the last line of the output."""
        lines = [line.strip() for line in self.errors.splitlines() if line.strip() and "WARNING" not in line]
        shown = [line for line in self.output.strip().splitlines() if "dvc push" not in line]
        return (lines or shown[-1:] or [""])[0]


def environment() -> dict[str, str]:
    """Return the environment of a user: nothing is pinned, and git knows an author."""
    return {name: value for name, value in study.environment().items() if name not in pipeline.PINS} | AUTHOR


def started(folder: Path, *command: str) -> subprocess.Popen[str]:
    """Start a command as the leader of a process group. What it prints goes to the files folder.out and folder.err."""
    with folder.with_suffix(".out").open("w") as out, folder.with_suffix(".err").open("w") as err:
        return subprocess.Popen(
            command, cwd=folder, env=environment(), stdout=out, stderr=err, text=True, start_new_session=True
        )


def ended(folder: Path, process: subprocess.Popen[str]) -> Printed:
    """Wait for the end of a command. After TIMEOUT, its process group is killed."""
    try:
        process.wait(TIMEOUT)
    finally:
        if process.poll() is None:
            kill_group(process, signal.SIGKILL)
            process.wait()
    return Printed(process.returncode, *(folder.with_suffix(suffix).read_text() for suffix in (".out", ".err")))


def kill_group(process: subprocess.Popen[str], number: signal.Signals) -> None:
    """Send a signal to all processes of a command; nothing if there are none."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, number)


def run(folder: Path, *command: str) -> Printed:
    """Run a command in a folder."""
    return ended(folder, started(folder, *command))


def repro(folder: Path, *options: str) -> Printed:
    return run(folder, *DVC, "repro", *options)


def small_repository(folder: Path) -> float:
    """Make the repository: every stage has run, and all is committed. Return the seconds of `dvc repro`.

    Raises RuntimeError if it fails.
    """
    study.clone_repository(folder)
    study.write_params(folder, study.with_changes(study.read_params("examples/full-benchmark.yaml"), SMALL))
    begun = time.perf_counter()
    printed = repro(folder)
    seconds = time.perf_counter() - begun
    if printed.status:
        raise RuntimeError(printed.output + printed.errors)
    run(folder, "git", "add", "--all")
    run(folder, "git", "commit", "--quiet", "--message", "Every stage has run")
    return seconds


def fresh(repository: Path, folder: Path) -> Path:
    """Clone the repository into a folder: no outputs, no runs, and an empty cache of its own."""
    return study.clone_repository(folder, repository)


def whole(repository: Path, folder: Path) -> Path:
    """Copy the repository into a folder, with outputs, runs and cache."""
    return shutil.copytree(repository, folder, symlinks=True)


def outputs(folder: Path) -> dict[str, str]:
    """Return the digest of each file in data/ and reports/, unfinished ones too, and of dvc.lock.

    dvc.lock counts by its content: where it was deleted, DVC writes the stages in another order.
    """
    files = [path for name in ("data", "reports") for path in (folder / name).rglob("*") if path.is_file()]
    found = {path.relative_to(folder).as_posix(): digest(path.read_bytes()) for path in files}
    lock = json.dumps(parse_yaml((folder / "dvc.lock").read_text()), sort_keys=True)
    return found | {"dvc.lock": digest(lock.encode())}


def differences(repository: Path, folder: Path) -> list[str]:
    """Return what is wrong in a folder: outputs that differ, files of a stopped write, a run that is not complete."""
    wanted, found = outputs(repository), outputs(folder)
    wrong = [f"{name} differs" for name in sorted(wanted | found) if wanted.get(name) != found.get(name)]
    wrong += [f"{path} was left" for path in folder.glob("*.partial")]
    store = folder / "mlflow.db"
    return wrong + (runs(folder) if store.exists() else ["mlflow.db is missing"])


def runs(folder: Path) -> list[str]:
    """Return what is wrong with the MLflow store, which must have one complete run of the state, with its model."""
    client = MlflowClient(f"sqlite:///{folder}/mlflow.db")
    experiment = client.get_experiment_by_name(MODEL)
    found = client.search_runs([experiment.experiment_id]) if experiment else []
    if [run.info.status for run in found] != ["FINISHED"] or not {FINGERPRINT, REPORTS} <= found[0].data.tags.keys():
        return [f"MLflow has the runs {[(run.info.status, sorted(run.data.tags)) for run in found]}"]
    (run,), models = found, client.search_logged_models([experiment.experiment_id])
    made = [output.model_id for output in run.outputs.model_outputs]
    if made != [model.model_id for model in models] or not all(model.status == "READY" for model in models):
        return [f"MLflow has the models {made} and {models}"]
    needed = [f"{run.info.run_id}/artifacts/{name}" for name in ("data/scores.parquet", "reports/forecast.html")]
    needed += [f"models/{made[0]}/artifacts/{name}" for name in ("MLmodel", "artifacts/forecaster/bands.json")]
    return [f"mlartifacts/{name} is missing" for name in needed if not (folder / "mlartifacts" / name).exists()]
