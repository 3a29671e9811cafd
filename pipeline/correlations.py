"""How values go with those before them, and tickers with one another (the only module that imports statsmodels)."""

import numpy as np
import pandas as pd
from scipy.cluster.hierarchy import leaves_list, linkage
from scipy.spatial.distance import squareform
from statsmodels.tsa.stattools import acf, levinson_durbin, q_stat

TOGETHER = 30  # steps that two tickers must share


def autocorrelations(values: pd.Series, lags: int) -> pd.DataFrame:
    """Columns lag, acf, pacf, at lags 1 to `lags`, fewer where there are fewer values.

    values: in order, at even steps; what is missing is passed over (statsmodels, "conservative"). Partial ones are by
    the Durbin-Levinson recursion on the others. Values that are all the same have none.
    """
    known = values.dropna()
    lags = max(min(lags, len(known) // 2 - 1), 0)
    if not lags or known.nunique() == 1:
        return pd.DataFrame({"lag": [], "acf": [], "pacf": []})
    inner = values.loc[known.index[0] : known.index[-1]].to_numpy(np.float64)
    share = 1 - np.arange(lags + 1) / len(inner)
    found = acf(inner, nlags=lags, missing="conservative", adjusted=True) * share  # over the pairs that are known
    # The recursion needs a sequence that is one of covariances, whatever is missing.
    partial = levinson_durbin(acf(inner, nlags=lags, missing="conservative"), nlags=lags, isacov=True)[2]
    return pd.DataFrame({"lag": np.arange(1, lags + 1), "acf": found[1:], "pacf": partial[1:]})


def ljung_box(values: pd.Series, lags: int) -> float:
    """P-value of Ljung and Box (1978, Biometrika 65) that the first autocorrelations are all zero; NaN where there are
    none.
    """
    found = autocorrelations(values, lags)["acf"]
    return float(q_stat(found.to_numpy(), int(values.count()))[1][-1]) if len(found) else np.nan


def between(values: pd.DataFrame) -> pd.DataFrame:
    """Correlation of each column with each, in an order that puts like beside like; NaN where too few steps are shared.

    values: a row a step, a column a ticker. The order is of average linkage on 1 - correlation, its leaves so placed
    that neighbours are near (Bar-Joseph, Gifford and Jaakkola 2001).
    """
    found = values.corr(min_periods=TOGETHER)
    if len(found) < 3:
        return found
    distance = np.clip(1 - found.fillna(0).to_numpy(), 0, None)
    np.fill_diagonal(distance, 0)
    order = leaves_list(linkage(squareform(distance, checks=False), "average", optimal_ordering=True))
    return found.iloc[order, order]
