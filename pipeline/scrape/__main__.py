"""Fetch prices and reject impossible ones."""

from pathlib import Path

from pipeline import calendars, prices, quality
from pipeline.io.artifacts import write_record, write_table
from pipeline.io.stage import run
from pipeline.scrape import file, sample
from pipeline.scrape.clean import cleaned, report_of
from pipeline.scrape.params import SOURCES, File, Params, Sample, Yahoo


def main(params: Params) -> None:
    calendars.known_from(params.calendar)  # an unknown one is refused before anything is fetched
    found = fetched(params)
    clean = cleaned(prices.canonical(found.prices), params.calendar)
    report = report_of(clean, found, params)
    write_table(Path("data/prices.parquet"), clean.table, prices.schema(clean.columns))
    write_record(Path("reports/scrape.json"), report)
    print("\n".join(quality.first(list(quality.lines(report.tickers, params.calendar)))))


def fetched(params: Params) -> prices.Found:
    match params:
        case Yahoo():
            from pipeline.scrape import yahoo  # half a second of import, paid where Yahoo is asked

            return yahoo.prices(params.tickers, params.start, params.end, params.vintage)
        case File():
            return file.prices(Path(params.path), **params.form)
        case Sample():
            return sample.prices()


if __name__ == "__main__":
    run("scrape", main, SOURCES)
