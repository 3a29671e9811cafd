"""data/prices.parquet: one row is a session of a ticker, sorted by both; null is what the source does not say.

A price table has a close, and then all of NUMBERS; another series has columns of its own. Both may have more.
"""

from collections.abc import Iterable

import pandas as pd
import pyarrow as pa

from pipeline.tables import KEY

OHLC = ("open", "high", "low", "close")
PRICES = (*OHLC, "adj_close")
NUMBERS = (*PRICES, "volume", "dividends", "splits")


def schema(columns: Iterable[str]) -> pa.Schema:
    """The schema for these value columns."""
    return pa.schema([*KEY, *((name, pa.float64()) for name in columns)])


def columns_of(prices: pd.DataFrame) -> list[str]:
    """The names of the value columns, in order."""
    return [name for name in prices.columns if name not in ("ticker", "date")]


def main_of(columns: list[str]) -> str:
    """The column a series is about: the close where there is one, else the first."""
    return "close" if "close" in columns else columns[0]


def has_range(prices: pd.DataFrame) -> bool:
    """Whether any session has open, high, low and close, of which variances are made."""
    return set(OHLC) <= set(prices.columns) and bool(prices[list(OHLC)].notna().all(axis=1).any())
