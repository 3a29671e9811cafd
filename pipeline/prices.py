"""The price table, data/prices.parquet: one row is a session of a ticker, sorted by both; null is what the source does
not say. Which of its rows cannot be true.

A price table has a close, and then all of NUMBERS; another series has columns of its own. Both may have more.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pyarrow as pa

OHLC = ("open", "high", "low", "close")
PRICES = (*OHLC, "adj_close")
NUMBERS = (*PRICES, "volume", "dividends", "splits")
ROUNDING = 1e-6  # relative: sources print prices with six or more digits


def schema(columns: Iterable[str]) -> pa.Schema:
    """The schema for these value columns."""
    return pa.schema(
        [("ticker", pa.string()), ("date", pa.timestamp("us")), *((name, pa.float64()) for name in columns)]
    )


def columns_of(prices: pd.DataFrame) -> list[str]:
    """The names of the value columns, in order."""
    return [name for name in prices.columns if name not in ("ticker", "date")]


def main_of(columns: list[str]) -> str:
    """The column a series is about: the close where there is one, else the first."""
    return "close" if "close" in columns else columns[0]


def has_range(prices: pd.DataFrame) -> bool:
    """Whether any session has open, high, low and close, of which variances are made."""
    return set(OHLC) <= set(prices.columns) and bool(prices[list(OHLC)].notna().all(axis=1).any())


@dataclass(frozen=True)
class Found:
    """What a source found.

    prices: ticker, date (datetime64[us], no zone) and float64 values, as the source has them, in any order;
    units: of the main column, by ticker, empty where the source does not say;
    unfinished: sessions left out because they had not ended yet, by ticker.
    """

    prices: pd.DataFrame
    units: dict[str, str]
    unfinished: dict[str, list[str]] = field(default_factory=dict)


def canonical(prices: pd.DataFrame) -> pd.DataFrame:
    """Sorted by ticker and date; a price table with all its columns, null where the source does not say."""
    columns = columns_of(prices)
    if "close" in columns:
        columns = [*NUMBERS, *(name for name in columns if name not in NUMBERS)]
    sorted_prices = prices.sort_values(["ticker", "date"], kind="stable", ignore_index=True)
    return sorted_prices.reindex(columns=["ticker", "date", *columns]).astype(dict.fromkeys(columns, "float64"))


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
