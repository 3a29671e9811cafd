"""Section scrape of params.yaml, by source."""

import datetime as dt
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, Field, model_validator

from pipeline.io.params import Section, each_once

InvalidRows = Literal["reject", "drop"]
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
    invalid_rows: ClassVar[InvalidRows] = "reject"
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
    invalid_rows: InvalidRows

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
    date_columns: Annotated[list[str], Field(min_length=1)]
    date_format: str
    columns: Annotated[dict[Annotated[str, Field(pattern="^[a-z][a-z0-9_]*$")], str], Field(min_length=1)]
    unit: str
    delimiter: Annotated[str, Field(min_length=1, max_length=1)]
    decimal: Mark
    thousands: Annotated[str, Field(pattern=r"^\D?$")]
    currency_symbols: str
    na_values: list[str]
    calendar: str
    max_missing: Share
    invalid_rows: InvalidRows

    @property
    def form(self) -> dict[str, Any]:
        """How the file is to be read, as scrape.file takes it."""
        return self.model_dump(exclude={"source", "path", "calendar", "max_missing", "invalid_rows"})

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
