"""Resample the days of a time series in blocks: the stationary bootstrap, and how long its blocks should be."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def block_length(values: Floats) -> float:
    """Return the best mean block length of the stationary bootstrap; NaN if the values never change.

    Source: Politis and White (2004), Econometric Reviews 23(1), with the correction of Patton, Politis and White
    (2009), Econometric Reviews 28(4). It depends on the autocovariances up to twice the lag after which the next five
    autocorrelations are insignificant.

    values: in order, (days,).
    """
    n, centred = len(values), values - values.mean()
    few = max(5, int(np.log10(n)))
    last = int(np.ceil(np.sqrt(n))) + few
    products = np.array([centred[lag:] @ centred[: n - lag] for lag in range(last + 1)])
    # The sums of squares of the first, and of the last, n - lag values. Package arch takes those of one lag more.
    squares = np.cumsum(centred**2)[::-1] * np.cumsum(centred[::-1] ** 2)[::-1]
    small = np.abs(products[:last]) < 2 * np.sqrt(np.log10(n) / n * squares[1 : last + 1])
    quiet = next((lag for lag in range(last + 1 - few) if small[lag : lag + few].all()), last)
    lags = np.arange(1, min(2 * max(quiet, 1), last) + 1)
    weights = 2 * np.minimum(1, 2 * (1 - lags / lags[-1]))
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = weights * lags @ products[lags] / (products[0] + weights @ products[lags])
    return float(min(np.cbrt(n * ratio**2), np.ceil(min(3 * np.sqrt(n), n / 3))))


def resampled_means(values: Floats, block: int, repetitions: int, seed: int) -> Floats:
    """Return the means of resampled days: (repetitions, columns).

    In each repetition, a new block starts at a random day with probability 1 / block. Otherwise the next day follows,
    and the first day follows the last: the stationary bootstrap of Politis and Romano (1994), Journal of the American
    Statistical Association 89(428).

    values: (days, columns).
    """
    rng, n = np.random.default_rng(seed), len(values)
    position, means = np.arange(n), np.empty((repetitions, values.shape[1]))
    for repetition in range(repetitions):
        days, is_start = rng.integers(n, size=n), rng.random(n) <= 1 / block
        start = np.maximum.accumulate(np.where(is_start, position, 0))  # of the block that each day is in
        means[repetition] = values[(days[start] + position - start) % n].mean(axis=0)
    return means
