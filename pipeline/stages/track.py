"""Record this state of the pipeline once, as an MLflow run."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

from pydantic import Field

from pipeline import runs, states
from pipeline.artifacts import Record, read_bytes, read_json, read_record, read_table, write_record
from pipeline.params import Section, everything, load
from pipeline.stages import run
from pipeline.verdict import Verdict

FILES = (
    "reports/metrics.json",
    "reports/scrape.json",
    "reports/explore.html",
    "reports/forecast.html",
    "reports/forecast.png",
    "data/preparation.json",
    "data/bands.json",
    "data/verdict.json",
    "data/predictions.parquet",
    "data/scores.parquet",
    "data/bands.parquet",
)


class Params(Section):
    """Section track of params.yaml, where each key is explained."""

    experiment: str = Field(pattern=r"^\w[\w .+-]*$")


class Recorded(Record):
    """data/run.json"""

    experiment: str
    """Of the MLflow store."""
    state: str
    """The digest of parameters and artifacts, by which the run is found."""


def main() -> None:
    params, chosen = load("track", Params), dict(states.flat(everything()))
    history, metrics = read_table(Path("data/history.parquet")), read_json(Path("reports/metrics.json"))
    told = read_record(Path("data/verdict.json"), Verdict)
    files = [*FILES, *(f"data/model/{member}.keras" for member in sorted(history["member"].unique()))]
    state = states.state(chosen, {name: read_bytes(Path(name)) for name in files})
    prices = states.digest(read_bytes(Path("data/prices.parquet")))
    new = runs.recorded(
        Path(os.environ.get("DVC_ROOT", ".")).resolve(),  # of an experiment in a temporary folder: the original one
        params.experiment,
        state,
        name=os.environ.get("DVC_EXP_NAME") or state[:12],
        params=chosen,
        metrics=named(metrics),
        epochs=states.epochs(history),
        files=[Path(name) for name in files],
        dataset=("prices", prices[:36], json.dumps({"source": chosen["scrape.source"]})),  # MLflow takes 36 characters
        tags={**git(chosen["scrape.path"]), **{f"verdict.{name}": text for name, text in told.sentences.items()}},
    )
    write_record(Path("data/run.json"), Recorded(experiment=params.experiment, state=state))
    print(f"{params.experiment}: state {state[:12]} {'recorded' if new else 'was recorded before'}; `make ui` shows it")


def named(metrics: dict[str, Any]) -> dict[str, float]:
    """The numbers of metrics.json by their path. MLflow sorts by name, and what is to be chosen by comes first."""
    parts = {
        "validation": "1 validation",
        "test": "2 test",
        "models": "2 test/models",
        "bands": "2 test/bands",
        "ways": "2 test/ways",
    }
    return {
        f"{part}/{name}": value
        for key, part in parts.items()
        for name, value in states.flat(metrics[key])
        if isinstance(value, float)
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


if __name__ == "__main__":
    run("track", main)
