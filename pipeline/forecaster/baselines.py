"""The baselines, from which the network's forecasts depart: how they are fitted on train, and how they forecast.

The forecast functions take rows of one or more tickers, in order, with ticker and last or log_variance. They return
(rows, horizon) float64: prices or log variances, NaN where too few earlier rows are known. The forecast of a row has
exactly the same bits however many other rows there are.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.forecaster.preparation import Coefficients, Pool, fit_groups, for_rows
from pipeline.forecaster.targets import MONTH, future_values, trailing_mean

Floats = NDArray[np.float64]


def forecast(name: str, rows: pd.DataFrame, coefficients: Coefficients, horizon: int, season_length: int) -> Floats:
    """Forecast with a baseline. name: persistence, drift, seasonal_naive or har."""
    match name:
        case "persistence":
            return persistence(rows, horizon)
        case "drift":
            return drift(rows, coefficients, horizon)
        case "seasonal_naive":
            return seasonal_naive(rows, season_length, horizon)
        case "har":
            return linear_forecast(har_terms(rows), coefficients, rows["ticker"])
        case _:
            raise ValueError(name)


def fit(name: str, rows: pd.DataFrame, horizon: int, pool: Pool, *, priced: bool) -> Coefficients:
    """Fit a baseline on the train rows. The result is empty for a baseline without coefficients.

    pool: for HAR; priced: whether the rows are prices.
    """
    match name:
        case "drift":
            return fit_drift(rows, range(1, horizon + 1), priced=priced)
        case "har":
            return fit_har(rows, range(1, horizon + 1), pool)
        case _:
            return {}


def persistence(rows: pd.DataFrame, horizon: int) -> Floats:
    """Forecast that the price stays the same."""
    return np.repeat(rows["last"].to_numpy(np.float64)[:, None], horizon, axis=1)


def drift(rows: pd.DataFrame, coefficients: Coefficients, horizon: int) -> Floats:
    """Forecast that the price goes on as over train. coefficients: as from `fit_drift`."""
    change, log_return = np.moveaxis(for_rows(coefficients, rows["ticker"]), 2, 0)  # each (rows, horizon)
    return persistence(rows, horizon) * np.exp(log_return) + change


def seasonal_naive(rows: pd.DataFrame, season_length: int, horizon: int) -> Floats:
    """Forecast the last value known at the same place in the season.

    Source: Hyndman and Athanasopoulos, "Forecasting: principles and practice", 3rd ed., section 5.2.
    """
    last_by_ticker = rows.groupby("ticker", sort=False)["last"]
    columns = [
        last_by_ticker.transform(lambda last, h=h: fill_by_season(last, season_length).shift(-h % season_length))
        for h in range(1, horizon + 1)
    ]
    return np.column_stack([column.to_numpy(np.float64) for column in columns])


def fill_by_season(last: pd.Series, season_length: int) -> pd.Series:
    """Fill each gap of one ticker with the last value known at the same place in the season."""
    return last.groupby(np.arange(len(last)) % season_length).ffill()


def trailing_means(rows: pd.DataFrame, column: str) -> Floats:
    """Return the means of a column over the last session, week and month: (rows, 3)."""
    return np.column_stack([trailing_mean(rows[column], rows["ticker"], sessions) for sessions in (1, 5, MONTH)])


def har_terms(rows: pd.DataFrame) -> Floats:
    """Return the terms of HAR, (rows, 3)."""
    return trailing_means(rows, "log_variance")


def linear_forecast(terms: Floats, coefficients: Coefficients, tickers: pd.Series) -> Floats:
    """Return a constant plus a multiple of each term: (rows, horizon).

    terms: (rows, k); coefficients: k + 1 for each horizon, the constant first.
    """
    coefficients_by_row = for_rows(coefficients, tickers)  # (rows, horizon, k + 1)
    forecast = coefficients_by_row[:, :, 0].copy()
    # The terms are added one by one: in a matrix product the order of the sums depends on the number of rows.
    for k, term in enumerate(terms.T, 1):
        forecast += term[:, None] * coefficients_by_row[:, :, k]
    return forecast


def fit_drift(rows: pd.DataFrame, horizons: Sequence[int], *, priced: bool) -> Coefficients:
    """Return the mean change and the mean log return of each ticker over train, times each horizon.

    A price grows in proportion to itself, so for prices the change is 0; for other values the log return is 0.
    Source: Hyndman and Athanasopoulos, "Forecasting: principles and practice", 3rd ed., section 5.2. Here the mean is
    fitted once, not again at each origin.
    """
    positions = rows.groupby("ticker").cumcount()  # a row with a gap counts as a step too
    rows = rows.assign(value=np.log(rows["last"]) if priced else rows["last"], position=positions)
    train = rows[rows["split"] == "train"].groupby("ticker")[["value", "position"]]
    change = train.last() - train.first()
    slopes = (change["value"] / change["position"]).items()
    return {
        str(ticker): [[0.0, slope * h] if priced else [slope * h, 0.0] for h in horizons] for ticker, slope in slopes
    }


def fit_least_squares(rows: pd.DataFrame, terms: Floats, horizons: Sequence[int], pool: Pool) -> Coefficients:
    """Fit log variance on a constant and the terms by ordinary least squares, on the train rows.

    Each horizon, and by `pool` each ticker, has its own fit. terms: (rows, k).
    """
    with_constant = np.column_stack([np.ones(len(terms)), terms])
    future = future_values(rows, "log_variance", max(horizons))
    is_train = (rows["split"] == "train").to_numpy() & np.isfinite(terms).all(axis=1)
    usable = is_train[:, None] & np.isfinite(future)
    fits: Coefficients = {}
    for group, positions in fit_groups(rows["ticker"], pool).items():
        fits[group] = []
        for h in horizons:
            used = positions[usable[positions, h - 1]]
            fits[group].append(np.linalg.lstsq(with_constant[used], future[used, h - 1])[0].tolist())
    return fits


def fit_har(rows: pd.DataFrame, horizons: Sequence[int], pool: Pool) -> Coefficients:
    """Fit HAR: a regression of log variance on its means over the last session, week and month.

    Source: Corsi (2009), "A simple approximate long-memory model of realized volatility", Journal of Financial
    Econometrics 7(2). HAR stands for heterogeneous autoregression.
    """
    return fit_least_squares(rows, har_terms(rows), horizons, pool)
