"""Show what is in the data."""

from pathlib import Path

import pandas as pd

from pipeline.explore import page, summary
from pipeline.explore.params import Params
from pipeline.io.artifacts import read_record, read_table, write_bytes, write_table
from pipeline.io.stage import run
from pipeline.prices import PRICES
from pipeline.quality import Scraped
from pipeline.report.page import pictures


def main(params: Params) -> None:
    prices = read_table(Path("data/prices.parquet"))
    scraped = read_record(Path("reports/scrape.json"), Scraped)
    priced = scraped.column in PRICES
    schema = summary.schema(priced=priced)
    parts = {str(name): own.reset_index(drop=True) for name, own in prices.groupby("ticker")}
    drawn = page.drawn(parts, scraped)
    rows = [
        {
            "ticker": name,
            "missing_sessions": len(scraped.tickers[name].missing_sessions),
            **summary.summary(own["date"], own[scraped.column], priced=priced),
        }
        for name, own in parts.items()
    ]
    summaries = pd.DataFrame(rows)[schema.names]
    tickers = page.tickers(drawn, summaries, scraped, params.lags)
    common = page.common(drawn, scraped)
    html = page.html(summaries, tickers, common, scraped, longest=max(map(len, parts.values())))

    write_table(Path("data/summary.parquet"), summaries, schema)
    for name, picture in pictures(tickers[0], common):
        write_bytes(Path(f"reports/explore/{name}.png"), picture)
    write_bytes(Path("reports/explore.html"), html)


if __name__ == "__main__":
    run("explore", main, Params)
