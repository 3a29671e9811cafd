"""The simple forecasts of a price."""

from collections.abc import Sequence

import pandas as pd

from pipeline.forecaster import baselines
from pipeline.forecaster.preparation import Coefficients
from pipeline.models.model import Floats, Model, Samples


def drift_of(rows: pd.DataFrame, horizons: Sequence[int]) -> Coefficients:
    """Each ticker's mean change over train, times each horizon: Hyndman and Athanasopoulos, "Forecasting: principles
    and practice", 3rd ed., section 5.2, fitted once instead of at each origin.
    """
    at = rows.groupby("ticker").cumcount()  # gaps are steps too
    train = rows.assign(at=at)[rows["split"] == "train"].groupby("ticker")[["last", "at"]]
    change = train.last() - train.first()
    slopes = change["last"] / change["at"]
    return {str(ticker): [[float(slope * h)] for h in horizons] for ticker, slope in slopes.items()}


def _nothing(samples: Samples, horizons: Sequence[int]) -> list[int]:
    """There is nothing to fit: the horizons alone."""
    return list(horizons)


def _persistence(horizons: list[int], samples: Samples) -> Floats:
    return baselines.persistence(samples.rows, len(horizons))


def _seasonal_naive(horizons: list[int], samples: Samples) -> Floats:
    every = baselines.seasonal_naive(samples.rows, samples.preparation.season, max(horizons))
    return every[:, [h - 1 for h in horizons]]


def _drift(fitted: Coefficients, samples: Samples) -> Floats:
    return baselines.drift(samples.rows, fitted, len(next(iter(fitted.values()))))


PERSISTENCE = Model("persistence", "price", "persistence", _nothing, _persistence)
DRIFT = Model("drift", "price", "drift", lambda samples, horizons: drift_of(samples.rows, horizons), _drift)
SEASONAL_NAIVE = Model("seasonal_naive", "price", "the seasonal-naive forecast", _nothing, _seasonal_naive)
