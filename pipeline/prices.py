"""What a price table must satisfy: rows that cannot be true, sessions that are not there, or should not be."""

import pandas as pd

from pipeline.tables.prices import OHLC

ROUNDING = 1e-6  # relative: sources print prices with six or more digits


def impossible(prices: pd.DataFrame) -> pd.DataFrame:
    """The rows that cannot be true: columns ticker, date, reason, one row for each reason."""
    low, high = prices["low"] * (1 - ROUNDING), prices["high"] * (1 + ROUNDING)
    reasons = {
        "session given twice": prices.duplicated(["ticker", "date"], keep=False),
        "close missing": prices["close"].isna(),
        "price not above zero": (prices[list(OHLC)] <= 0).any(axis=1),
        "high below low": prices["high"] < prices["low"],
        "open outside the session's range": (prices["open"] < low) | (prices["open"] > high),
        "close outside the session's range": (prices["close"] < low) | (prices["close"] > high),
        "volume below zero": prices["volume"] < 0,
    }
    found = [prices.loc[is_so, ["ticker", "date"]].assign(reason=reason) for reason, is_so in reasons.items()]
    return pd.concat(found).sort_values(["ticker", "date"], kind="stable", ignore_index=True)


def missing_sessions(dates: pd.Series, sessions: pd.DatetimeIndex) -> pd.DatetimeIndex:
    """The calendar's sessions between a ticker's first and last date that are not among its dates."""
    within = sessions[(sessions >= dates.min()) & (sessions <= dates.max())]
    return within.difference(pd.DatetimeIndex(dates))


def unexpected_sessions(dates: pd.Series, sessions: pd.DatetimeIndex) -> pd.DatetimeIndex:
    """A ticker's dates that are no session of the calendar."""
    return pd.DatetimeIndex(dates).difference(sessions)
