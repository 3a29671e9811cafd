"""The simple forecasts that a target departs from, with coefficients fitted before.

Each takes rows of one or more tickers, in order (at least ticker and last, or log_variance), and gives (rows, horizon)
float64: prices, or log variances; NaN where its look-back is incomplete. A row's forecast does not depend on how many
other rows there are, to the bit.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.forecaster.preparation import Coefficients, fitted
from pipeline.forecaster.volatility import MONTH

Floats = NDArray[np.float64]


def forecast(name: str, rows: pd.DataFrame, coefficients: Coefficients, horizon: int, season: int) -> Floats:
    """The baseline of this name: persistence, drift, seasonal_naive or har."""
    match name:
        case "persistence":
            return persistence(rows, horizon)
        case "drift":
            return drift(rows, coefficients, horizon)
        case "seasonal_naive":
            return seasonal_naive(rows, season, horizon)
        case "har":
            return linear(means(rows, "log_variance"), coefficients, rows["ticker"])
        case _:
            raise ValueError(name)


def persistence(rows: pd.DataFrame, horizon: int) -> Floats:
    """The price stays as it is."""
    return np.repeat(rows["last"].to_numpy(np.float64)[:, None], horizon, axis=1)


def drift(rows: pd.DataFrame, coefficients: Coefficients, horizon: int) -> Floats:
    """The price goes on by its ticker's mean change over train. coefficients: the change after h = 1 ... horizon."""
    at, names = pd.factorize(rows["ticker"])
    change = np.array([[own for (own,) in fitted(coefficients, str(name))] for name in names])
    return persistence(rows, horizon) + change[at]


def seasonal_naive(rows: pd.DataFrame, season: int, horizon: int) -> Floats:
    """The price is what it last was at the same place in the season: Hyndman and Athanasopoulos, "Forecasting:
    principles and practice", 3rd ed., section 5.2.
    """
    own = rows.groupby("ticker", sort=False)["last"]
    ahead = [
        own.transform(lambda last, h=h: seasons(last, season).shift(-h % season)).to_numpy(np.float64)
        for h in range(1, horizon + 1)
    ]
    return np.column_stack(ahead)


def seasons(last: pd.Series, season: int) -> pd.Series:
    """One ticker's values, each gap filled with the last value known at the same place in the season."""
    return last.groupby(np.arange(len(last)) % season).ffill()


def means(rows: pd.DataFrame, column: str) -> Floats:
    """A column's means over a session, a week and a month: (rows, 3)."""
    own = rows.groupby("ticker", sort=False)[column]
    spans = [own.transform(lambda values, n=n: values.rolling(n).mean()) for n in (1, 5, MONTH)]
    return np.column_stack([span.to_numpy(np.float64) for span in spans])


def linear(terms: Floats, coefficients: Coefficients, tickers: pd.Series) -> Floats:
    """A constant and a multiple of each term: (rows, k) and k + 1 coefficients a horizon -> (rows, horizon).

    Added term by term: a matrix product's order of adding up would depend on how many rows there are.
    """
    at, names = pd.factorize(tickers)
    own = np.array([fitted(coefficients, str(name)) for name in names])[at]  # (rows, horizon, k + 1)
    forecast = own[:, :, 0].copy()
    for k, term in enumerate(terms.T, 1):
        forecast += term[:, None] * own[:, :, k]
    return forecast
