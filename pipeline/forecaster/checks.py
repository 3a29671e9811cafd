"""What a price table must satisfy before it is forecast from."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from pipeline import calendars
from pipeline.formats import format_date
from pipeline.io.errors import UserError
from pipeline.prices import OHLC, PRICES, impossible_rows


def checked(prices: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    """ticker, date and these columns, as float64, rows numbered from 0. Raises UserError for what is no price table."""
    wanted = ["ticker", "date", *columns]
    if lacking := [name for name in wanted if name not in prices.columns]:
        raise UserError(f"prices: found no column {', '.join(lacking)}; accepted: {', '.join(wanted)}")
    if doubled := [name for name in wanted if list(prices.columns).count(name) > 1]:
        raise UserError(f"prices: found the column {doubled[0]} twice; accepted: each once")
    if prices.empty:
        raise UserError("prices: found no rows; accepted: at least one ticker's")
    if prices["ticker"].isna().any():
        raise UserError("prices: column ticker: found rows without one; accepted: a name in each")
    if not pd.api.types.is_datetime64_dtype(prices["date"]) or prices["date"].isna().any():
        raise UserError("prices: column date: found values that are no dates; accepted: datetime64 without a zone")
    for name in columns:
        if not pd.api.types.is_numeric_dtype(prices[name]):
            raise UserError(f"prices: column {name}: found {prices[name].dtype}; accepted: numbers")
    kinds = {"date": "datetime64[us]", **dict.fromkeys(columns, "float64")}
    return prices[wanted].astype(kinds).reset_index(drop=True)


def refuse(faults: Mapping[Any, str | None]) -> None:
    """Raise UserError, a line for each ticker with a fault."""
    if lines := [f"{ticker}: {fault}" for ticker, fault in faults.items() if fault]:
        raise UserError("\n".join(lines))


def fault(prices: pd.DataFrame, least: int, calendar: str, returns_of: str | None) -> str | None:
    """What is wrong with the rows of one ticker, as `checked` gives them: the first thing found, or None.

    least: how many rows are needed; calendar: an exchange's, or the step of an evenly spaced series; returns_of: the
    column that returns are taken of, if they are. Missing values of prices are no fault: see `gap`.
    """
    steps, every = prices["date"].diff().iloc[1:], calendars.step_length(calendar)
    late = prices["date"][steps.index[steps <= pd.Timedelta(0)]]
    if len(late):
        return f"found {format_date(late.iloc[0])} after a date as late; accepted: dates that rise, each once"
    if len(prices) < least:
        return f"found {len(prices)} rows; accepted: at least {least}"
    uneven = prices["date"][steps.index[steps != every]] if every else late
    if len(uneven):
        accepted = f"a row every {calendar}, its value missing where there is none"
        return f"found {format_date(uneven.iloc[0])} after another step; accepted: {accepted}"
    values = prices.drop(columns=["ticker", "date"])
    for name in [name for name in values if name not in (*PRICES, returns_of)]:
        if values[name].tail(least).isna().all():
            return f"found no value of {name} in the last {least} rows; accepted: numbers"
    # A table of prices is judged as scrape judges it, which knows of a volume too.
    ranged = set(OHLC) <= set(values)
    judged = prices.assign(volume=prices.get("volume", 0.0)) if ranged else prices.rename(columns={"close": "value"})
    for row in impossible_rows(judged, None).itertuples():
        return f"found on {format_date(row.date)}: {row.reason}; accepted: rows that can be true"
    low = prices[prices[returns_of] <= 0] if returns_of else late
    if len(low):
        found = f"{returns_of} {low[returns_of].iloc[0]:g} on {format_date(low['date'].iloc[0])}"
        return f"found {found}, which has no return; accepted: values above 0"
    return None


def gap(prices: pd.DataFrame, columns: list[str]) -> str:
    """Why there is no forecast from the last of these rows: the last value that is missing.

    prices: the rows of one ticker that the forecast rests on; columns: in which none may be missing.
    """
    gaps = np.argwhere(prices[columns].isna().to_numpy())
    origin = f"no forecast from {format_date(prices['date'].iloc[-1])}"
    if not len(gaps):
        return f"{origin}: found no whole season before it; accepted: a longer table"
    row, column = gaps[-1]
    found = f"found no {columns[column]} on {format_date(prices['date'].iloc[row])}"
    return f"{origin}: {found}; accepted: prices without this gap"
