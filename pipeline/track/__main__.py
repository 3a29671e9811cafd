"""Record the run in MLflow: parameters, metrics, model and reports."""

import json
import os
from pathlib import Path

from pipeline.io.artifacts import digest, read_bytes, read_json, read_table, write_record
from pipeline.io.params import flat, load_all
from pipeline.io.stage import run
from pipeline.track import runs
from pipeline.track.params import Params

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


def main(params: Params) -> None:
    chosen = dict(flat(load_all()))
    history, metrics = read_table(Path("data/history.parquet")), read_json(Path("reports/metrics.json"))
    summary = read_bytes(Path("reports/summary.md")).decode()
    files = [*FILES, *sorted(map(str, Path("data/model").rglob("*.keras")))]
    fingerprint = runs.fingerprint(chosen, {name: read_bytes(Path(name)) for name in files})
    prices = digest(read_bytes(Path("data/prices.parquet")))
    new = runs.recorded(
        Path(os.environ.get("DVC_ROOT", ".")).resolve(),  # of an experiment in a temporary folder: the original one
        params.experiment,
        fingerprint,
        name=os.environ.get("DVC_EXP_NAME") or fingerprint[:12],
        params=chosen,
        metrics=runs.named(metrics),
        epochs=runs.epochs(history),
        files=[Path(name) for name in files],
        dataset=("prices", prices[:36], json.dumps({"source": chosen["scrape.source"]})),  # MLflow takes 36 characters
        tags={**runs.git(chosen["scrape.path"]), "mlflow.note.content": summary},
    )
    write_record(Path("data/run.json"), runs.Recorded(experiment=params.experiment, fingerprint=fingerprint))
    done = "recorded" if new else "was recorded before"
    print(f"{params.experiment}: run {fingerprint[:12]} {done}; `make ui` shows it")


if __name__ == "__main__":
    run("track", main, Params)
