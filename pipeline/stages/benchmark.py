"""Fit every simple model once and let it forecast from the same origins."""

from pathlib import Path
from typing import Annotated, Literal

import pandas as pd
from pydantic import AfterValidator, Field

from pipeline.artifacts import read_json, read_table, write_table
from pipeline.baselines import BASELINES
from pipeline.errors import UserError
from pipeline.params import Section, each_once, load
from pipeline.stages import run
from pipeline.tables import baselines as baselines_table
from pipeline.tables import rows as table

Model = Literal["persistence", "drift", "seasonal_naive", "har"]


class Params(Section):
    """Section benchmark of params.yaml, where each key is explained."""

    models: Annotated[list[Model], Field(min_length=1), AfterValidator(each_once)]


def main() -> None:
    params = load("benchmark", Params)
    rows, season = read_table(Path("data/rows.parquet")), read_json(Path("data/scaler.json"))["season"]
    targets, horizon = table.targets_of(rows), table.horizon_of(rows)
    warm, forecasts = (rows["split"] != "warmup").to_numpy(), []
    for model in sorted(params.models):
        target, forecast = BASELINES[model]
        if target not in targets:
            raise UserError(
                f"params.yaml: benchmark.models: found {model}, which forecasts the {target}; "
                f"accepted here: models of the {' and the '.join(targets)}"
            )
        predicted = forecast(rows, horizon, season)[warm]
        forecasts.append(table.by_horizon(rows[warm], predicted=predicted).assign(model=model, target=target))
        print(f"{model}: {target}, horizons 1 to {horizon}")
    write_table(Path("data/baselines.parquet"), pd.concat(forecasts), baselines_table.SCHEMA)


if __name__ == "__main__":
    run("benchmark", main)
