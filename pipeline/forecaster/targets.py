"""What is forecast: a session's log variance and its price as a target, and the way back from the network's outputs."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.forecaster import samples as table
from pipeline.forecaster.preparation import Kind, Preparation, inverse_transform

Target = Literal["return", "level", "difference", "variance"]
Floats = NDArray[np.float64]

FLOOR = 1e-8  # of a session's variance, 0.01 % of movement: a session with high = low has no logarithm
MONTH = 22  # sessions
DECAY = 0.94  # RiskMetrics' (1996) lambda for daily data


def log_variance(prices: pd.DataFrame) -> pd.Series:
    """Log of each session's variance by Garman and Klass (1980), "On the estimation of security price
    volatilities from historical data", Journal of Business 53(1):
    0.5 log(high/low)^2 - (2 log 2 - 1) log(close/open)^2, floored at FLOOR.

    prices: open, high, low, close of one ticker, in order. Missing prices give NaN.
    """
    log = np.log(prices[["open", "high", "low", "close"]])
    variance = 0.5 * (log["high"] - log["low"]) ** 2 - (2 * np.log(2) - 1) * (log["close"] - log["open"]) ** 2
    return np.log(variance.clip(lower=FLOOR))


def volatility(log_variance: pd.Series) -> pd.Series:
    """Standard deviation of a session's log return as known now: exp of half the MONTH's mean log variance."""
    return np.exp(log_variance.rolling(MONTH).mean() / 2)


def change(rows: pd.DataFrame, *, priced: bool) -> pd.Series:
    """The size of a step's change as known now, in the value's own units: last x volatility of prices; of anything
    else, or where there is none, the exponentially weighted mean of absolute changes. rows: forecaster/samples, by
    ticker in order.
    """
    own = rows.groupby("ticker", sort=False)["last"]
    typical = own.transform(lambda last: last.diff().abs().ewm(alpha=1 - DECAY).mean())
    return (rows["last"] * rows["volatility"]).fillna(typical) if priced else typical


def ahead(rows: pd.DataFrame, column: str, horizon: int) -> Floats:
    """A column's values h = 1 ... horizon sessions later: (rows, horizon) float64, NaN beyond a ticker's end.

    rows: sorted by ticker and date.
    """
    own = rows.groupby("ticker", sort=False)[column]
    return np.column_stack([own.shift(-h).to_numpy(np.float64) for h in range(1, horizon + 1)])


def target(kind: Kind, price: Floats, last: Floats, volatility: Floats) -> Floats:
    """A future price as a target. price: (rows, horizon); last, volatility: (rows,), at the origin.

    return: log(price / last) / volatility; level: the price; difference: price - last.
    """
    match kind:
        case "return":
            return np.log(price / last[:, None]) / volatility[:, None]
        case "level":
            return price
        case "difference":
            return price - last[:, None]


def price(kind: Kind, target: Floats, last: Floats, volatility: Floats) -> Floats:
    """The inverse of `target`: a target, (rows, horizon), as a price."""
    match kind:
        case "return":
            return last[:, None] * np.exp(target * volatility[:, None])
        case "level":
            return target
        case "difference":
            return target + last[:, None]


def values(rows: pd.DataFrame, answers: Floats, preparation: Preparation, name: str, horizons: Sequence[int]) -> Floats:
    """What answers at some rows say of a target, in prices or log variances: (rows, horizons) float64.

    rows: of forecaster/samples; answers: the scaled departures, (rows, horizons); name: price or variance. The baseline
    at each row and the unscaled departure from it; a price is then made of the price target.
    """
    forecast, fit = np.empty(answers.shape), preparation.targets[name]
    for column, h in enumerate(horizons):
        departure = inverse_transform(answers[:, column].astype(np.float64), fit.scalers_of(h), rows["ticker"])
        forecast[:, column] = rows[table.baseline(name, h)].to_numpy() + departure
    if name == "price":
        return price(preparation.target, forecast, rows["last"].to_numpy(), rows["volatility"].to_numpy())
    return forecast
