"""How values go with those before them (the only module that imports statsmodels)."""

import numpy as np
import pandas as pd
from statsmodels.tsa.stattools import acf, levinson_durbin, q_stat


def _known(values: pd.Series, lags: int) -> tuple[np.ndarray, int]:
    """The values from the first to the last that is known, in between any missing, and how many lags they allow; none
    where they are all the same.
    """
    known = values.dropna()
    if known.nunique() < 2:
        return np.empty(0), 0
    return values.loc[known.index[0] : known.index[-1]].to_numpy(np.float64), max(min(lags, len(known) // 2 - 1), 0)


def _acf(inner: np.ndarray, lags: int) -> np.ndarray:
    """At lags 0 to `lags`, over the pairs that are known (statsmodels, "conservative")."""
    return acf(inner, nlags=lags, missing="conservative", adjusted=True) * (1 - np.arange(lags + 1) / len(inner))


def autocorrelations(values: pd.Series, lags: int) -> pd.DataFrame:
    """Columns lag, acf, pacf, at lags 1 to `lags`, fewer where there are fewer values.

    values: in order, at even steps; what is missing is passed over. Partial ones are by the Durbin-Levinson recursion
    on the others. Values that are all the same have none.
    """
    inner, lags = _known(values, lags)
    if not lags:
        return pd.DataFrame({"lag": [], "acf": [], "pacf": []})
    # The recursion needs a sequence that is one of covariances, whatever is missing.
    partial = levinson_durbin(acf(inner, nlags=lags, missing="conservative"), nlags=lags, isacov=True)[2]
    return pd.DataFrame({"lag": np.arange(1, lags + 1), "acf": _acf(inner, lags)[1:], "pacf": partial[1:]})


def ljung_box(values: pd.Series, lags: int) -> float:
    """P-value of Ljung and Box (1978, Biometrika 65) that the first autocorrelations are all zero; NaN where there are
    none.
    """
    inner, lags = _known(values, lags)
    return float(q_stat(_acf(inner, lags)[1:], int(values.count()))[1][-1]) if lags else np.nan
