"""Fit the simple models and forecast with them from the same origins."""

from pathlib import Path
from typing import Annotated

import numpy as np
import pandas as pd
from pydantic import AfterValidator, Field

from pipeline.artifacts import read_record, read_table, write_table
from pipeline.errors import UserError
from pipeline.forecaster.preparation import Preparation
from pipeline.models import registry
from pipeline.models.model import Samples
from pipeline.params import Section, each_once, load
from pipeline.stages import run
from pipeline.tables import forecasts as forecasts_table
from pipeline.tables import samples as table


def known(name: str) -> str:
    """Refuse what is no name of the registry."""
    if name not in registry.NAMES:
        raise ValueError(f"found {name!r}; accepted: {', '.join(registry.NAMES)}")
    return name


Name = Annotated[str, AfterValidator(known)]


class Params(Section):
    """Section benchmark of params.yaml, where each key is explained."""

    models: Annotated[list[Name], Field(min_length=1), AfterValidator(each_once)]
    window: int = Field(ge=1)


def main() -> None:
    params = load("benchmark", Params)
    files = ("data/samples/train.parquet", "data/samples/validation.parquet", "data/samples/test.parquet")
    rows = table.together(*(read_table(Path(path)) for path in files))
    preparation = read_record(Path("data/preparation.json"), Preparation)
    samples, parts = Samples(rows, preparation, params.window), []
    for name in sorted(params.models):
        models = [model for model in registry.of(name) if model.target in preparation.targets]
        if not models:
            (other,) = {model.target for model in registry.of(name)}
            raise UserError(
                f"params.yaml: benchmark.models: found {name}, which forecasts the {other}; "
                f"accepted here: models of the {' and the '.join(preparation.targets)}"
            )
        parts += [forecast(model, samples) for model in models]
        print(f"{name}: {' and '.join(model.target for model in models)}, horizons 1 to {preparation.horizon}")
    write_table(Path("data/benchmark.parquet"), pd.concat(parts), forecasts_table.SCHEMA)


def forecast(model: registry.Model, samples: Samples) -> pd.DataFrame:
    """What a model, fitted on train, forecasts from every complete row; ridge and boosting need a whole window."""
    rows = samples.rows
    predicted = model.forecast(model.fit(samples, range(1, samples.preparation.horizon + 1)), samples)
    at = (rows["split"] != "warmup").to_numpy() & np.isfinite(predicted).any(axis=1)
    return table.by_horizon(rows[at], predicted=predicted[at]).assign(model=model.name, target=model.target)


if __name__ == "__main__":
    run("benchmark", main)
