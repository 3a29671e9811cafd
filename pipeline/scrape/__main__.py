"""Fetch prices and reject impossible ones."""

from pathlib import Path

import pandas as pd

from pipeline import calendars, prices, quality
from pipeline.io.artifacts import write_record, write_table
from pipeline.io.stage import run
from pipeline.scrape import file, sample, several
from pipeline.scrape.clean import checked_report, cleaned
from pipeline.scrape.params import SOURCES, File, Market, Params, SampleMarket, Several, YahooMarket


def main(params: Params) -> None:
    table, report = markets(params) if isinstance(params, Several) else market(params)
    write_table(Path("data/prices.parquet"), table, prices.schema(prices.value_columns(table)))
    write_record(Path("reports/scrape.json"), report)
    print("\n".join(quality.first_lines(list(quality.terminal_lines(report.tickers)))))


def markets(params: Several) -> tuple[pd.DataFrame, quality.Scraped]:
    parts = []
    for number, each in enumerate(params.markets):
        with several.naming(number):
            if isinstance(each, File):
                each = each.model_copy(update={"path": str(file.inside(Path(params.path), each.path))})
            parts.append(market(each))
    return several.joined(parts)


def market(params: Market) -> tuple[pd.DataFrame, quality.Scraped]:
    calendars.first_known_date(params.calendar)  # rejects an unknown calendar before anything is fetched
    data = fetch(params)
    clean = cleaned(prices.canonical(data.prices), params.calendar, params.duplicates)
    return clean.table, checked_report(clean, data, params)


def fetch(params: Market) -> prices.SourceData:
    match params:
        case YahooMarket():
            from pipeline.scrape import yahoo  # imported only here, because it takes half a second

            return yahoo.prices(params.tickers, params.start, params.end, params.vintage)
        case File():
            return file.prices(Path(params.path), params)
        case SampleMarket():
            return sample.prices()


if __name__ == "__main__":
    run("scrape", main, SOURCES)
