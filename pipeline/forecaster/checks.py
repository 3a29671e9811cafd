"""Checks of a price table before a forecast is made from it."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from pipeline import calendars
from pipeline.formats import format_date
from pipeline.io.errors import UserError
from pipeline.prices import OHLC, PRICES, impossible_rows


def checked_prices(prices: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    """Return ticker, date and these columns as float64, with rows numbered from 0.

    Raises UserError if the table lacks a column or has values of another type.
    """
    required = ["ticker", "date", *columns]
    if missing := [name for name in required if name not in prices.columns]:
        raise UserError(f"prices: found no column {', '.join(missing)}; accepted: {', '.join(required)}")
    if repeated := [name for name in required if list(prices.columns).count(name) > 1]:
        raise UserError(f"prices: found the column {repeated[0]} twice; accepted: each column once")
    if prices.empty:
        raise UserError("prices: found no rows; accepted: the rows of at least one ticker")
    if prices["ticker"].isna().any():
        raise UserError("prices: column ticker: found rows without a ticker; accepted: a ticker in each row")
    if pd.api.types.infer_dtype(prices["ticker"]).startswith("mixed"):
        raise UserError("prices: column ticker: found values of several types; accepted: texts")
    if not pd.api.types.is_datetime64_dtype(prices["date"]) or prices["date"].isna().any():
        raise UserError("prices: column date: found values that are not dates; accepted: datetime64 without time zone")
    years = prices["date"].dt.year
    if not years.between(1, 9000).all():
        raise UserError(f"prices: column date: found years from {years.min()} to {years.max()}; accepted: 1 to 9000")
    for name in columns:
        if not pd.api.types.is_numeric_dtype(prices[name]):
            raise UserError(f"prices: column {name}: found {prices[name].dtype}; accepted: numbers")
    types = {"date": "datetime64[us]", **dict.fromkeys(columns, "float64")}
    return prices[required].astype(types).reset_index(drop=True)


def raise_faults(faults: Mapping[Any, str | None]) -> None:
    """Raise UserError if any ticker has a fault, with one line for each such ticker."""
    if lines := [f"{ticker}: {fault}" for ticker, fault in faults.items() if fault]:
        raise UserError("\n".join(lines))


def first_fault(prices: pd.DataFrame, min_rows: int, calendar: str, returns_of: str | None) -> str | None:
    """Describe the first fault in the rows of one ticker, or return None.

    prices: as `checked_prices` returns them; calendar: the code of an exchange, or the step of an evenly spaced series;
    returns_of: the column whose returns are used, if any. A missing price is not a fault here: see `gap_message`.
    """
    steps, expected_step = prices["date"].diff().iloc[1:], calendars.step_length(calendar)
    unsorted = prices["date"][steps.index[steps <= pd.Timedelta(0)]]
    if len(unsorted):
        return f"found {format_date(unsorted.iloc[0])} after the same or a later date; accepted: rising dates"
    if len(prices) < min_rows:
        return f"found {len(prices)} rows; accepted: at least {min_rows}"
    if expected_step and (steps != expected_step).any():
        uneven = prices["date"][steps.index[steps != expected_step]]
        accepted = f"a row every {calendar}, with a missing value where nothing was measured"
        return f"found {format_date(uneven.iloc[0])} after a step of another length; accepted: {accepted}"
    values = prices.drop(columns=["ticker", "date"])
    for name in [name for name in values if name not in (*PRICES, returns_of)]:
        if values[name].tail(min_rows).isna().all():
            return f"found no value of {name} in the last {min_rows} rows; accepted: numbers"
    # Prices are judged by the rules of the scrape stage, which expect a volume.
    has_ohlc = set(OHLC) <= set(values)
    judged = prices.assign(volume=prices.get("volume", 0.0)) if has_ohlc else prices.rename(columns={"close": "value"})
    for row in impossible_rows(judged, None).itertuples():
        return f"found on {format_date(row.date)}: {row.reason}; accepted: possible values"
    if returns_of and (prices[returns_of] <= 0).any():
        row = prices[prices[returns_of] <= 0].iloc[0]
        value = f"{returns_of} {row[returns_of]:g} on {format_date(row['date'])}"
        return f"found {value}, which has no return; accepted: values above 0"
    return None


def gap_message(prices: pd.DataFrame, columns: list[str]) -> str:
    """Say why there is no forecast from the last of these rows: name the last missing value.

    prices: the rows of one ticker that the forecast uses; columns: the columns in which no value may be missing.
    """
    gaps = np.argwhere(prices[columns].isna().to_numpy())
    no_forecast = f"no forecast from {format_date(prices['date'].iloc[-1])}"
    if not len(gaps):
        return f"{no_forecast}: found no complete season before it; accepted: a longer table"
    row, column = gaps[-1]
    missing = f"found no {columns[column]} on {format_date(prices['date'].iloc[row])}"
    return f"{no_forecast}: {missing}; accepted: prices without this gap"
