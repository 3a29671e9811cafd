"""Section scrape of params.yaml: a model for each source."""

import datetime as dt
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

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


def listed(formats: object) -> object:
    """Return one date format as a list. Reject what is neither a text nor a list of texts."""
    texts = [formats] if isinstance(formats, str) else formats
    if not isinstance(texts, list) or not texts or not all(isinstance(text, str) for text in texts):
        raise ValueError(f'found {formats!r}; accepted: a date format such as "%Y-%m-%d", or a list of them')
    return each_once(texts)


def reject_isin(tickers: list[str]) -> list[str]:
    """Reject ISINs (international security numbers), because yfinance would replace them by another ticker."""
    for ticker in tickers:
        if len(ticker) == 12 and ticker[:2].isalpha() and ticker[2:11].isalnum() and ticker[11].isdigit():
            raise ValueError(f"found {ticker}, which is an ISIN; accepted: the tickers of Yahoo, such as AAPL")
    return tickers


Day = Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\d$"), AfterValidator(check_date)]
Ticker = Annotated[str, Field(pattern=r"^[A-Z0-9^][A-Z0-9^.=&-]*$")]


class Sample(Section):
    """Section scrape of params.yaml if source is sample."""

    source: Literal["sample"]
    path: str
    calendar: str
    invalid_rows: ClassVar[InvalidRows] = "reject"
    duplicates: ClassVar[Duplicates] = "reject"
    max_missing: ClassVar[float] = 0.0


class Yahoo(Section):
    """Section scrape of params.yaml if source is yahoo. examples/yahoo.yaml explains each key."""

    source: Literal["yahoo"]
    path: str
    tickers: Annotated[list[Ticker], Field(min_length=1), AfterValidator(each_once), AfterValidator(reject_isin)]
    start: Day
    end: Day
    vintage: Annotated[str, Field(min_length=1)]
    calendar: str
    max_missing: Share
    invalid_rows: InvalidRows
    duplicates: ClassVar[Duplicates] = "reject"

    @model_validator(mode="after")
    def check_order(self) -> "Yahoo":
        if self.start > self.end:
            raise ValueError(
                f"found start {self.start} after end {self.end}; accepted: a start that is not after the end"
            )
        return self


class File(Section):
    """Section scrape of params.yaml if source is file. The files in examples/ explain each key.

    columns: names in the price table to names in the file; ticker: empty if columns["ticker"] names their column.
    """

    source: Literal["file"]
    path: str
    ticker: str
    date_columns: Annotated[list[str], Field(min_length=1)]
    date_format: Annotated[list[str], BeforeValidator(listed)]
    columns: Annotated[dict[Annotated[str, Field(pattern="^[a-z][a-z0-9_]*$")], str], Field(min_length=1)]
    unit: str
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
        if bool(self.ticker) == ("ticker" in self.columns):
            raise ValueError("found ticker and columns.ticker both set or both empty; accepted: exactly one of them")
        if not set(self.columns) - {"ticker"} or "date" in self.columns:
            raise ValueError(
                "found columns without a value or with date; accepted: at least one value, such as close, and no date"
            )
        return self


Params = Sample | Yahoo | File
SOURCES: dict[str, type[Params]] = {"sample": Sample, "yahoo": Yahoo, "file": File}
