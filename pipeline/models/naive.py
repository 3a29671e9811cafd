"""The simple forecasts of a price."""

from collections.abc import Sequence

from pipeline.forecaster import baselines
from pipeline.forecaster.preparation import Coefficients
from pipeline.models.model import Floats, Model, Samples


def _nothing(samples: Samples, horizons: Sequence[int]) -> list[int]:
    """There is nothing to fit: the horizons alone."""
    return list(horizons)


def _persistence(horizons: list[int], samples: Samples) -> Floats:
    return baselines.persistence(samples.rows, len(horizons))


def _seasonal_naive(horizons: list[int], samples: Samples) -> Floats:
    every = baselines.seasonal_naive(samples.rows, samples.preparation.season_length, max(horizons))
    return every[:, [h - 1 for h in horizons]]


def _drift(fitted: Coefficients, samples: Samples) -> Floats:
    return baselines.drift(samples.rows, fitted, len(next(iter(fitted.values()))))


PERSISTENCE = Model("persistence", "price", _nothing, _persistence)
DRIFT = Model("drift", "price", lambda samples, horizons: baselines.drift_of(samples.rows, horizons), _drift)
SEASONAL_NAIVE = Model("seasonal_naive", "price", _nothing, _seasonal_naive)
