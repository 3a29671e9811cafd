"""Join several markets, each with its own calendar, to one price table and one report."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pandas as pd

from pipeline.io.errors import UserError
from pipeline.quality import Scraped
from pipeline.scrape.params import File, YahooMarket

KEYS = "|".join(sorted({*YahooMarket.model_fields, *File.model_fields}))


@contextmanager
def naming(number: int) -> Iterator[None]:
    """Let the error lines about a market name its keys: scrape.markets.1.calendar instead of scrape.calendar."""
    try:
        yield
    except UserError as error:
        raise UserError(re.sub(rf"(?<![\w/])scrape\.({KEYS})\b", rf"scrape.markets.{number}.\1", str(error))) from None


def joined(markets: Sequence[tuple[pd.DataFrame, Scraped]]) -> tuple[pd.DataFrame, Scraped]:
    """Return the price table and the report of all markets.

    A column that a market does not have is null there. markets: table and report of each, all with the same step.
    Raises UserError if a ticker is in two markets, or if the main column is not the same in all.
    """
    first, number_by_ticker = markets[0][1], dict[str, int]()
    for number, (_, report) in enumerate(markets):
        key = f"params.yaml: scrape.markets.{number}"
        if report.column != first.column:
            accepted = f"accepted: {first.column}, as in scrape.markets.0"
            raise UserError(f"{key}: found the main column {report.column}; {accepted}")
        for ticker in report.tickers:
            before = number_by_ticker.setdefault(ticker, number)
            if before != number:
                found = f"found {ticker}, which is in scrape.markets.{before} too"
                raise UserError(f"{key}: {found}; accepted: each ticker once")
    table = pd.concat([table for table, _ in markets]).sort_values(["ticker", "date"], ignore_index=True)
    tickers = {ticker: markets[number][1].tickers[ticker] for ticker, number in sorted(number_by_ticker.items())}
    return table, first.model_copy(update={"source": "several", "tickers": tickers})
