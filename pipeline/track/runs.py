"""MLflow runs: one for each state of the pipeline, and one parent for the experiments from the same commit."""

import getpass
import json
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from mlflow import MlflowClient
from mlflow.entities import Dataset, DatasetInput, LoggedModelOutput, Metric, Param, Run, RunStatus
from mlflow.store.tracking import SEARCH_MAX_RESULTS_THRESHOLD
from mlflow.utils.validation import MAX_PARAM_VAL_LENGTH

from pipeline.io.artifacts import Record, digest
from pipeline.track import store, view

FINGERPRINT, REPORTS, BASELINE = "closecast.fingerprint", "closecast.reports", "closecast.experiments_from"
MODEL = "closecast"  # the name of the model, and of the registered model
BATCH = 900  # MLflow accepts 1000 values in a batch, params among them


class Recorded(Record):
    """data/run.json: where the run is in MLflow."""

    experiment: str
    """The name of the MLflow experiment."""
    fingerprint: str
    """The digest of parameters, fitted artifacts, forecasts and metrics. The run has it as a tag."""


@dataclass(frozen=True)
class Contents:
    """What a run holds.

    params: by path; metrics: (name, value, step); dataset: of the prices; files: what belongs to the state, such as the
    scores; reports: the pages and pictures, which are replaced when they change; save_model: writes the MLflow model
    into a new folder; model: its parameters; tags: source and user; description: in Markdown.
    """

    params: dict[str, Any]
    metrics: list[tuple[str, float, int]]
    dataset: Dataset
    files: list[Path]
    reports: list[Path]
    save_model: Callable[[Path], None]
    model: dict[str, str]
    tags: dict[str, str]
    description: str


def fingerprint(params: dict[str, Any], files: dict[str, bytes]) -> str:
    """Return the digest of the parameters and of the artifacts (by path). Equal inputs give the same one anywhere."""
    contents = {path: digest(content) for path, content in files.items()}
    return digest(json.dumps([params, contents], sort_keys=True).encode())


def record(
    root: Path, experiment: str, fingerprint: str, name: str, baseline: str, contents: Contents
) -> Literal["recorded", "recorded before", "recorded before, with other reports"]:
    """Record a state of the pipeline once, and say whether it was new.

    A run of this fingerprint that was cut short is completed. A deleted experiment is restored.

    root: the repository; name: of a new run; baseline: of a run of `dvc exp run`, the commit that it started from, else
    empty. Raises UserError if the server does not answer.
    """
    with store.opened(root) as client:
        identifier = experiment_id(client, root, experiment)
        known = client.search_runs([identifier], f"tags.`{FINGERPRINT}` = '{fingerprint}'", max_results=1)
        run = known[0] if known else new_run(client, identifier, fingerprint, name, baseline)
        is_finished = run.info.status == RunStatus.to_string(RunStatus.FINISHED)
        is_complete = is_finished and bool(client.list_artifacts(run.info.run_id))  # if nobody deleted its files
        reports = digest(b"".join(path.read_bytes() for path in contents.reports))
        if is_complete and run.data.tags.get(REPORTS) == reports:
            return "recorded before"
        if not is_complete:
            log_state(client, run, contents)
        log_files(client, run, contents.reports)
        for key, value in {"mlflow.note.content": contents.description, REPORTS: reports}.items():
            client.set_tag(run.info.run_id, key, value)
        terminate(client, run)
        return "recorded before, with other reports" if is_complete else "recorded"


def experiment_id(client: MlflowClient, root: Path, name: str) -> str:
    """Return the identifier of an experiment, which is made or restored if necessary, with the columns of its page."""
    existing = client.get_experiment_by_name(name)
    if not existing:
        identifier: str = client.create_experiment(name, artifact_location=store.artifact_location(root))
    else:
        identifier = existing.experiment_id
        if existing.lifecycle_stage == "deleted":
            client.restore_experiment(identifier)
    if not existing or existing.tags.get(view.TAG) != view.STATE:
        client.set_experiment_tag(identifier, view.TAG, view.STATE)
    return identifier


def new_run(client: MlflowClient, identifier: str, fingerprint: str, name: str, baseline: str) -> Run:
    """Create a run; that of an experiment as the child of the run that stands for all experiments from its commit."""
    tags = {FINGERPRINT: fingerprint}
    if baseline:
        siblings = client.search_runs([identifier], f"tags.`{BASELINE}` = '{baseline}'", max_results=1)
        if siblings:
            parent = siblings[0]
        else:
            parent = client.create_run(
                identifier, run_name=f"experiments from {baseline[:7]}", tags={BASELINE: baseline, **source()}
            )
        terminate(client, parent)
        tags["mlflow.parentRunId"] = parent.info.run_id
    return client.create_run(identifier, run_name=name, tags=tags)


def terminate(client: MlflowClient, run: Run) -> None:
    """Finish a run at the time at which it started: a restored stage took no time, so no duration is shown."""
    client.set_terminated(run.info.run_id, end_time=run.info.start_time)


def log_state(client: MlflowClient, run: Run, contents: Contents) -> None:
    """Log what belongs to the state. Values that are there already stay the same."""
    identifier, time = run.info.run_id, run.info.start_time
    metrics = [Metric(name, value, time, step) for name, value, step in contents.metrics]
    params = [Param(key, shortened(str(value))) for key, value in contents.params.items()]
    for first in range(0, max(len(metrics), 1), BATCH):
        client.log_batch(identifier, metrics[first : first + BATCH], [] if first else params)
    for key, value in contents.tags.items():
        client.set_tag(identifier, key, value)
    client.log_inputs(identifier, [DatasetInput(contents.dataset)])
    log_files(client, run, contents.files)
    logged = run.outputs.model_outputs if run.outputs else []
    if logged:
        model = logged[0].model_id
    else:
        for unfinished in client.search_logged_models(
            [run.info.experiment_id], f"attributes.source_run_id = '{identifier}'"
        ):
            client.delete_logged_model(unfinished.model_id)
        model = client.create_logged_model(
            run.info.experiment_id, MODEL, source_run_id=identifier, params=contents.model
        ).model_id
    with tempfile.TemporaryDirectory() as folder:
        contents.save_model(Path(folder, "model"))
        client.log_model_artifacts(model, str(Path(folder, "model")))
    if not logged:
        client.finalize_logged_model(model, "READY")
        client.log_outputs(identifier, [LoggedModelOutput(model, step=0)])


def log_files(client: MlflowClient, run: Run, files: Iterable[Path]) -> None:
    """Log files under their own paths."""
    for path in files:
        client.log_artifact(run.info.run_id, str(path), artifact_path=str(path.parent))


def count(root: Path, experiment: str) -> int:
    """Return how many states an experiment of the SQLite store at `root` holds; 0 without a store."""
    if not (store.is_local(root) and (root / "mlflow.db").exists()):
        return 0
    with store.opened(root) as client:
        existing = client.get_experiment_by_name(experiment)
        if not existing:
            return 0
        finished = client.search_runs(
            [existing.experiment_id], "attributes.status = 'FINISHED'", max_results=SEARCH_MAX_RESULTS_THRESHOLD
        )
    return len({run.data.tags[FINGERPRINT] for run in finished if FINGERPRINT in run.data.tags})


def shortened(text: str) -> str:
    """Return a parameter's value as MLflow accepts it: a very long list is cut. The fingerprint uses the full value."""
    return text if len(text) <= MAX_PARAM_VAL_LENGTH else f"{text[: MAX_PARAM_VAL_LENGTH - 4]} ..."


def dataset(prices: str, scrape: dict[str, Any]) -> Dataset:
    """Return the prices as a dataset. prices: the digest of their file; scrape: the section of params.yaml."""
    told = ("source", "path", "tickers", "vintage")
    source, *markets = (
        {key: market[key] for key in told if key in market} for market in [scrape, *scrape.get("markets", [])]
    )
    source |= {"markets": markets} if markets else {}
    return Dataset("prices", prices[:36], scrape["source"], json.dumps(source))  # MLflow takes 36 characters


def source() -> dict[str, str]:
    """Return the tags of who ran what."""
    return {"mlflow.source.name": "dvc repro", "mlflow.source.type": "LOCAL", "mlflow.user": getpass.getuser()}


def git(prices: str) -> dict[str, str]:
    """Return the git commit as tags, and whether code, parameters or data differ from it; empty without git.

    prices: the path of the user's own files. Outside of this folder git knows nothing of them.
    """
    if not shutil.which("git"):
        return {}
    commit = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True)
    if commit.returncode:
        return {}
    files = ["pipeline", "params.yaml", "dvc.yaml", "versions.json"]
    if Path(prices).resolve().is_relative_to(Path.cwd().resolve()):  # git fails if asked for others
        files.append(prices)
    changed = subprocess.run(["git", "status", "--porcelain", "--", *files], capture_output=True, text=True, check=True)
    return {"mlflow.source.git.commit": commit.stdout.strip(), "git.changed": str(bool(changed.stdout.strip())).lower()}
