"""Correlations of values with earlier ones."""

import numpy as np
import pandas as pd
from scipy.fft import next_fast_len
from scipy.special import chdtrc


def _trimmed(values: pd.Series, lags: int) -> tuple[np.ndarray, int]:
    """Return the values without the missing ones at both ends, and how many lags they allow (0 if all are equal)."""
    numbers = values.to_numpy(np.float64)
    known = np.flatnonzero(~np.isnan(numbers))
    if not len(known) or np.ptp(numbers[known]) == 0:
        return np.empty(0), 0
    return numbers[known[0] : known[-1] + 1], max(min(lags, len(known) // 2 - 1), 0)


def _products(values: np.ndarray) -> np.ndarray:
    """Return the sum of products of values with those `lag` steps earlier, for all lags from 0."""
    spectrum = np.fft.fft(values, next_fast_len(2 * len(values) + 1, real=True))  # padded, so that no lag wraps around
    return np.fft.ifft(spectrum * np.conjugate(spectrum)).real[: len(values)]


def _autocovariances(trimmed: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the products of deviations from the mean at all lags, and how many pairs of known values each adds up."""
    known = ~np.isnan(trimmed)
    filled = np.where(known, trimmed, 0)
    return _products(np.where(known, filled - filled.sum() / known.sum(), 0)), np.rint(_products(known)).clip(1)


def _acf(products: np.ndarray, pairs: np.ndarray, lags: int) -> np.ndarray:
    """Return the autocorrelations at lags 0 to `lags`, over pairs of known values."""
    means = products[: lags + 1] * (1 / pairs[: lags + 1])
    return means / means[0] * (1 - np.arange(lags + 1) / len(products))


def autocorrelations(values: pd.Series, lags: int) -> pd.DataFrame:
    """Return the columns lag, acf (autocorrelation) and pacf (partial autocorrelation), for lags 1 to `lags`.

    An autocorrelation is the correlation of values with those `lag` steps earlier. A partial one leaves out what the
    steps between explain. There are fewer lags if there are few values, and none if all values are equal. values: in
    order, evenly spaced; some may be missing.
    """
    trimmed, lags = _trimmed(values, lags)
    if not lags:
        return pd.DataFrame({"lag": [], "acf": [], "pacf": []})
    products, pairs = _autocovariances(trimmed)
    # Partial ones need a valid sequence of covariances. Means over known pairs may not be one if values are missing.
    partial = _partial(products[: lags + 1] / products[0])
    return pd.DataFrame({"lag": np.arange(1, lags + 1), "acf": _acf(products, pairs, lags)[1:], "pacf": partial})


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
    trimmed, lags = _trimmed(values, lags)
    if not lags:
        return np.nan
    count, acf = int(values.count()), _acf(*_autocovariances(trimmed), lags)[1:]
    terms = 1 / (count - np.arange(1, lags + 1)) * acf**2
    return float(chdtrc(lags, count * (count + 2) * np.cumsum(terms)[-1]))
