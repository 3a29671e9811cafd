"""Record this state of the pipeline once, as an MLflow run."""

import hashlib
import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
from pydantic import Field

from pipeline import runs
from pipeline.artifacts import read_bytes, read_json, read_table, write_json
from pipeline.params import Section, everything, load
from pipeline.stages import run

FILES = [
    Path(name)
    for name in (
        "reports/metrics.json",
        "reports/scrape.json",
        "reports/explore.html",
        "reports/forecast.html",
        "reports/forecast.png",
        "data/scaler.json",
        "data/predictions.parquet",
        "data/scores.parquet",
    )
]


class Params(Section):
    """Section track of params.yaml, where each key is explained."""

    experiment: str = Field(pattern=r"^\w[\w .+-]*$")


def main() -> None:
    params = load("track", Params)
    chosen = dict(flat(everything()))
    history, metrics = read_table(Path("data/history.parquet")), read_json(Path("reports/metrics.json"))
    models = [Path(f"data/model/{member}.keras") for member in sorted(history["member"].unique())]
    files = [*FILES, *models]
    state = digest(
        json.dumps([chosen, {str(path): digest(read_bytes(path)) for path in files}], sort_keys=True).encode()
    )
    prices = Path("data/prices.parquet")
    new = runs.recorded(
        Path(os.environ.get("DVC_ROOT", ".")).resolve(),  # of an experiment in a temporary folder: the original one
        params.experiment,
        state,
        params=chosen,
        metrics={name: value for name, value in flat(metrics) if isinstance(value, float)},
        epochs=epochs(history),
        files=files,
        dataset=(prices.stem, digest(read_bytes(prices))[:36], json.dumps({"source": chosen["scrape.source"]})),
        name=os.environ.get("DVC_EXP_NAME") or state[:12],
        tags={
            **git(chosen["scrape.path"]),
            **{f"verdict.{target}": text for target, text in metrics["verdict"].items()},
        },
    )
    write_json(Path("data/run.json"), {"experiment": params.experiment, "state": state})
    print(f"{params.experiment}: state {state[:12]} {'recorded' if new else 'was recorded before'}; `make ui` shows it")


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def flat(values: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Nested values by their path, as `dvc metrics` and `dvc params` name them: test.price.h1.mse."""
    for key, value in values.items():
        if isinstance(value, dict):
            yield from flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def epochs(history: pd.DataFrame) -> Iterator[dict[str, float]]:
    """Each epoch's losses by name, over all members that got so far; named by member where there are several."""
    several = history["member"].nunique() > 1
    for _, rows in history.groupby("epoch"):
        yield {
            f"member_{row['member']:.0f}.{name}" if several else name: row[name]
            for _, row in rows.iterrows()
            for name in history.columns.drop(["member", "epoch"])
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
