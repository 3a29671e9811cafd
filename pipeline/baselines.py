"""The simple forecasts a network must be compared with, from its own origins; whatever is fitted sees train only.

Train starts where the look-back of the chosen features is complete, so other features may fit other coefficients.

Each takes the rows (at least ticker, split, last, log_variance, in order), a horizon and the steps in a season, and
gives (rows, horizon) float64: prices, or log variances; NaN where its look-back is incomplete.
"""

from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.targets import ahead
from pipeline.volatility import MONTH

Floats = NDArray[np.float64]


def persistence(rows: pd.DataFrame, horizon: int, season: int) -> Floats:
    """The price stays as it is."""
    return np.repeat(rows["last"].to_numpy(np.float64)[:, None], horizon, axis=1)


def drift(rows: pd.DataFrame, horizon: int, season: int) -> Floats:
    """The price goes on by its mean change over train: Hyndman and Athanasopoulos, "Forecasting: principles and
    practice", 3rd ed., section 5.2, fitted once instead of at each origin.
    """
    at = rows.groupby("ticker").cumcount()  # gaps are steps too
    train = rows.assign(at=at)[rows["split"] == "train"].groupby("ticker")[["last", "at"]]
    change = train.last() - train.first()
    slope = change["last"] / change["at"]
    steps = np.arange(1, horizon + 1)
    return persistence(rows, horizon, season) + rows["ticker"].map(slope).to_numpy(np.float64)[:, None] * steps


def seasonal_naive(rows: pd.DataFrame, horizon: int, season: int) -> Floats:
    """The price is what it last was at the same place in the season: Hyndman and Athanasopoulos, section 5.2."""
    own = rows.groupby("ticker", sort=False)["last"]
    ahead = [
        own.transform(lambda last, h=h: seasons(last, season).shift(-h % season)).to_numpy(np.float64)
        for h in range(1, horizon + 1)
    ]
    return np.column_stack(ahead)


def seasons(last: pd.Series, season: int) -> pd.Series:
    """One ticker's values, each gap filled with the last value known at the same place in the season."""
    return last.groupby(np.arange(len(last)) % season).ffill()


def har(rows: pd.DataFrame, horizon: int, season: int) -> Floats:
    """The heterogeneous autoregression of Corsi (2009), "A simple approximate long-memory model of realized
    volatility", Journal of Financial Econometrics 7(2), on log variance: ordinary least squares on
    its means over a session, a week and a month, one fit for each horizon, pooled over tickers.
    """
    g = rows.groupby("ticker", sort=False)["log_variance"]
    means = [g.transform(lambda own, n=n: own.rolling(n).mean()).to_numpy(np.float64) for n in (1, 5, MONTH)]
    regressors = np.column_stack([np.ones(len(rows)), *means])
    future = ahead(rows, "log_variance", horizon)
    train = (rows["split"] == "train").to_numpy() & np.isfinite(regressors).all(axis=1)
    train &= np.isfinite(future).all(axis=1)
    coefficients = np.linalg.lstsq(regressors[train], future[train])[0]
    return regressors @ coefficients


# name: what it forecasts, and how
BASELINES: dict[str, tuple[str, Callable[[pd.DataFrame, int, int], Floats]]] = {
    "persistence": ("price", persistence),
    "drift": ("price", drift),
    "seasonal_naive": ("price", seasonal_naive),
    "har": ("variance", har),
}
