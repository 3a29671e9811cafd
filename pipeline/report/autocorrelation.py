"""Correlations of values with earlier ones (the only module that imports statsmodels)."""

import numpy as np
import pandas as pd
from statsmodels.tsa.stattools import acf, levinson_durbin, q_stat


def _trimmed(values: pd.Series, lags: int) -> tuple[np.ndarray, int]:
    """Return the values without the missing ones at both ends, and how many lags they allow (0 if all are equal)."""
    known = values.dropna()
    if known.nunique() < 2:
        return np.empty(0), 0
    return values.loc[known.index[0] : known.index[-1]].to_numpy(np.float64), max(min(lags, len(known) // 2 - 1), 0)


def _acf(trimmed: np.ndarray, lags: int) -> np.ndarray:
    """Return the autocorrelations at lags 0 to `lags`, over pairs of known values ("conservative" in statsmodels)."""
    return acf(trimmed, nlags=lags, missing="conservative", adjusted=True) * (1 - np.arange(lags + 1) / len(trimmed))


def autocorrelations(values: pd.Series, lags: int) -> pd.DataFrame:
    """Return the columns lag, acf (autocorrelation) and pacf (partial autocorrelation), for lags 1 to `lags`.

    An autocorrelation is the correlation of values with those `lag` steps earlier. A partial one leaves out what the
    steps between explain; it comes from the Durbin-Levinson recursion. There are fewer lags if there are few values,
    and none if all values are equal. values: in order, evenly spaced; some may be missing.
    """
    trimmed, lags = _trimmed(values, lags)
    if not lags:
        return pd.DataFrame({"lag": [], "acf": [], "pacf": []})
    # The recursion needs a valid sequence of covariances. The adjusted estimate may not be one if values are missing.
    partial = levinson_durbin(acf(trimmed, nlags=lags, missing="conservative"), nlags=lags, isacov=True)[2]
    return pd.DataFrame({"lag": np.arange(1, lags + 1), "acf": _acf(trimmed, lags)[1:], "pacf": partial[1:]})


def ljung_box(values: pd.Series, lags: int) -> float:
    """Return the p-value of the test of Ljung and Box (1978, Biometrika 65); NaN if there are no autocorrelations.

    A small value says that the first `lags` autocorrelations are not all zero.
    """
    trimmed, lags = _trimmed(values, lags)
    return float(q_stat(_acf(trimmed, lags)[1:], int(values.count()))[1][-1]) if lags else np.nan
