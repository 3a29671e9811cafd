"""How much a ticker moves: log Garman-Klass variance of a session, and current volatility."""

import numpy as np
import pandas as pd

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
    else, or where there is none, the exponentially weighted mean of absolute changes. rows: tables/samples, by
    ticker in order.
    """
    own = rows.groupby("ticker", sort=False)["last"]
    typical = own.transform(lambda last: last.diff().abs().ewm(alpha=1 - DECAY).mean())
    return (rows["last"] * rows["volatility"]).fillna(typical) if priced else typical
