"""The one list of simple models: params.yaml's choices, the tables and the tests come from it."""

import numpy as np
import pandas as pd

from pipeline.forecaster.samples import by_horizon
from pipeline.io.errors import UserError
from pipeline.models import garch, naive, regressors, variance
from pipeline.models.model import Model, Samples
from pipeline.models.yearly import yearly

MODELS: tuple[Model, ...] = (
    naive.PERSISTENCE,
    naive.DRIFT,
    naive.SEASONAL_NAIVE,
    variance.EWMA,
    variance.HAR,
    yearly(variance.HAR),
    variance.LHAR,
    yearly(variance.LHAR),
    garch.GJR_GARCH,
    *regressors.RIDGE,
    *regressors.BOOSTING,
)
NAMES = tuple(dict.fromkeys(model.name for model in MODELS))


def of(name: str, targets: list[str]) -> list[Model]:
    """The models of a name: one for each of these targets that it forecasts. Raises UserError for none."""
    models = [model for model in MODELS if model.name == name]
    if found := [model for model in models if model.target in targets]:
        return found
    raise UserError(
        f"params.yaml: benchmark.models: found {name}, which forecasts the {models[0].target}; "
        f"accepted here: models of the {' and the '.join(targets)}"
    )


def forecasts(model: Model, samples: Samples) -> pd.DataFrame:
    """What a model, fitted on train, forecasts from every complete row: columns of forecaster/forecasts.

    Ridge and boosting need a whole window.
    """
    rows = samples.rows
    predicted = model.forecast(model.fit(samples, range(1, samples.preparation.horizon + 1)), samples)
    at = (rows["split"] != "warmup").to_numpy() & np.isfinite(predicted).any(axis=1)
    return by_horizon(rows[at], predicted=predicted[at]).assign(model=model.name, target=model.target)
