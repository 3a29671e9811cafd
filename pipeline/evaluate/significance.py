"""How sure a difference is: the Diebold-Mariano test, and a skill's interval by resampling days."""

import numpy as np
from arch.bootstrap import StationaryBootstrap, optimal_block_length
from numpy.typing import NDArray
from scipy.special import stdtr

Floats = NDArray[np.float64]
REPETITIONS = 1000
LEVEL = 0.95
SEED = 0


def skill_interval(own: Floats, rival: Floats, horizon: int) -> tuple[float, float]:
    """The LEVEL percentile interval of 1 - mean(own) / mean(rival), from REPETITIONS resamplings of whole days.

    own, rival: each day's squared error of the forecast and of the one it is compared with, in order, (days,). The
    stationary bootstrap of Politis and Romano (1994), Journal of the American Statistical Association 89(428), with
    the mean block of Patton, Politis and White (2009), Econometric Reviews 28(4), for the losses' difference, at least
    the horizon. NaN for fewer than 10 days or a rival without error.
    """
    if len(own) < 10 or not rival.any():
        return float("nan"), float("nan")
    difference = own - rival
    best = float(optimal_block_length(difference)["stationary"].iloc[0]) if np.ptp(difference) else 1.0
    block = int(np.ceil(min(max(best, horizon), len(own)))) if np.isfinite(best) else horizon
    days = StationaryBootstrap(block, np.column_stack([own, rival]), seed=np.random.default_rng(SEED))
    interval = days.conf_int(_skill, REPETITIONS, method="percentile", size=LEVEL)
    return float(interval[0, 0]), float(interval[1, 0])


def _skill(losses: Floats) -> Floats:
    own, rival = losses.mean(axis=0)
    return np.array([1 - own / rival])


def diebold_mariano(difference: Floats, horizon: int) -> float:
    """Two-sided p-value of no difference in accuracy, from the losses' differences in order: (days,).

    Diebold and Mariano (1995), "Comparing predictive accuracy", Journal of Business & Economic Statistics 13(3),
    with the small-sample correction and t distribution of Harvey, Leybourne and Newbold (1997), "Testing the
    equality of prediction mean squared errors", International Journal of Forecasting 13(2). The variance of the mean
    is Newey and West's (1987), Econometrica 55(3), with max(2 (h - 1), 4 (n / 100)^(2/9)) lags: squared errors stay
    correlated longer than overlapping horizons explain, and Bartlett's weights, which keep it positive, take from the
    lags that matter. (Harvey et al. derived theirs for equal weights.) NaN for fewer than 10 days.
    """
    n = len(difference)
    if n < 10:
        return float("nan")
    if not difference.any():
        return 1.0
    lags = min(max(2 * (horizon - 1), int(4 * (n / 100) ** (2 / 9))), n - 1)
    centred = difference - difference.mean()
    covariances = [centred[lag:] @ centred[: n - lag] / n for lag in range(lags + 1)]
    variance = covariances[0] + 2 * sum((1 - lag / (lags + 1)) * covariances[lag] for lag in range(1, lags + 1))
    if variance <= 0:  # the same difference every day
        return 0.0
    corrected = np.sqrt((n + 1 - 2 * horizon + horizon * (horizon - 1) / n) / n)
    statistic = corrected * difference.mean() / np.sqrt(variance / n)
    return float(2 * stdtr(n - 1, -abs(statistic)))
