"""Forecast with the network from every origin, the last ones included."""

from pathlib import Path

import pandas as pd

from pipeline.artifacts import read_bytes, read_record, read_table, write_table
from pipeline.errors import UserError
from pipeline.forecaster import network
from pipeline.forecaster.forecasts import forecasts
from pipeline.forecaster.preparation import Preparation
from pipeline.forecaster.windows import origins
from pipeline.stages import run
from pipeline.tables import forecasts as forecasts_table
from pipeline.tables import samples as table


def main() -> None:
    files = ("data/samples/train.parquet", "data/samples/validation.parquet", "data/samples/test.parquet")
    rows = table.together(*(read_table(Path(path)) for path in files))
    preparation = read_record(Path("data/preparation.json"), Preparation)
    network.make_deterministic()
    members = sorted(Path("data/model").glob("*.keras"), key=lambda path: int(path.stem))
    models = [network.loaded(str(path), read_bytes(path)) for path in members]
    window = network.window_of(models[0])
    at = origins(rows["ticker"].to_numpy(), (rows["split"] != "warmup").to_numpy(), window)
    if not (rows["split"].iloc[at] == "test").any():
        raise UserError(
            f"params.yaml: train.window: found {window}, which leaves no sample for test; accepted: a smaller one"
        )
    parts = [
        table.by_horizon(rows.iloc[at], predicted=predicted).assign(model=model, target=target)
        for model, own in forecasts(models, rows, at, preparation).items()
        for target, predicted in own.items()
    ]
    write_table(Path("data/forecasts.parquet"), pd.concat(parts), forecasts_table.SCHEMA)
    print(f"{len(models)} networks: {' and '.join(preparation.targets)} from {len(at)} origins")


if __name__ == "__main__":
    run("predict", main)
