"""Fit the simple models and forecast with them."""

from pathlib import Path

import pandas as pd

from pipeline.benchmark.params import Params
from pipeline.forecaster import forecasts, samples
from pipeline.forecaster.preparation import Preparation
from pipeline.io.artifacts import read_record, read_table, write_table
from pipeline.io.stage import run
from pipeline.models import registry
from pipeline.models.model import Samples


def main(params: Params) -> None:
    files = ("data/samples/train.parquet", "data/samples/validation.parquet", "data/samples/test.parquet")
    rows = samples.combined(*(read_table(Path(path)) for path in files))
    rows["ticker"] = rows["ticker"].astype("category")
    preparation = read_record(Path("data/preparation.json"), Preparation)
    inputs, tables = Samples(rows, preparation, params.window), []
    for name in sorted(params.models):
        models = registry.models_of(name, list(preparation.targets))
        tables += [registry.forecasts(model, inputs) for model in models]
        print(f"{name}: {' and '.join(model.target for model in models)}, horizons 1 to {preparation.horizon}")
    write_table(Path("data/benchmark.parquet"), pd.concat(tables), forecasts.SCHEMA)


if __name__ == "__main__":
    run("benchmark", main, Params)
