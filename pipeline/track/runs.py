"""MLflow runs (the only module that imports mlflow): one run for each fingerprint of the pipeline."""

import json
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
from mlflow import MlflowClient
from mlflow.entities import Dataset, DatasetInput, Metric, Param, RunStatus
from mlflow.store.tracking import SEARCH_MAX_RESULTS_THRESHOLD
from mlflow.utils.validation import MAX_PARAM_VAL_LENGTH

from pipeline.io.artifacts import Record, digest
from pipeline.io.params import flat

FINGERPRINT = "closecast.fingerprint"


class Recorded(Record):
    """data/run.json: where the run is in MLflow."""

    experiment: str
    """The name of the MLflow experiment."""
    fingerprint: str
    """The digest of parameters and artifacts. The run has it as a tag."""


def fingerprint(params: dict[str, Any], files: dict[str, bytes]) -> str:
    """Return the digest of the parameters and of the artifacts (by path). Equal inputs give the same one anywhere."""
    contents = {path: digest(content) for path, content in files.items()}
    return digest(json.dumps([params, contents], sort_keys=True).encode())


def epochs(history: pd.DataFrame) -> Iterator[dict[str, float]]:
    """Yield, for each epoch, the losses of each network by name. history: data/history.parquet."""
    for _, rows in history.groupby("epoch"):
        yield {
            f"{row['target']}.member_{row['member']}.{name}": row[name]
            for row in rows.to_dict("records")
            for name in ("loss", "val_loss")
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
    """Record one finished run in the SQLite store at `root`. Return False if its fingerprint is there already.

    An unfinished run with this fingerprint is deleted and recorded again. A deleted experiment is restored.

    epochs: for each epoch, values by name; dataset: name, digest, source.
    """
    client = MlflowClient(tracking_uri=f"sqlite:///{root / 'mlflow.db'}")
    existing = client.get_experiment_by_name(experiment)
    if existing and existing.lifecycle_stage == "deleted":
        client.restore_experiment(existing.experiment_id)
    artifacts = (root / "mlartifacts").as_uri()
    identifier = (
        existing.experiment_id if existing else client.create_experiment(experiment, artifact_location=artifacts)
    )
    for run in client.search_runs([identifier], f"tags.`{FINGERPRINT}` = '{fingerprint}'"):
        if run.info.status == RunStatus.to_string(RunStatus.FINISHED):
            return False
        client.delete_run(run.info.run_id)

    run = client.create_run(identifier, run_name=name, tags={FINGERPRINT: fingerprint, **tags})
    start, (data, digest, source) = run.info.start_time, dataset
    logged = [Metric(key, value, start, step) for step, values in enumerate(epochs, 1) for key, value in values.items()]
    logged += [Metric(key, value, start, 0) for key, value in metrics.items()]
    shown_params = [Param(key, shortened(str(value))) for key, value in params.items()]
    for first in range(0, max(len(logged), 1), 900):  # MLflow accepts 1000 values in a batch, params among them
        client.log_batch(run.info.run_id, logged[first : first + 900], shown_params if first == 0 else [])
    client.log_inputs(run.info.run_id, [DatasetInput(Dataset(data, digest, "local", source))])
    for path in files:
        client.log_artifact(run.info.run_id, str(path), artifact_path=str(path.parent))
    client.set_terminated(run.info.run_id)
    return True


def count(root: Path, experiment: str) -> int:
    """Return how many different fingerprints an experiment of the SQLite store at `root` holds; 0 without a store."""
    if not (root / "mlflow.db").exists():
        return 0
    client = MlflowClient(tracking_uri=f"sqlite:///{root / 'mlflow.db'}")
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


def named(metrics: dict[str, Any]) -> dict[str, float]:
    """Return the numbers of metrics.json by path. Parts are numbered, because MLflow sorts metrics by name."""
    return {
        f"{number} {part}/{name}": value
        for number, (part, values) in enumerate(metrics.items(), 1)
        for name, value in flat(values)
        if value is not None
    }


def git(prices: str) -> dict[str, str]:
    """Return the git commit as tags, and whether code, parameters or data differ from it; empty outside of git.

    prices: the path of the user's own files.
    """
    commit = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True)
    if commit.returncode:
        return {}
    files = ["pipeline", "params.yaml", "dvc.yaml", "versions.json", prices]
    changed = subprocess.run(["git", "status", "--porcelain", "--", *files], capture_output=True, text=True, check=True)
    return {"mlflow.source.git.commit": commit.stdout.strip(), "git.changed": str(bool(changed.stdout.strip())).lower()}
