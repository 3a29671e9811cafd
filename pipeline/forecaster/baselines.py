"""The simple forecasts that a target departs from: what train teaches of them, and how they forecast.

Each forecast takes rows of one or more tickers, in order (at least ticker and last, or log_variance), and gives
(rows, horizon) float64: prices, or log variances; NaN where its look-back is incomplete. A row's forecast does not
depend on how many other rows there are, to the bit.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.forecaster.preparation import ALL, Coefficients, by_row
from pipeline.forecaster.targets import MONTH, ahead

Floats = NDArray[np.float64]


def forecast(name: str, rows: pd.DataFrame, coefficients: Coefficients, horizon: int, season_length: int) -> Floats:
    """The baseline of this name: persistence, drift, seasonal_naive or har."""
    match name:
        case "persistence":
            return persistence(rows, horizon)
        case "drift":
            return drift(rows, coefficients, horizon)
        case "seasonal_naive":
            return seasonal_naive(rows, season_length, horizon)
        case "har":
            return linear(means(rows, "log_variance"), coefficients, rows["ticker"])
        case _:
            raise ValueError(name)


def fit(name: str, rows: pd.DataFrame, horizon: int) -> Coefficients:
    """What train teaches of the baseline of this name; nothing of one without coefficients."""
    match name:
        case "drift":
            return drift_of(rows, range(1, horizon + 1))
        case "har":
            return har_of(rows, range(1, horizon + 1))
        case _:
            return {}


def persistence(rows: pd.DataFrame, horizon: int) -> Floats:
    """The price stays as it is."""
    return np.repeat(rows["last"].to_numpy(np.float64)[:, None], horizon, axis=1)


def drift(rows: pd.DataFrame, coefficients: Coefficients, horizon: int) -> Floats:
    """The price goes on by its ticker's mean change over train. coefficients: the change after h = 1 ... horizon."""
    change = by_row(coefficients, rows["ticker"])  # (rows, horizon, 1)
    return persistence(rows, horizon) + change[:, :, 0]


def seasonal_naive(rows: pd.DataFrame, season_length: int, horizon: int) -> Floats:
    """The price is what it last was at the same place in the season: Hyndman and Athanasopoulos, "Forecasting:
    principles and practice", 3rd ed., section 5.2.
    """
    own = rows.groupby("ticker", sort=False)["last"]
    ahead = [
        own.transform(lambda last, h=h: seasons(last, season_length).shift(-h % season_length)).to_numpy(np.float64)
        for h in range(1, horizon + 1)
    ]
    return np.column_stack(ahead)


def seasons(last: pd.Series, season_length: int) -> pd.Series:
    """One ticker's values, each gap filled with the last value known at the same place in the season."""
    return last.groupby(np.arange(len(last)) % season_length).ffill()


def means(rows: pd.DataFrame, column: str) -> Floats:
    """A column's means over a session, a week and a month: (rows, 3)."""
    own = rows.groupby("ticker", sort=False)[column]
    spans = [own.transform(lambda values, n=n: values.rolling(n).mean()) for n in (1, 5, MONTH)]
    return np.column_stack([span.to_numpy(np.float64) for span in spans])


def linear(terms: Floats, coefficients: Coefficients, tickers: pd.Series) -> Floats:
    """A constant and a multiple of each term: (rows, k) and k + 1 coefficients a horizon -> (rows, horizon).

    Added term by term: a matrix product's order of adding up would depend on how many rows there are.
    """
    own = by_row(coefficients, tickers)  # (rows, horizon, k + 1)
    forecast = own[:, :, 0].copy()
    for k, term in enumerate(terms.T, 1):
        forecast += term[:, None] * own[:, :, k]
    return forecast


def drift_of(rows: pd.DataFrame, horizons: Sequence[int]) -> Coefficients:
    """Each ticker's mean change over train, times each horizon: Hyndman and Athanasopoulos, "Forecasting: principles
    and practice", 3rd ed., section 5.2, fitted once instead of at each origin.
    """
    at = rows.groupby("ticker").cumcount()  # gaps are steps too
    train = rows.assign(at=at)[rows["split"] == "train"].groupby("ticker")[["last", "at"]]
    change = train.last() - train.first()
    slopes = change["last"] / change["at"]
    return {str(ticker): [[float(slope * h)] for h in horizons] for ticker, slope in slopes.items()}


def least_squares(rows: pd.DataFrame, terms: Floats, horizons: Sequence[int]) -> Coefficients:
    """A constant and a multiple of each term by ordinary least squares on train, one fit for each horizon, pooled over
    tickers. terms: (rows, k).
    """
    with_constant, future = np.column_stack([np.ones(len(terms)), terms]), ahead(rows, "log_variance", max(horizons))
    train = (rows["split"] == "train").to_numpy() & np.isfinite(terms).all(axis=1)
    fits = []
    for h in horizons:
        seen = train & np.isfinite(future[:, h - 1])
        fits.append(np.linalg.lstsq(with_constant[seen], future[seen, h - 1])[0].tolist())
    return {ALL: fits}


def har_of(rows: pd.DataFrame, horizons: Sequence[int]) -> Coefficients:
    """The heterogeneous autoregression of Corsi (2009), "A simple approximate long-memory model of realized
    volatility", Journal of Financial Econometrics 7(2), on log variance: `least_squares` on its means over a session, a
    week and a month.
    """
    return least_squares(rows, means(rows, "log_variance"), horizons)
