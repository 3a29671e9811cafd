"""The rows that can be true, apart from the others, and the report on both."""

from collections.abc import Iterable
from typing import NamedTuple

import pandas as pd

from pipeline import calendars, prices, quality
from pipeline.io.errors import UserError
from pipeline.scrape.params import Params


class Cleaned(NamedTuple):
    """kept: the rows with a value of the main column; nulls: those without; dropped: those that could not be true, as
    quality.faults tells them; sessions: the calendar's, or the steps of an evenly spaced series; even: whether it is
    one.
    """

    kept: pd.DataFrame
    nulls: pd.DataFrame
    dropped: pd.DataFrame
    sessions: pd.DatetimeIndex
    even: bool

    @property
    def columns(self) -> list[str]:
        """The value columns."""
        return prices.columns_of(self.kept)

    @property
    def table(self) -> pd.DataFrame:
        """The price table; of an evenly spaced series with a row for each step, null where there is no value."""
        return prices.evenly_spaced(self.kept, self.nulls, self.sessions) if self.even else self.kept


def cleaned(found: pd.DataFrame, calendar: str) -> Cleaned:
    """The rows that can be true apart from the others, and from those without a value. found: as canonical gives it."""
    column, every = prices.main_of(prices.columns_of(found)), calendars.step(calendar)
    if every is None:
        sessions = calendars.sessions(calendar, found["date"].min(), found["date"].max())
    else:
        sessions = calendars.steps(found["date"], every)
    impossible = prices.impossible(found, None if every is None else sessions)
    dropped = quality.faults(found, impossible)
    kept, nulls = prices.known(found.drop(index=impossible["row"]), column)
    return Cleaned(kept, nulls, dropped, sessions, every is not None)


def report_of(clean: Cleaned, found: prices.Found, params: Params) -> quality.Scraped:
    """What is in the prices. Raises UserError for rows that cannot be true, for a ticker without any that can, and for
    one that lacks too many sessions.
    """
    if len(clean.dropped) and params.invalid_rows == "reject":
        accepted = "accepted: rows that can be true; or scrape.invalid_rows: drop, which drops and lists them"
        raise UserError("\n".join([*quality.first(quality.impossible(clean.dropped)), accepted]))
    column, since = prices.main_of(clean.columns), calendars.known_from(params.calendar)
    absent = sorted(set(found.prices["ticker"]) - set(clean.kept["ticker"]))
    _refuse(f"{ticker}: found no value of {column} that may be true; accepted: at least one" for ticker in absent)
    tickers = {}
    for name, own in clean.kept.groupby("ticker"):
        without, left = (part[part["ticker"] == name] for part in (clean.nulls, clean.dropped))
        unit, unfinished = found.units.get(name, ""), found.unfinished.get(name, [])
        tickers[str(name)] = quality.ticker(own, without, left, clean.sessions, since, unit=unit, unfinished=unfinished)
    step = calendars.noun(params.calendar)
    _refuse(quality.gaps(tickers, params.calendar, step, params.max_missing))
    return quality.Scraped(source=params.source, calendar=params.calendar, step=step, column=column, tickers=tickers)


def _refuse(lines: Iterable[str]) -> None:
    if refused := list(lines):
        raise UserError("\n".join(quality.first(refused)))
