"""Fit the simple models and forecast with them."""

from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from pipeline.benchmark.params import Params
from pipeline.forecaster import samples
from pipeline.forecaster.forecasts import SCHEMA
from pipeline.forecaster.preparation import Preparation
from pipeline.io.artifacts import read_record, read_table, write_table
from pipeline.io.stage import run
from pipeline.models import registry
from pipeline.models.model import Samples


def main(params: Params) -> None:
    files = ("data/samples/train.parquet", "data/samples/validation.parquet", "data/samples/test.parquet")
    rows = samples.in_order(read_table(*map(Path, files), categories=["ticker"]))
    preparation = read_record(Path("data/preparation.json"), Preparation)
    write_table(Path("data/benchmark.parquet"), tables(params, Samples(rows, preparation, params.window)), SCHEMA)


def tables(params: Params, inputs: Samples) -> Iterator[pd.DataFrame]:
    """Yield the forecasts of each model and target."""
    targets, horizon = list(inputs.preparation.targets), inputs.preparation.horizon
    for name in sorted(params.models):
        models = registry.models_of(name, targets)
        yield from (registry.forecasts(model, inputs) for model in models)
        print(f"{name}: {' and '.join(model.target for model in models)}, horizons 1 to {horizon}")


if __name__ == "__main__":
    run("benchmark", main, Params)
