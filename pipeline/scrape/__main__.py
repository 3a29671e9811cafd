"""Fetch prices and reject impossible ones."""

from pathlib import Path

from pipeline import calendars, prices, quality
from pipeline.io.artifacts import write_record, write_table
from pipeline.io.stage import run
from pipeline.scrape import file, sample
from pipeline.scrape.clean import checked_report, cleaned
from pipeline.scrape.params import SOURCES, File, Params, Sample, Yahoo


def main(params: Params) -> None:
    calendars.first_known_date(params.calendar)  # rejects an unknown calendar before anything is fetched
    data = fetch(params)
    clean = cleaned(prices.canonical(data.prices), params.calendar, params.duplicates)
    report = checked_report(clean, data, params)
    write_table(Path("data/prices.parquet"), clean.table, prices.schema(prices.value_columns(clean.table)))
    write_record(Path("reports/scrape.json"), report)
    print("\n".join(quality.first_lines(list(quality.terminal_lines(report.tickers, params.calendar)))))


def fetch(params: Params) -> prices.SourceData:
    match params:
        case Yahoo():
            from pipeline.scrape import yahoo  # imported only here, because it takes half a second

            return yahoo.prices(params.tickers, params.start, params.end, params.vintage)
        case File():
            return file.prices(Path(params.path), params)
        case Sample():
            return sample.prices()


if __name__ == "__main__":
    run("scrape", main, SOURCES)
