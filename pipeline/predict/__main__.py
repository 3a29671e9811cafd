"""Forecast with the network from every session."""

from pathlib import Path

import pandas as pd

from pipeline.forecaster import ensemble, forecasts, network, samples
from pipeline.forecaster.preparation import Preparation
from pipeline.io.artifacts import read_record, read_table, write_table
from pipeline.io.errors import UserError
from pipeline.io.stage import run


def main() -> None:
    files = ("data/samples/train.parquet", "data/samples/validation.parquet", "data/samples/test.parquet")
    rows = samples.together(*(read_table(Path(path)) for path in files))
    preparation = read_record(Path("data/preparation.json"), Preparation)
    models = ensemble.loaded(Path("data/model"))
    window = network.window_of(models[0])
    at = samples.origins(rows, window)
    if not (rows["split"].iloc[at] == "test").any():
        raise UserError(
            f"params.yaml: train.window: found {window}, which leaves no sample for test; accepted: a smaller one"
        )
    parts = [
        samples.by_horizon(rows.iloc[at], predicted=predicted).assign(model=model, target=target)
        for model, own in ensemble.forecasts(models, rows, at, preparation).items()
        for target, predicted in own.items()
    ]
    write_table(Path("data/forecasts.parquet"), pd.concat(parts), forecasts.SCHEMA)
    print(f"{len(models)} networks: {' and '.join(preparation.targets)} from {len(at)} origins")


if __name__ == "__main__":
    run("predict", main)
