"""The price table data/prices.parquet, and which rows of it are impossible.

One row is one session of one ticker, sorted by ticker and date. A value that the source does not give is null.
A table with a column close is a price table: it has all columns of NUMBERS and may have more.
A table of another series, such as temperatures, has its own columns.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pandas as pd
import pyarrow as pa

OHLC = ("open", "high", "low", "close")
PRICES = (*OHLC, "adj_close")
NUMBERS = (*PRICES, "volume", "dividends", "splits")
GIVEN_TWICE = "date given twice"
ROUNDING_TOLERANCE = 1e-6  # relative: sources print prices with six or more digits


def schema(columns: Iterable[str]) -> pa.Schema:
    """Return the Parquet schema of a table with these value columns."""
    return pa.schema(
        [("ticker", pa.string()), ("date", pa.timestamp("us")), *((name, pa.float64()) for name in columns)]
    )


def value_columns(prices: pd.DataFrame) -> list[str]:
    """Return all columns except ticker and date, in order."""
    return [name for name in prices.columns if name not in ("ticker", "date")]


def main_column(columns: list[str]) -> str:
    """Return the column in which each row needs a value: close if it exists, otherwise the first."""
    return "close" if "close" in columns else columns[0]


def has_range(prices: pd.DataFrame) -> bool:
    """Return whether any session has open, high, low and close, which the variance is computed from."""
    return set(OHLC) <= set(prices.columns) and bool(prices[list(OHLC)].notna().all(axis=1).any())


@dataclass(frozen=True)
class SourceData:
    """The data that a source returned.

    prices: ticker, date (datetime64[us], no time zone) and float64 values, unchanged and in any order;
    units: unit of the main column by ticker, empty if the source does not name it;
    unfinished: sessions by ticker that were left out because they had not ended yet;
    irregular: how many numbers are grouped irregularly, by ticker and column: see scrape.parsing.numbers.
    """

    prices: pd.DataFrame
    units: dict[str, str]
    unfinished: dict[str, list[str]] = field(default_factory=dict)
    irregular: dict[str, dict[str, int]] = field(default_factory=dict)


def canonical(prices: pd.DataFrame) -> pd.DataFrame:
    """Sort by ticker and date. Give a price table all columns of NUMBERS; those the source does not give are null."""
    columns = value_columns(prices)
    if "close" in columns:
        columns = [*NUMBERS, *(name for name in columns if name not in NUMBERS)]
    sorted_prices = prices.sort_values(["ticker", "date"], kind="stable", ignore_index=True)
    return sorted_prices.reindex(columns=["ticker", "date", *columns]).astype(dict.fromkeys(columns, "float64"))


def impossible_rows(prices: pd.DataFrame, steps: pd.DatetimeIndex | None) -> pd.DataFrame:
    """Return the rows with impossible values, sorted: columns row (a label of `prices`), ticker, date, reason.

    steps: the dates of an evenly spaced series; None for an exchange.
    Prices must be positive and inside high and low. Values of a table without close may be negative.
    Nulls are never impossible.
    """
    columns = value_columns(prices)
    reasons = {"not a finite number": np.isinf(prices[columns]).any(axis=1)}
    if steps is not None:
        reasons["between two steps"] = ~prices["date"].isin(steps)
    if "close" in columns:
        low, high = prices["low"] * (1 - ROUNDING_TOLERANCE), prices["high"] * (1 + ROUNDING_TOLERANCE)
        reasons |= {
            "price not above zero": (prices[list(OHLC)] <= 0).any(axis=1),
            "high below low": prices["high"] < prices["low"],
            "open outside low to high": (prices["open"] < low) | (prices["open"] > high),
            "close outside low to high": (prices["close"] < low) | (prices["close"] > high),
            "volume below zero": prices["volume"] < 0,
        }
    # Look for repeated dates only among the other rows. Of identical rows, the first is kept.
    valid = prices[~np.logical_or.reduce(list(reasons.values()))]
    copies = valid.duplicated()
    conflicts = valid[~copies].duplicated(["ticker", "date"], keep=False).reindex(valid.index, fill_value=False)
    reasons[GIVEN_TWICE] = (copies | conflicts).reindex(prices.index, fill_value=False)
    faults = pd.concat([prices.loc[rows, ["ticker", "date"]].assign(reason=reason) for reason, rows in reasons.items()])
    joined = faults.rename_axis("row").groupby(["ticker", "date", "row"])["reason"].agg("; ".join)
    return joined.reset_index()


def one_row_a_date(prices: pd.DataFrame, keep: Literal["first", "last", "mean"]) -> pd.DataFrame:
    """Merge rows with the same ticker and date. keep: first, last, or mean (of the known values of each column)."""
    if keep == "mean":
        return prices.groupby(["ticker", "date"], as_index=False).mean()
    return prices.drop_duplicates(["ticker", "date"], keep=keep)


def split_nulls(prices: pd.DataFrame, column: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the rows with a value in the column, and the rows without one."""
    null = prices[column].isna()
    return prices[~null], prices[null]


def evenly_spaced(prices: pd.DataFrame, column: str, steps: pd.DatetimeIndex) -> pd.DataFrame:
    """Return a row for each step between the first and the last value of a ticker in the column.

    The values of a step without a row are null.
    """
    tables = []
    for ticker, rows in prices.set_index("date").groupby("ticker"):
        known = rows.index[rows[column].notna()]
        dates = steps[(steps >= known.min()) & (steps <= known.max())]
        tables.append(rows.reindex(dates).rename_axis("date").reset_index().assign(ticker=ticker))
    return pd.concat(tables, ignore_index=True)[prices.columns]
