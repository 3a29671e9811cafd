"""Correlations of values with earlier ones."""

import numpy as np
import pandas as pd
from scipy.special import chdtrc


def _products(values: np.ndarray, lags: int) -> np.ndarray:
    """Return the sum of products of values with those `lag` steps earlier, for lags 0 to `lags`."""
    return np.array([(values[lag:] * values[: len(values) - lag]).sum() for lag in range(lags + 1)])


def _acf(values: pd.Series, lags: int) -> tuple[np.ndarray, np.ndarray]:
    """Return two estimates of the autocorrelations at lags 0 to `lags`: over pairs of known values, and over all pairs.

    They differ if values are missing. There are fewer lags if there are few values, and only lag 0 if all are equal.
    """
    numbers = values.to_numpy(np.float64)
    places = np.flatnonzero(~np.isnan(numbers))
    lags = min(lags, len(places) // 2 - 1)
    if lags < 1 or np.ptp(numbers[places]) == 0:
        return np.ones(1), np.ones(1)
    numbers = numbers[places[0] : places[-1] + 1]  # without the missing ones at both ends
    known = ~np.isnan(numbers)
    products = _products(np.where(known, numbers - numbers[known].mean(), 0), lags)
    means = products / _products(known, lags).clip(1)
    return means / means[0] * (1 - np.arange(lags + 1) / len(numbers)), products / products[0]


def autocorrelations(values: pd.Series, lags: int) -> pd.DataFrame:
    """Return the columns lag, acf (autocorrelation) and pacf (partial autocorrelation), for lags 1 to `lags`.

    An autocorrelation is the correlation of values with those `lag` steps earlier. A partial one leaves out what the
    steps between explain. There are fewer lags if there are few values, and none if all values are equal. values: in
    order, evenly spaced; some may be missing.
    """
    acf, over_all = _acf(values, lags)
    # Partial ones need a valid sequence of covariances. Means over known pairs may not be one if values are missing.
    return pd.DataFrame({"lag": np.arange(1, len(acf)), "acf": acf[1:], "pacf": _partial(over_all)})


def _partial(acf: np.ndarray) -> np.ndarray:
    """Return the partial autocorrelations at lags from 1 by the Durbin-Levinson recursion. acf: at lags from 0."""
    partial, coefficients, error = np.empty(len(acf) - 1), np.empty(0), 1.0
    for lag in range(1, len(acf)):
        last = partial[lag - 1] = (acf[lag] - coefficients @ acf[lag - 1 : 0 : -1]) / error
        coefficients = np.concatenate([coefficients - last * coefficients[::-1], [last]])
        error *= 1 - last**2
    return partial


def ljung_box(values: pd.Series, lags: int) -> float:
    """Return the p-value of the test of Ljung and Box (1978, Biometrika 65); NaN if there are no autocorrelations.

    A small value says that the first `lags` autocorrelations are not all zero.
    """
    acf, count = _acf(values, lags)[0][1:], values.count()
    terms = acf**2 / (count - np.arange(1, len(acf) + 1))
    return float(chdtrc(len(acf), count * (count + 2) * terms.sum())) if len(acf) else np.nan
