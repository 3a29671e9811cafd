"""Ridge regression and gradient boosting, with windows and scaled targets like the network's.

The comparison shows what a network adds to simpler methods with the same inputs.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.forecaster import samples as table
from pipeline.forecaster.targets import unscaled_forecasts
from pipeline.io.errors import UserError
from pipeline.models.model import Floats, Model, Samples

PENALTIES = np.logspace(-1, 5, 25)
# These values were best on the validation split of the sample data, over 1 to 5 sessions ahead and both targets.
TREES = {"max_iter": 50, "learning_rate": 0.05, "max_leaf_nodes": 16, "min_samples_leaf": 20}

Fit = tuple[list[int], Any]  # horizons, and the fitted scikit-learn models


def fit_ridge(inputs: Floats, targets: Floats) -> Any:
    """Fit a ridge regression: linear, with a penalty on large coefficients.

    Each horizon has its own penalty, the one of PENALTIES with the smallest leave-one-out error over train.
    Sources: Hoerl and Kennard (1970), "Ridge regression: biased estimation for nonorthogonal problems", Technometrics
    12(1). Allen (1974), "The relationship between variable selection and data augmentation and a method for
    prediction", Technometrics 16(1).
    inputs: (rows, inputs); targets: (rows, horizons).
    """
    from sklearn.linear_model import RidgeCV  # takes a second to load

    return RidgeCV(PENALTIES, alpha_per_target=True).fit(inputs, targets)


def predict_ridge(model: Any, inputs: Floats) -> Floats:
    """Return the scaled forecasts: (rows, inputs) -> (rows, horizons)."""
    return model.predict(inputs).reshape(len(inputs), -1)


def fit_boosting(inputs: Floats, targets: Floats) -> Any:
    """Fit gradient boosting of decision trees on squared errors, with one model for each horizon.

    Source: Friedman (2001), "Greedy function approximation: a gradient boosting machine", Annals of Statistics 29(5).
    inputs: (rows, inputs); targets: (rows, horizons).
    """
    from sklearn.ensemble import HistGradientBoostingRegressor  # takes a second to load

    models = [HistGradientBoostingRegressor(**TREES, early_stopping=False, random_state=0) for _ in targets.T]
    return [model.fit(inputs, target) for model, target in zip(models, targets.T, strict=True)]


def predict_boosting(models: Any, inputs: Floats) -> Floats:
    """Return the scaled forecasts: (rows, inputs) -> (rows, horizons)."""
    return np.column_stack([model.predict(inputs) for model in models])


def _windows(samples: Samples) -> tuple[NDArray[np.intp], Floats]:
    """Return the positions of the origins, (origins,), and their flat windows, (origins, inputs) float64."""
    rows, window = samples.rows, samples.window
    positions = table.origins(rows, window)
    inputs = table.windows(rows[table.feature_columns(rows)].to_numpy(np.float32), positions, window)
    return positions, inputs.reshape(len(positions), -1).astype(np.float64)


def _fit(fit: Callable[[Floats, Floats], Any], target: str, samples: Samples, horizons: Sequence[int]) -> Fit:
    """Fit once on the train rows of all tickers. Raises UserError if no train row has a full window."""
    positions, inputs = _windows(samples)
    origins = samples.rows.iloc[positions]
    is_train = (origins["split"] == "train").to_numpy()
    if not is_train.any():
        raise UserError(
            f"params.yaml: benchmark.window: found {samples.window}, which leaves no sample for train; "
            "accepted: a smaller one"
        )
    scaled = origins[[table.scaled_column(target, h) for h in horizons]].to_numpy(np.float64)
    return list(horizons), fit(inputs[is_train], scaled[is_train])


def _forecast(predict: Callable[[Any, Floats], Floats], target: str, fitted: Fit, samples: Samples) -> Floats:
    horizons, model = fitted
    positions, inputs = _windows(samples)
    forecast, origins = np.full((len(samples.rows), len(horizons)), np.nan), samples.rows.iloc[positions]
    scaled = predict(model, inputs)
    forecast[positions] = unscaled_forecasts(origins, scaled, samples.preparation, target, horizons)
    return forecast


def _models(name: str, fit: Callable[..., Any], predict: Callable[..., Floats]) -> list[Model]:
    return [
        Model(name, target, partial(_fit, fit, target), partial(_forecast, predict, target)) for target in table.TARGETS
    ]


RIDGE = _models("ridge", fit_ridge, predict_ridge)
BOOSTING = _models("boosting", fit_boosting, predict_boosting)
