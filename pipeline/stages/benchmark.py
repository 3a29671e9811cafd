"""Fit every simple model and let it forecast from the same origins."""

from pathlib import Path
from typing import Annotated, Any, Literal

import pandas as pd
from pydantic import AfterValidator, Field

from pipeline.artifacts import read_json, read_table, write_table
from pipeline.baselines import BASELINES, Floats
from pipeline.errors import UserError
from pipeline.params import Section, each_once, load
from pipeline.stages import run
from pipeline.tables import baselines as baselines_table
from pipeline.tables import rows as table

Model = Literal[
    "persistence", "drift", "seasonal_naive", "ewma", "har", "har_yearly", "lhar", "gjr_garch", "ridge", "boosting"
]
FITTED = {"persistence": "nothing to fit", "seasonal_naive": "nothing to fit", "har_yearly": "fitted each year"}


class Params(Section):
    """Section benchmark of params.yaml, where each key is explained."""

    models: Annotated[list[Model], Field(min_length=1), AfterValidator(each_once)]
    window: int = Field(ge=1)


def main() -> None:
    params = load("benchmark", Params)
    rows, scaler = read_table(Path("data/rows.parquet")), read_json(Path("data/scaler.json"))
    parts = []
    for model in sorted(params.models):
        at, forecasts = forecast(model, rows, scaler, params.window)
        parts += [
            table.by_horizon(at, predicted=predicted).assign(model=model, target=target)
            for target, predicted in forecasts.items()
        ]
        fitted = FITTED.get(model, "fitted once, on train")
        print(f"{model}: {' and '.join(forecasts)}, horizons 1 to {table.horizon_of(rows)}; {fitted}")
    write_table(Path("data/baselines.parquet"), pd.concat(parts), baselines_table.SCHEMA)


def forecast(
    model: Model, rows: pd.DataFrame, scaler: dict[str, Any], window: int
) -> tuple[pd.DataFrame, dict[str, Floats]]:
    """The rows a model forecasts from, and what it forecasts of each target there: (origins, horizon)."""
    if model == "ridge" or model == "boosting":
        # What a run does not ask for is not loaded: scikit-learn and arch take seconds.
        from pipeline import departures, regressors

        at, answers = regressors.answers(model, rows, window)
        chosen = rows.iloc[at]
        return chosen, {name: departures.values(chosen, answers[name], scaler, name) for name in answers}
    warm, horizon = (rows["split"] != "warmup").to_numpy(), table.horizon_of(rows)
    if model == "gjr_garch":
        refuse_unless_forecast("variance", model, rows)
        from pipeline.garch import gjr_garch

        return rows[warm], {"variance": gjr_garch(rows, horizon)[warm]}
    target, values = BASELINES[model]
    refuse_unless_forecast(target, model, rows)
    return rows[warm], {target: values(rows, horizon, scaler["season"])[warm]}


def refuse_unless_forecast(target: str, model: str, rows: pd.DataFrame) -> None:
    """Raise UserError for a model of what the rows do not hold."""
    targets = table.targets_of(rows)
    if target not in targets:
        raise UserError(
            f"params.yaml: benchmark.models: found {model}, which forecasts the {target}; "
            f"accepted here: models of the {' and the '.join(targets)}"
        )


if __name__ == "__main__":
    run("benchmark", main)
