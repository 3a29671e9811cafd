"""Record the run in MLflow: parameters, metrics, model and reports."""

import os
from functools import partial
from pathlib import Path

from pipeline.forecaster.bands import Bands
from pipeline.forecaster.preparation import Preparation
from pipeline.forecaster.samples import date_column
from pipeline.io.artifacts import digest, read_bytes, read_json, read_record, read_table, write_record
from pipeline.io.params import flat, load_all
from pipeline.io.stage import run
from pipeline.track import model, runs
from pipeline.track.metrics import metrics
from pipeline.track.params import Params

STATE = ("data/preparation.json", "data/bands.json", "data/predictions.parquet", "data/scores.parquet")
REPORTS = ("reports/explore.html", "reports/forecast.html", "reports/forecast.png", "data/verdict.json")


def main(params: Params) -> None:
    sections = load_all()
    chosen = dict(flat(sections))
    scores, history = read_table(Path("data/scores.parquet")), read_table(Path("data/history.parquet"))
    state = [*STATE, "reports/metrics.json", *sorted(map(str, Path("data/model").rglob("*.keras")))]
    fingerprint = runs.fingerprint(chosen, {name: read_bytes(Path(name)) for name in state})
    preparation = read_record(Path("data/preparation.json"), Preparation)
    used = ["ticker", "split", date_column(preparation.horizon)]
    train = read_table(Path("data/samples/train.parquet"), columns=used)
    contents = runs.Contents(
        params=chosen,
        metrics=metrics(read_json(Path("reports/metrics.json")), scores, history),
        dataset=runs.dataset(digest(read_bytes(Path("data/prices.parquet"))), sections["scrape"]),
        files=[Path("data/scores.parquet"), Path("data/predictions.parquet"), Path("reports/scrape.json")],
        reports=[Path(name) for name in REPORTS],
        save_model=partial(
            model.save,
            data=Path("data"),
            preparation=preparation,
            bands=read_record(Path("data/bands.json"), Bands),
            versions=read_json(Path("versions.json")),
        ),
        model=model.described(preparation, train),
        tags={**runs.source(), **runs.git(chosen["scrape.path"])},
        description=read_bytes(Path("reports/summary.md")).decode(),
    )
    root = Path(os.environ.get("DVC_ROOT", ".")).resolve()  # of an experiment in a temporary folder: the original one
    name, baseline = os.environ.get("DVC_EXP_NAME") or fingerprint[:12], os.environ.get("DVC_EXP_BASELINE_REV", "")
    done = runs.record(root, params.experiment, fingerprint, name, baseline, contents)
    write_record(Path("data/run.json"), runs.Recorded(experiment=params.experiment, fingerprint=fingerprint))
    print(f"{params.experiment}: run {fingerprint[:12]} {done}; `make ui` shows it")


if __name__ == "__main__":
    run("track", main, Params)
