"""Separate the rows with possible values from the others, and report both."""

from collections.abc import Iterable
from typing import NamedTuple

import pandas as pd

from pipeline import calendars, prices, quality
from pipeline.io.errors import UserError
from pipeline.scrape.params import Duplicates, Market


class Cleaned(NamedTuple):
    """The rows of a source, and the price table that is made of them.

    kept: rows with a value in the main column; nulls: rows without one; dropped: the result of quality.dropped_rows;
    merged: ticker and date of each row that was merged with an earlier one of that date;
    sessions: the dates of the calendar, or of an evenly spaced series; table: the kept rows, or of an evenly spaced
    series a row for each step, with null for a missing value; column: the main column.
    """

    kept: pd.DataFrame
    nulls: pd.DataFrame
    dropped: pd.DataFrame
    merged: pd.DataFrame
    sessions: pd.DatetimeIndex
    table: pd.DataFrame
    column: str


def cleaned(canonical: pd.DataFrame, calendar: str, duplicates: Duplicates) -> Cleaned:
    """Separate rows with a value, rows without one and impossible rows, and merge possible rows of the same date.

    canonical: the result of prices.canonical.
    """
    column, step_length = prices.main_column(prices.value_columns(canonical)), calendars.step_length(calendar)
    if step_length is None:
        sessions = calendars.sessions(calendar, canonical["date"].min(), canonical["date"].max())
    else:
        sessions = calendars.step_dates(canonical["date"], step_length)
    impossible = prices.impossible_rows(canonical, None if step_length is None else sessions)
    if duplicates != "reject":
        impossible = impossible[impossible["reason"] != prices.GIVEN_TWICE]
    dropped = quality.dropped_rows(canonical, impossible)
    possible = canonical.drop(index=impossible["row"])
    merged = possible.loc[possible.duplicated(["ticker", "date"]), ["ticker", "date"]]
    if duplicates != "reject":
        possible = prices.one_row_a_date(possible, duplicates)
    kept, nulls = prices.split_nulls(possible, column)
    table = kept if step_length is None else prices.evenly_spaced(possible, column, sessions)
    return Cleaned(kept, nulls, dropped, merged, sessions, table, column)


def checked_report(clean: Cleaned, data: prices.SourceData, params: Market) -> quality.Scraped:
    """Return the report on all tickers of a market.

    Raises UserError for impossible rows if params reject them, for a ticker without any value, and for a ticker with
    too many missing sessions or impossible rows.
    """
    if len(clean.dropped) and params.invalid_rows == "reject":
        lines = quality.first_lines(quality.impossible_row_lines(clean.dropped))
        lines.append(
            "accepted: rows with possible values, or scrape.invalid_rows: drop, which removes and lists such rows"
        )
        if params.source == "file" and prices.GIVEN_TWICE in set(clean.dropped["reason"]):
            lines[-1] += "; for dates given twice also scrape.duplicates: first, last or mean, which keeps one row"
        raise UserError("\n".join(lines))
    column, first_known = clean.column, calendars.first_known_date(params.calendar)
    empty = sorted(set(data.prices["ticker"]) - set(clean.kept["ticker"]))
    _raise_if_any(f"{ticker}: found no possible value in column {column}; accepted: at least one" for ticker in empty)
    tickers = {}
    for ticker, kept in clean.kept.groupby("ticker"):
        nulls, dropped, merged = (own[own["ticker"] == ticker] for own in (clean.nulls, clean.dropped, clean.merged))
        unit, unfinished = data.units.get(ticker, ""), data.unfinished.get(ticker, [])
        tickers[str(ticker)] = quality.ticker_report(
            kept,
            nulls,
            dropped,
            merged,
            params.calendar,
            clean.sessions,
            first_known,
            unit=unit,
            unfinished=unfinished,
            irregular=data.irregular.get(ticker, {}),
        )
    step = calendars.step_name(params.calendar)
    _raise_if_any(quality.too_many_missing(tickers, step, params.max_missing))
    return quality.Scraped(source=params.source, step=step, column=column, tickers=tickers)


def _raise_if_any(lines: Iterable[str]) -> None:
    if errors := list(lines):
        raise UserError("\n".join(quality.first_lines(errors)))
