"""The targets (log variance and price), and the way back from the network's scaled outputs to forecasts."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.forecaster.preparation import Kind, Preparation, inverse_transform
from pipeline.forecaster.samples import baseline_column

TargetKind = Literal["return", "level", "difference", "variance"]
Floats = NDArray[np.float64]

MIN_VARIANCE = 1e-8  # of a session, a move of 0.01 %: the log of 0, where high = low, does not exist
MONTH = 22  # sessions
DECAY = 0.94  # the lambda of RiskMetrics (1996) for daily data


def log_variance(prices: pd.DataFrame) -> pd.Series:
    """Return the log of the Garman-Klass variance of each session, which is estimated from its four prices.

    variance = 0.5 log(high / low)^2 - (2 log 2 - 1) log(close / open)^2, at least MIN_VARIANCE

    Source: Garman and Klass (1980), "On the estimation of security price volatilities from historical data", Journal of
    Business 53(1).
    prices: open, high, low, close. A missing price gives NaN.
    """
    log = np.log(prices[["open", "high", "low", "close"]])
    variance = 0.5 * (log["high"] - log["low"]) ** 2 - (2 * np.log(2) - 1) * (log["close"] - log["open"]) ** 2
    return np.log(variance.clip(lower=MIN_VARIANCE))


def trailing_mean(values: pd.Series, tickers: pd.Series, sessions: int, min_sessions: int | None = None) -> pd.Series:
    """Return the mean of each row and the ones before it of its ticker; NaN if values are missing.

    values, tickers: (rows,), the rows of a ticker one after the other; sessions: how many rows; min_sessions: how many
    of them may be enough, by default all.
    """
    means = values.groupby(tickers, sort=False).rolling(sessions, min_periods=min_sessions).mean()
    return pd.Series(means.to_numpy(), values.index)


def typical_change(rows: pd.DataFrame, *, priced: bool) -> pd.Series:
    """Return the size of one step's change as known at each origin, in the units of the value.

    For prices it is last x volatility. For other values, or where the volatility is missing, it is the exponentially
    weighted mean of the absolute changes. rows: samples, in order within each ticker; priced: whether they are prices.
    """
    last_by_ticker = rows.groupby("ticker", sort=False)["last"]
    mean_change = last_by_ticker.transform(lambda last: last.diff().abs().ewm(alpha=1 - DECAY).mean())
    return (rows["last"] * rows["volatility"]).fillna(mean_change) if priced else mean_change


def future_values(rows: pd.DataFrame, column: str, horizon: int) -> Floats:
    """Return the values of a column 1 ... horizon steps later: (rows, horizon) float64.

    Values after the last row of a ticker are NaN. rows: sorted by ticker and date.
    """
    by_ticker = rows.groupby("ticker", sort=False)[column]
    return np.column_stack([by_ticker.shift(-h).to_numpy(np.float64) for h in range(1, horizon + 1)])


def target_from_price(kind: Kind, price: Floats, last: Floats, volatility: Floats) -> Floats:
    """Convert future prices to targets: (rows, horizon).

    return: log(price / last) / volatility; level: price; difference: price - last

    price: (rows, horizon); last, volatility: at the origin, (rows,).
    """
    match kind:
        case "return":
            return np.log(price / last[:, None]) / volatility[:, None]
        case "level":
            return price
        case "difference":
            return price - last[:, None]


def price_from_target(kind: Kind, target: Floats, last: Floats, volatility: Floats) -> Floats:
    """Convert targets back to prices: the inverse of `target_from_price`."""
    match kind:
        case "return":
            return last[:, None] * np.exp(target * volatility[:, None])
        case "level":
            return target
        case "difference":
            return target + last[:, None]


def unscaled_forecasts(
    rows: pd.DataFrame, scaled: Floats, preparation: Preparation, name: str, horizons: Sequence[int]
) -> Floats:
    """Convert scaled outputs to forecasts, in prices or log variances: (rows, horizons) float64.

    Each output is unscaled and added to the baseline of its row, if there is one. For the price, this target is then
    converted to a price. rows: samples; scaled: outputs of the network or of a regressor, (rows, horizons); name: price
    or variance.
    """
    forecast, fit = np.empty(scaled.shape), preparation.targets[name]
    for column, h in enumerate(horizons):
        difference = inverse_transform(scaled[:, column].astype(np.float64), fit.scalers_of(h), rows["ticker"])
        baseline = rows[baseline_column(name, h)].to_numpy() if fit.baseline != "none" else 0.0
        forecast[:, column] = baseline + difference
    if name == "price":
        last, volatility = rows["last"].to_numpy(), rows["volatility"].to_numpy()
        return price_from_target(preparation.target, forecast, last, volatility)
    return forecast
