"""Ridge regression and boosted trees on the network's own windows and targets: what is left for a network to add."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.forecaster import samples as table
from pipeline.forecaster import targets
from pipeline.forecaster.samples import origins, windows
from pipeline.io.errors import UserError
from pipeline.models.model import Floats, Model, Samples

PENALTIES = np.logspace(-1, 5, 25)
# Chosen on the sample's validation part, of 1 to 5 sessions ahead and of both targets.
TREES = {"max_iter": 50, "learning_rate": 0.05, "max_leaf_nodes": 16, "min_samples_leaf": 20}

Fit = tuple[list[int], Any]  # horizons, and what scikit-learn fitted


def ridge(inputs: Floats, targets: Floats) -> Any:
    """Hoerl and Kennard (1970), "Ridge regression: biased estimation for nonorthogonal problems", Technometrics
    12(1); each target's penalty is the one of PENALTIES with the least leave-one-out error over train (Allen 1974, "The
    relationship between variable selection and data augmentation and a method for prediction", Technometrics 16(1)).

    inputs: (rows, inputs); targets: (rows, horizons).
    """
    from sklearn.linear_model import RidgeCV  # takes a second to load

    return RidgeCV(PENALTIES, alpha_per_target=True).fit(inputs, targets)


def answered_by_ridge(model: Any, inputs: Floats) -> Floats:
    """(rows, inputs) -> (rows, horizons)"""
    return model.predict(inputs).reshape(len(inputs), -1)


def boosting(inputs: Floats, targets: Floats) -> Any:
    """Gradient boosting of trees on squared errors (Friedman 2001, "Greedy function approximation: a gradient boosting
    machine", Annals of Statistics 29(5)), on histograms; as many trees as TREES says, one model for each horizon.

    inputs: (rows, inputs); targets: (rows, horizons).
    """
    from sklearn.ensemble import HistGradientBoostingRegressor  # takes a second to load

    models = [HistGradientBoostingRegressor(**TREES, early_stopping=False, random_state=0) for _ in targets.T]
    return [model.fit(inputs, own) for model, own in zip(models, targets.T, strict=True)]


def answered_by_boosting(models: Any, inputs: Floats) -> Floats:
    """(rows, inputs) -> (rows, horizons)"""
    return np.column_stack([model.predict(inputs) for model in models])


def _inputs(samples: Samples) -> tuple[NDArray[np.intp], Floats]:
    """The rows where the last `window` ones are complete, (origins,), and their windows, (origins, inputs) float64."""
    rows, window = samples.rows, samples.window
    at = origins(rows, window)
    seen = windows(rows[table.features_of(rows)].to_numpy(np.float32), at, window)
    return at, seen.reshape(len(at), -1).astype(np.float64)


def _fit(learn: Callable[[Floats, Floats], Any], target: str, samples: Samples, horizons: Sequence[int]) -> Fit:
    """Once on train, pooled over tickers. Raises UserError where no train row has its window."""
    at, inputs = _inputs(samples)
    chosen = samples.rows.iloc[at]
    train = (chosen["split"] == "train").to_numpy()
    if not train.any():
        raise UserError(
            f"params.yaml: benchmark.window: found {samples.window}, which leaves no sample for train; "
            "accepted: a smaller one"
        )
    scaled = chosen[[table.scaled(target, h) for h in horizons]].to_numpy(np.float64)
    return list(horizons), learn(inputs[train], scaled[train])


def _forecast(answered: Callable[[Any, Floats], Floats], target: str, fitted: Fit, samples: Samples) -> Floats:
    horizons, model = fitted
    at, inputs = _inputs(samples)
    found = np.full((len(samples.rows), len(horizons)), np.nan)
    answers = answered(model, inputs)
    found[at] = targets.values(samples.rows.iloc[at], answers, samples.preparation, target, horizons)
    return found


def _models(name: str, learn: Callable[..., Any], answered: Callable[..., Floats]) -> list[Model]:
    return [
        Model(name, target, partial(_fit, learn, target), partial(_forecast, answered, target))
        for target in table.TARGETS
    ]


RIDGE = _models("ridge", ridge, answered_by_ridge)
BOOSTING = _models("boosting", boosting, answered_by_boosting)
