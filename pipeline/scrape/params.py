"""Section scrape of params.yaml: a model for each source."""

import datetime as dt
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from pipeline import calendars
from pipeline.io.params import Section, each_once

InvalidRows = Literal["reject", "drop"]
Duplicates = Literal["reject", "first", "last", "mean"]
Share = Annotated[float, Field(ge=0, lt=1)]
NonDigit = Annotated[str, Field(pattern=r"^\D$")]


def check_date(text: str) -> str:
    """Reject a text that is not a date."""
    try:
        dt.date.fromisoformat(text)
    except ValueError as error:
        raise ValueError(f'found {text!r} ({error}); accepted: a quoted date, such as "2018-12-31"') from None
    return text


def listed(found: object, accepted: str = 'a date format such as "%Y-%m-%d"') -> list[str]:
    """Return one text as a list. Reject what is neither a text nor a list of texts. accepted: what a text is."""
    texts = [found] if isinstance(found, str) else found
    if not isinstance(texts, list) or not texts or not all(isinstance(text, str) for text in texts):
        raise ValueError(f"found {found!r}; accepted: {accepted}, or a list of them")
    return each_once(texts)


def is_ticker(name: str) -> bool:
    """Return whether a name is short and printable, and not what a spreadsheet would read as a formula."""
    return 0 < len(name) <= 50 and name.isprintable() and name[0] not in "=+-@"


def check_unit(unit: str) -> str:
    """Reject a unit that a chart cannot show: the library that draws the pictures ends the process."""
    if len(unit) > 50 or not unit.isprintable():
        raise ValueError(f"found {unit!r}; accepted: at most 50 printable characters")
    return unit


def check_tickers(found: object) -> object:
    """Reject what is neither the name of a ticker nor a list of names."""
    for name in listed(found, "the name of a ticker"):
        if name and not is_ticker(name):
            raise ValueError(f"found {name!r}; accepted: {TICKER}")
    return found


def reject_isin(tickers: list[str]) -> list[str]:
    """Reject ISINs (international security numbers), because yfinance would replace them by another ticker."""
    for ticker in tickers:
        if len(ticker) == 12 and ticker[:2].isalpha() and ticker[2:11].isalnum() and ticker[11].isdigit():
            raise ValueError(f"found {ticker}, which is an ISIN; accepted: the tickers of Yahoo, such as AAPL")
    return tickers


TICKER = "a ticker of at most 50 printable characters that does not begin with = + - or @"
Day = Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\d$"), AfterValidator(check_date)]
Ticker = Annotated[str, Field(pattern=r"^[A-Z0-9^][A-Z0-9^.=&-]{0,49}$")]


class SampleMarket(Section):
    """The sample, as one of several markets."""

    source: Literal["sample"]
    calendar: str
    invalid_rows: ClassVar[InvalidRows] = "reject"
    duplicates: ClassVar[Duplicates] = "reject"
    max_missing: ClassVar[float] = 0.0


class Sample(SampleMarket):
    """Section scrape of params.yaml if source is sample."""

    path: str


class YahooMarket(Section):
    """Tickers from Yahoo, as one of several markets."""

    source: Literal["yahoo"]
    tickers: Annotated[list[Ticker], Field(min_length=1), AfterValidator(each_once), AfterValidator(reject_isin)]
    start: Day
    end: Day
    vintage: Annotated[str, Field(min_length=1)]
    calendar: str
    max_missing: Share
    invalid_rows: InvalidRows
    duplicates: ClassVar[Duplicates] = "reject"

    @model_validator(mode="after")
    def check_order(self) -> "YahooMarket":
        if self.start > self.end:
            raise ValueError(
                f"found start {self.start} after end {self.end}; accepted: a start that is not after the end"
            )
        return self


class Yahoo(YahooMarket):
    """Section scrape of params.yaml if source is yahoo. examples/yahoo.yaml explains each key."""

    path: str


class File(Section):
    """Section scrape of params.yaml if source is file, or one of several markets. examples/ explains each key.

    columns: names in the price table to names in the file; ticker: the name of the only series. If columns["ticker"]
    names a column of tickers, it lists those to take, or is empty for all. As one of several markets, path is relative
    to that of the section.
    """

    source: Literal["file"]
    path: str
    ticker: Annotated[str | list[str], BeforeValidator(check_tickers)]
    date_columns: Annotated[list[str], Field(min_length=1)]
    date_format: Annotated[list[str], BeforeValidator(listed)]
    columns: Annotated[dict[Annotated[str, Field(pattern="^[a-z][a-z0-9_]*$")], str], Field(min_length=1)]
    unit: Annotated[str, AfterValidator(check_unit)]
    delimiter: Annotated[str, Field(pattern=r'^[^"\r\n]$', description="of one character, but no quote")]
    decimal: NonDigit
    thousands: Annotated[str, Field(pattern=r"^\D?$")]
    currency_symbols: Annotated[str, Field(pattern="^[^0-9+-]*$", description="without digits, + and -")]
    na_values: list[str]
    calendar: str
    max_missing: Share
    invalid_rows: InvalidRows
    duplicates: Duplicates

    @model_validator(mode="after")
    def check_consistency(self) -> "File":
        if self.decimal == self.thousands:
            raise ValueError(
                f"found {self.decimal!r} for both decimal and thousands; accepted: two different characters"
            )
        if (isinstance(self.ticker, str) and self.ticker != "") == ("ticker" in self.columns):
            raise ValueError(
                f"found ticker {self.ticker!r} {'with' if 'ticker' in self.columns else 'without'} columns.ticker; "
                "accepted: the name of the only series, or columns.ticker, with '' or a list of tickers"
            )
        if not set(self.columns) - {"ticker"} or "date" in self.columns:
            raise ValueError(
                "found columns without a value or with date; accepted: at least one value, such as close, and no date"
            )
        return self


Market = SampleMarket | YahooMarket | File


def check_steps(markets: list[Market]) -> list[Market]:
    """Reject an exchange beside a step, and different steps."""
    found = dict.fromkeys(market.calendar for market in markets)
    if len({calendar if calendars.step_length(calendar) else "session" for calendar in found}) > 1:
        raise ValueError(f"found the calendars {', '.join(found)}; accepted: only exchanges, or the same step in all")
    return markets


class Several(Section):
    """Section scrape of params.yaml if source is several. examples/markets.yaml explains each key.

    path: the folder with all files of the markets.
    """

    source: Literal["several"]
    path: str
    markets: Annotated[
        list[Annotated[Market, Field(discriminator="source")]], Field(min_length=1), AfterValidator(check_steps)
    ]
    invalid_rows: ClassVar[InvalidRows] = "reject"  # of a file that is forecast later


Params = Sample | Yahoo | File | Several
SOURCES: dict[str, type[Params]] = {"sample": Sample, "yahoo": Yahoo, "file": File, "several": Several}
