"""Resample the days of a time series in blocks: the stationary bootstrap, and how long its blocks should be."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
BATCH = 50  # repetitions that are in memory at once


def block_length(values: Floats) -> float:
    """Return the best mean block length of the stationary bootstrap; NaN if the values never change.

    Source: Politis and White (2004), Econometric Reviews 23(1), with the correction of Patton, Politis and White
    (2009), Econometric Reviews 28(4). It depends on the autocovariances up to twice the lag after which the next five
    autocorrelations are insignificant.

    values: in order, (days,).
    """
    n = len(values)
    centred = values - values.mean()
    few = max(5, int(np.log10(n)))
    last = int(np.ceil(np.sqrt(n))) + few
    products = np.array([centred[lag:] @ centred[: n - lag] for lag in range(last + 1)])
    squares = [
        (centred[lag:] @ centred[lag:]) * (centred[: n - lag] @ centred[: n - lag]) for lag in range(1, last + 2)
    ]
    with np.errstate(divide="ignore", invalid="ignore"):
        small = np.abs(products) / np.sqrt(squares) < 2 * np.sqrt(np.log10(n) / n)
        quiet = next((lag for lag in range(last + 1 - few) if small[lag : lag + few].all()), None)
        lags = np.arange(1, (last if quiet is None else min(2 * max(quiet, 1), last)) + 1)
        weights = np.where(lags / lags[-1] <= 1 / 2, 1, 2 * (1 - lags / lags[-1]))
        covariances = products / n
        # The sums are added up from lag 1 on, not in pairs, so that they have the bits of package arch.
        slope = sum((2 * weights * lags * covariances[lags]).tolist())
        spectrum = sum((2 * weights * covariances[lags]).tolist(), covariances[0])
        best = ((2 * slope**2) / (2 * spectrum**2)) ** (1 / 3) * n ** (1 / 3)
    return float(min(best, np.ceil(min(3 * np.sqrt(n), n / 3))))


def resampled_means(values: Floats, block: int, repetitions: int, seed: int) -> Floats:
    """Return the means of resampled days: (repetitions, columns).

    In each repetition, a new block starts at a random day with probability 1 / block. Otherwise the next day follows,
    and the first day follows the last: the stationary bootstrap of Politis and Romano (1994), Journal of the American
    Statistical Association 89(428).

    values: (days, columns).
    """
    rng, n, means = np.random.default_rng(seed), len(values), []
    position = np.arange(n)[:, None]
    for first in range(0, repetitions, BATCH):
        draws = [(rng.integers(n, size=n), rng.random(n)) for _ in range(min(BATCH, repetitions - first))]
        days, uniform = (np.column_stack(part) for part in zip(*draws, strict=True))  # (days, repetitions)
        starts = np.where(uniform <= 1 / block, position, 0)
        starts = np.maximum.accumulate(starts, axis=0)
        resampled = (np.take_along_axis(days, starts, axis=0) + position - starts) % n
        means.append(values[resampled].mean(axis=0))
    return np.concatenate(means)
