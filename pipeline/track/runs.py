"""MLflow's runs (the only module that imports mlflow): one run for each state of the pipeline."""

import json
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
from mlflow import MlflowClient
from mlflow.entities import Dataset, DatasetInput, Metric, Param, RunStatus
from mlflow.utils.validation import MAX_PARAM_VAL_LENGTH

from pipeline.io.artifacts import Record, digest
from pipeline.io.params import flat

FINGERPRINT = "closecast.fingerprint"


class Recorded(Record):
    """data/run.json"""

    experiment: str
    """Of the MLflow store."""
    fingerprint: str
    """The digest of parameters and artifacts, by which the run is found."""


def fingerprint(params: dict[str, Any], files: dict[str, bytes]) -> str:
    """The digest of parameters and of artifacts, by path: the same wherever and whenever they were made."""
    contents = {path: digest(content) for path, content in files.items()}
    return digest(json.dumps([params, contents], sort_keys=True).encode())


def epochs(history: pd.DataFrame) -> Iterator[dict[str, float]]:
    """Each epoch's losses by name, over all members that got so far; named by member where there are several.

    history: data/history.parquet.
    """
    several = history["member"].nunique() > 1
    for _, rows in history.groupby("epoch"):
        yield {
            f"member_{row['member']:.0f}.{name}" if several else name: row[name]
            for _, row in rows.iterrows()
            for name in history.columns.drop(["member", "epoch"])
        }


def recorded(
    root: Path,
    experiment: str,
    fingerprint: str,
    *,
    name: str,
    params: dict[str, Any],
    metrics: dict[str, float],
    epochs: Iterable[dict[str, float]],
    files: Iterable[Path],
    dataset: tuple[str, str, str],
    tags: dict[str, str],
) -> bool:
    """Record a state as a finished run of the SQLite store at `root`; False where it is there already.

    state: its digest; epochs: each epoch's values by name, one series a name; dataset: name, digest, source. A run that
    was cut short is deleted and recorded anew; a deleted experiment is restored.
    """
    client = MlflowClient(tracking_uri=f"sqlite:///{root / 'mlflow.db'}")
    found = client.get_experiment_by_name(experiment)
    if found and found.lifecycle_stage == "deleted":
        client.restore_experiment(found.experiment_id)
    artifacts = (root / "mlartifacts").as_uri()
    identifier = found.experiment_id if found else client.create_experiment(experiment, artifact_location=artifacts)
    for run in client.search_runs([identifier], f"tags.`{FINGERPRINT}` = '{fingerprint}'"):
        if run.info.status == RunStatus.to_string(RunStatus.FINISHED):
            return False
        client.delete_run(run.info.run_id)

    run = client.create_run(identifier, run_name=name, tags={FINGERPRINT: fingerprint, **tags})
    start, (data, digest, source) = run.info.start_time, dataset
    logged = [Metric(key, value, start, step) for step, values in enumerate(epochs, 1) for key, value in values.items()]
    logged += [Metric(key, value, start, 0) for key, value in metrics.items()]
    client.log_batch(run.info.run_id, params=[Param(key, shortened(str(value))) for key, value in params.items()])
    for first in range(0, len(logged), 1000):  # MLflow's limit for a batch
        client.log_batch(run.info.run_id, metrics=logged[first : first + 1000])
    client.log_inputs(run.info.run_id, [DatasetInput(Dataset(data, digest, "local", source))])
    for path in files:
        client.log_artifact(run.info.run_id, str(path), artifact_path=str(path.parent))
    client.set_terminated(run.info.run_id)
    return True


def count(root: Path, experiment: str) -> int:
    """How many states of the pipeline an experiment of the SQLite store at `root` holds; 0 where there is no store."""
    if not (root / "mlflow.db").exists():
        return 0
    client = MlflowClient(tracking_uri=f"sqlite:///{root / 'mlflow.db'}")
    found = client.get_experiment_by_name(experiment)
    if not found:
        return 0
    finished, token, names = "attributes.status = 'FINISHED'", None, set()
    while True:
        page = client.search_runs([found.experiment_id], finished, page_token=token)
        names |= {run.data.tags[FINGERPRINT] for run in page if FINGERPRINT in run.data.tags}
        if not (token := page.token):
            return len(names)


def shortened(text: str) -> str:
    """A parameter's value as MLflow takes it: of a thousand tickers it shows the first. The state knows them all."""
    return text if len(text) <= MAX_PARAM_VAL_LENGTH else f"{text[: MAX_PARAM_VAL_LENGTH - 4]} ..."


def named(metrics: dict[str, Any]) -> dict[str, float]:
    """The numbers of metrics.json by their path. MLflow sorts by name: its parts are numbered, to stay in order."""
    return {
        f"{number} {part}/{name}": value
        for number, (part, values) in enumerate(metrics.items(), 1)
        for name, value in flat(values)
        if value is not None
    }


def git(prices: str) -> dict[str, str]:
    """The commit, and whether what decides the outcome differs from it; nothing outside a git checkout.

    prices: where the user's own files lie.
    """
    commit = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True)
    if commit.returncode:
        return {}
    files = ["pipeline", "params.yaml", "dvc.yaml", "versions.yaml", prices]
    changed = subprocess.run(["git", "status", "--porcelain", "--", *files], capture_output=True, text=True, check=True)
    return {"mlflow.source.git.commit": commit.stdout.strip(), "git.changed": str(bool(changed.stdout.strip())).lower()}
