"""Is a difference more than luck? The Diebold-Mariano test, and an interval of the skill from resampled days."""

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr

from pipeline.evaluate.bootstrap import block_length, resampled_means

Floats = NDArray[np.float64]
REPETITIONS = 1000
LEVEL = 0.95
SEED = 0


def skill_interval(losses: Floats, rival_losses: Floats, horizon: int) -> tuple[float, float]:
    """Return the LEVEL percentile interval of the skill, 1 - mean(losses) / mean(rival_losses).

    Days are resampled in blocks, because neighbouring days resemble each other. The mean block length is the best one
    for the difference of the losses, and at least the horizon.

    losses, rival_losses: each day's squared error, in order, (days,). NaN for fewer than 10 days, or if the rival has
    no error.
    """
    if len(losses) < 10 or not rival_losses.any():
        return float("nan"), float("nan")
    difference = losses - rival_losses
    best = block_length(difference) if np.ptp(difference) else 1.0
    block = int(np.ceil(min(max(best, horizon), len(losses)))) if np.isfinite(best) else horizon
    mean, rival_mean = resampled_means(np.column_stack([losses, rival_losses]), block, REPETITIONS, SEED).T
    low, high = np.percentile(1 - mean / rival_mean, [100 * (1 - LEVEL) / 2, 100 * (1 - (1 - LEVEL) / 2)])
    return float(low), float(high)


def diebold_mariano(difference: Floats, horizon: int) -> float:
    """Return the two-sided p-value of the test of Diebold and Mariano (1995), "Comparing predictive accuracy", Journal
    of Business & Economic Statistics 13(3). A small value says that one forecast is more accurate than the other.

    The variance of the mean difference is that of Newey and West (1987), Econometrica 55(3), over
    max(2 (h - 1), 4 (n / 100)^(2/9)) lags. Overlapping horizons explain fewer lags, but squared errors stay correlated
    longer. The small-sample correction and the t distribution are those of Harvey, Leybourne and
    Newbold (1997), "Testing the equality of prediction mean squared errors", International Journal of Forecasting
    13(2), who derived them for equal weights.

    difference: each day's loss of one forecast minus that of the other, in order, (days,). NaN for fewer than 10 days.
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
