"""The list of all simple models. A new model is added here."""

import numpy as np
import pandas as pd

from pipeline.forecaster.samples import TARGETS, by_horizon
from pipeline.io.errors import UserError
from pipeline.models import garch, naive, regressors, variance
from pipeline.models.model import Model, Samples
from pipeline.models.yearly import refit_yearly

MODELS: tuple[Model, ...] = (
    naive.PERSISTENCE,
    naive.DRIFT,
    naive.SEASONAL_NAIVE,
    variance.EWMA,
    variance.HAR,
    refit_yearly(variance.HAR),
    variance.LHAR,
    refit_yearly(variance.LHAR),
    garch.GJR_GARCH,
    *regressors.RIDGE,
    *regressors.BOOSTING,
)
NAMES = tuple(dict.fromkeys(model.name for model in MODELS))


def models_of(name: str, targets: list[str]) -> list[Model]:
    """Return the models with this name, one for each of the targets. Raises UserError if there is none."""
    models = [model for model in MODELS if model.name == name]
    if usable := [model for model in models if model.target in targets]:
        return usable
    raise UserError(
        f"params.yaml: benchmark.models: found {name}, which forecasts the {models[0].target}; "
        f"accepted here: models of the {' and the '.join(targets)}"
    )


def forecasts(model: Model, samples: Samples) -> pd.DataFrame:
    """Fit a model on train and forecast from every row that is not warm-up: the columns of forecaster/forecasts.

    Rows without any forecast are left out, such as those without a full window for ridge and boosting.
    """
    rows = samples.rows
    predicted = model.forecast(model.fit(samples, range(1, samples.preparation.horizon + 1)), samples)
    has_forecast = (rows["split"] != "warmup").to_numpy() & np.isfinite(predicted).any(axis=1)
    table = by_horizon(rows[has_forecast], predicted=predicted[has_forecast])
    return table.assign(
        model=pd.Series(model.name, table.index, pd.CategoricalDtype(NAMES)),
        target=pd.Series(model.target, table.index, pd.CategoricalDtype(TARGETS)),
    )
