"""What a price table must satisfy: rows that cannot be true, sessions that are not there, or should not be."""

import numpy as np
import pandas as pd

from pipeline.tables.prices import OHLC, columns_of

ROUNDING = 1e-6  # relative: sources print prices with six or more digits
JUMP = 1.5  # a close that grows by this factor, or shrinks by it, from one session to the next is worth a look


def impossible(prices: pd.DataFrame, steps: pd.DatetimeIndex | None) -> pd.DataFrame:
    """The rows that cannot be true, in order: columns row (a label of `prices`), ticker, date, reason.

    steps: of an evenly spaced series. Bounds on prices hold where there is a close; any other series may be negative.
    Nulls are not judged here.
    """
    columns = columns_of(prices)
    reasons = {"not a finite number": np.isinf(prices[columns]).any(axis=1)}
    if steps is not None:
        reasons["between two steps"] = ~prices["date"].isin(steps)
    if "close" in columns:
        low, high = prices["low"] * (1 - ROUNDING), prices["high"] * (1 + ROUNDING)
        reasons |= {
            "price not above zero": (prices[list(OHLC)] <= 0).any(axis=1),
            "high below low": prices["high"] < prices["low"],
            "open outside the session's range": (prices["open"] < low) | (prices["open"] > high),
            "close outside the session's range": (prices["close"] < low) | (prices["close"] > high),
            "volume below zero": prices["volume"] < 0,
        }
    # A row that is impossible in itself does not make another one of its session doubtful; of equal rows one is kept.
    sound = prices[~np.logical_or.reduce(list(reasons.values()))]
    copies = sound.duplicated()
    rivals = sound[~copies].duplicated(["ticker", "date"], keep=False).reindex(sound.index, fill_value=False)
    reasons["session given twice"] = (copies | rivals).reindex(prices.index, fill_value=False)
    found = pd.concat([prices.loc[is_so, ["ticker", "date"]].assign(reason=why) for why, is_so in reasons.items()])
    rows = found.rename_axis("row").groupby(["ticker", "date", "row"])["reason"].agg("; ".join)
    return rows.reset_index()


def jumps(prices: pd.DataFrame) -> pd.DataFrame:
    """Where the close of one ticker grew or shrank by JUMP or more: columns date, factor. It may be true."""
    factor = prices["close"] / prices["close"].shift()
    jumped = (factor >= JUMP) | (factor <= 1 / JUMP)
    return pd.DataFrame({"date": prices["date"], "factor": factor})[jumped]


def missing_sessions(dates: pd.Series, sessions: pd.DatetimeIndex) -> pd.DatetimeIndex:
    """The calendar's sessions between a ticker's first and last date that are not among its dates."""
    within = sessions[(sessions >= dates.min()) & (sessions <= dates.max())]
    return within.difference(pd.DatetimeIndex(dates))


def unexpected_sessions(dates: pd.Series, sessions: pd.DatetimeIndex, since: pd.Timestamp) -> pd.DatetimeIndex:
    """A ticker's dates that are no session of the calendar. since: from when on the calendar is known."""
    unexpected = pd.DatetimeIndex(dates).difference(sessions)
    return unexpected[unexpected >= since]


def known(prices: pd.DataFrame, column: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The rows with a value of the column, and those without."""
    null = prices[column].isna()
    return prices[~null], prices[null]


def evenly_spaced(known: pd.DataFrame, nulls: pd.DataFrame, steps: pd.DatetimeIndex) -> pd.DataFrame:
    """A row for each step between a ticker's first and last known value: known, null, or added, all values null."""
    whole = []
    for ticker, own in known.groupby("ticker"):
        within = steps[(steps >= own["date"].min()) & (steps <= own["date"].max())]
        rows = pd.concat([own, nulls[nulls["ticker"] == ticker]]).set_index("date")
        whole.append(rows.reindex(within).rename_axis("date").reset_index().assign(ticker=ticker))
    return pd.concat(whole, ignore_index=True)[known.columns]
