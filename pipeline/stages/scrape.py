"""Fetch prices and refuse what cannot be true."""

import datetime as dt
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, NamedTuple

import pandas as pd
from pydantic import AfterValidator, Field, model_validator

from pipeline import findings, prices
from pipeline.artifacts import write_record, write_table
from pipeline.errors import UserError
from pipeline.forecaster import calendars
from pipeline.params import Section, each_once, load_one
from pipeline.sources import Found, canonical, file, sample
from pipeline.stages import run
from pipeline.tables import prices as table

Repair = Literal["none", "drop"]
Share = Annotated[float, Field(ge=0, lt=1)]
Mark = Annotated[str, Field(pattern=r"^\D$")]


def a_date(text: str) -> str:
    """Refuse what is no date."""
    try:
        dt.date.fromisoformat(text)
    except ValueError as error:
        raise ValueError(f'found {text!r}, {error}; accepted: a quoted date such as "2018-12-31"') from None
    return text


def no_isin(tickers: list[str]) -> list[str]:
    """Refuse what yfinance would look up as a security's number, and so turn into another name."""
    for ticker in tickers:
        if len(ticker) == 12 and ticker[:2].isalpha() and ticker[2:11].isalnum() and ticker[11].isdigit():
            raise ValueError(f"found {ticker}, which is an ISIN; accepted: Yahoo's tickers, such as AAPL")
    return tickers


Day = Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\d$"), AfterValidator(a_date)]
Ticker = Annotated[str, Field(pattern=r"^[A-Z0-9^][A-Z0-9^.=&-]*$")]


class Sample(Section):
    """Section scrape of params.yaml where source is sample."""

    source: Literal["sample"]
    path: str
    calendar: str
    repair: ClassVar[Repair] = "none"
    max_missing: ClassVar[float] = 0.0


class Yahoo(Section):
    """Section scrape of params.yaml where source is yahoo: examples/yahoo.yaml explains each key."""

    source: Literal["yahoo"]
    path: str
    tickers: Annotated[list[Ticker], Field(min_length=1), AfterValidator(each_once), AfterValidator(no_isin)]
    start: Day
    end: Day
    vintage: Annotated[str, Field(min_length=1)]
    calendar: str
    max_missing: Share
    repair: Repair

    @model_validator(mode="after")
    def starts_before_it_ends(self) -> "Yahoo":
        if self.start > self.end:
            raise ValueError(f"found start {self.start} after end {self.end}; accepted: a start before it")
        return self


class File(Section):
    """Section scrape of params.yaml where source is file: the files in examples/ explain each key."""

    source: Literal["file"]
    path: str
    ticker: str
    dates: Annotated[list[str], Field(min_length=1)]
    date_format: str
    columns: Annotated[dict[Annotated[str, Field(pattern="^[a-z][a-z0-9_]*$")], str], Field(min_length=1)]
    unit: str
    delimiter: Annotated[str, Field(min_length=1, max_length=1)]
    decimal: Mark
    thousands: Annotated[str, Field(pattern=r"^\D?$")]
    signs: str
    missing: list[str]
    calendar: str
    max_missing: Share
    repair: Repair

    @property
    def form(self) -> dict[str, Any]:
        """How the file is to be read, as sources.file takes it."""
        return self.model_dump(exclude={"source", "path", "calendar", "max_missing", "repair"})

    @model_validator(mode="after")
    def says_each_thing_once(self) -> "File":
        if self.decimal == self.thousands:
            raise ValueError(f"found {self.decimal!r} as decimal and as thousands; accepted: different marks")
        if bool(self.ticker) == ("ticker" in self.columns):
            raise ValueError("found ticker and columns.ticker both given or both empty; accepted: one of them")
        if not set(self.columns) - {"ticker"} or "date" in self.columns:
            raise ValueError("found in columns no value or a date; accepted: values, such as close, and ticker")
        return self


Params = Sample | Yahoo | File
SOURCES: dict[str, type[Params]] = {"sample": Sample, "yahoo": Yahoo, "file": File}


class Cleaned(NamedTuple):
    """kept: the rows with a value of the main column; nulls: those without; dropped: those that could not be true, as
    findings.faults tells them; sessions: the calendar's, or the steps of an evenly spaced series.
    """

    kept: pd.DataFrame
    nulls: pd.DataFrame
    dropped: pd.DataFrame
    sessions: pd.DatetimeIndex

    @property
    def stepped(self) -> pd.DataFrame:
        """A row for each step of an evenly spaced series, null where there is no value."""
        return prices.evenly_spaced(self.kept, self.nulls, self.sessions)


def main() -> None:
    params = load_one("scrape", "source", SOURCES)
    since = calendars.known_from(params.calendar)  # an unknown one is refused before anything is fetched
    source = fetched(params)
    found = canonical(source.prices)
    columns, every = table.columns_of(found), calendars.step(params.calendar)
    clean = cleaned(found, params.calendar)
    if len(clean.dropped) and params.repair == "none":
        accepted = "accepted: rows that can be true; or scrape.repair: drop, which drops and lists them"
        refuse(findings.impossible(clean.dropped), accepted)
    absent = sorted(set(found["ticker"]) - set(clean.kept["ticker"]))
    if absent:
        column = table.main_of(columns)
        refuse([f"{ticker}: found no value of {column} that may be true; accepted: at least one" for ticker in absent])
    tickers = {}
    for name, own in clean.kept.groupby("ticker"):
        without, left = (part[part["ticker"] == name] for part in (clean.nulls, clean.dropped))
        unit, unfinished = source.units.get(name, ""), source.unfinished.get(name, [])
        tickers[str(name)] = findings.ticker(
            own, without, left, clean.sessions, since, unit=unit, unfinished=unfinished
        )
    lacking = findings.gaps(tickers, params.calendar, calendars.noun(params.calendar), params.max_missing)
    if lacking:
        refuse(lacking)

    report = findings.Scraped(
        source=params.source,
        calendar=params.calendar,
        step=calendars.noun(params.calendar),
        column=table.main_of(columns),
        tickers=tickers,
    )
    kept = clean.kept if every is None else clean.stepped
    write_table(Path("data/prices.parquet"), kept, table.schema(columns))
    write_record(Path("reports/scrape.json"), report)
    print("\n".join(findings.first(list(findings.lines(tickers, params.calendar)))))


def cleaned(found: pd.DataFrame, calendar: str) -> Cleaned:
    """The rows that can be true apart from the others, and from those without a value. found: as canonical gives it."""
    column, every = table.main_of(table.columns_of(found)), calendars.step(calendar)
    if every is None:
        sessions = calendars.sessions(calendar, found["date"].min(), found["date"].max())
    else:
        sessions = calendars.steps(found["date"], every)
    impossible = prices.impossible(found, None if every is None else sessions)
    dropped = findings.faults(found, impossible)
    kept, nulls = prices.known(found.drop(index=impossible["row"]), column)
    return Cleaned(kept, nulls, dropped, sessions)


def fetched(params: Params) -> Found:
    match params:
        case Yahoo():
            from pipeline.sources import yahoo  # half a second of import, paid where Yahoo is asked

            return yahoo.prices(params.tickers, params.start, params.end, params.vintage)
        case File():
            return file.prices(Path(params.path), **params.form)
        case _:
            return sample.prices()


def refuse(lines: list[str], accepted: str = "") -> None:
    raise UserError("\n".join([*findings.first(lines), *filter(None, [accepted])]))


if __name__ == "__main__":
    run("scrape", main)
