"""Correlations of values with earlier ones (the only module that imports statsmodels)."""

import numpy as np
import pandas as pd
from statsmodels.tsa.stattools import acf, levinson_durbin, q_stat


def _known(values: pd.Series, lags: int) -> tuple[np.ndarray, int]:
    """Return the values from the first known one to the last, and how many lags they allow; none if all are equal."""
    known = values.dropna()
    if known.nunique() < 2:
        return np.empty(0), 0
    return values.loc[known.index[0] : known.index[-1]].to_numpy(np.float64), max(min(lags, len(known) // 2 - 1), 0)


def _acf(inner: np.ndarray, lags: int) -> np.ndarray:
    """Return the autocorrelations at lags 0 to `lags`, over the known pairs (statsmodels: "conservative")."""
    return acf(inner, nlags=lags, missing="conservative", adjusted=True) * (1 - np.arange(lags + 1) / len(inner))


def autocorrelations(values: pd.Series, lags: int) -> pd.DataFrame:
    """Return lag, acf and pacf (partial autocorrelation) at lags 1 to `lags`; fewer if there are few values.

    The partial ones come from the others by the Durbin-Levinson recursion. Equal values have no autocorrelations.
    values: in order, at even steps; missing ones are left out.
    """
    inner, lags = _known(values, lags)
    if not lags:
        return pd.DataFrame({"lag": [], "acf": [], "pacf": []})
    # The recursion needs a valid sequence of covariances, also with missing values.
    partial = levinson_durbin(acf(inner, nlags=lags, missing="conservative"), nlags=lags, isacov=True)[2]
    return pd.DataFrame({"lag": np.arange(1, lags + 1), "acf": _acf(inner, lags)[1:], "pacf": partial[1:]})


def ljung_box(values: pd.Series, lags: int) -> float:
    """Return the p-value of the test of Ljung and Box (1978, Biometrika 65); NaN if there are no autocorrelations.

    A small value says that the first `lags` autocorrelations are not all zero.
    """
    inner, lags = _known(values, lags)
    return float(q_stat(_acf(inner, lags)[1:], int(values.count()))[1][-1]) if lags else np.nan
