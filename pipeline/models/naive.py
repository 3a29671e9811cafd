"""The simple models of the price. Each of them can also be the baseline of the network."""

from collections.abc import Sequence

from pipeline.forecaster import baselines
from pipeline.forecaster.preparation import Coefficients
from pipeline.models.model import Floats, Model, Samples
from pipeline.prices import PRICES


def _only_horizons(samples: Samples, horizons: Sequence[int]) -> list[int]:
    """Fit nothing: only remember the horizons."""
    return list(horizons)


def _persistence(horizons: list[int], samples: Samples) -> Floats:
    return baselines.persistence(samples.rows, len(horizons))


def _seasonal_naive(horizons: list[int], samples: Samples) -> Floats:
    all_horizons = baselines.seasonal_naive(samples.rows, samples.preparation.season_length, max(horizons))
    return all_horizons[:, [h - 1 for h in horizons]]


def _fit_drift(samples: Samples, horizons: Sequence[int]) -> Coefficients:
    return baselines.fit_drift(samples.rows, horizons, priced=samples.preparation.column in PRICES)


def _drift(fitted: Coefficients, samples: Samples) -> Floats:
    return baselines.drift(samples.rows, fitted, len(next(iter(fitted.values()))))


PERSISTENCE = Model("persistence", "price", _only_horizons, _persistence)
DRIFT = Model("drift", "price", _fit_drift, _drift)
SEASONAL_NAIVE = Model("seasonal_naive", "price", _only_horizons, _seasonal_naive)
