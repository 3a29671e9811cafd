"""Where prices come from: each module's `prices` finds a price table as tables/prices.py describes it."""

from dataclasses import dataclass, field

import pandas as pd

from pipeline.tables.prices import NUMBERS, columns_of


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
