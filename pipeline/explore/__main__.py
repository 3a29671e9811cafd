"""Show what is in the data."""

from pathlib import Path

import pandas as pd

from pipeline.explore import page, summary
from pipeline.explore.params import Params
from pipeline.io.artifacts import read_bytes, read_record, read_table, write_bytes, write_table
from pipeline.io.stage import run
from pipeline.prices import PRICES
from pipeline.quality import Scraped


def main(params: Params) -> None:
    prices = read_table(Path("data/prices.parquet"))
    scraped = read_record(Path("reports/scrape.json"), Scraped)
    priced = scraped.column in PRICES
    schema = summary.schema(priced=priced)
    rows_by_ticker = {str(name): rows for name, rows in prices.groupby("ticker")}
    long_enough = page.long_enough(rows_by_ticker, scraped)
    summary_rows = [
        {
            "ticker": name,
            "missing_sessions": len(scraped.tickers[name].missing_sessions),
            **summary.summary(rows["date"], rows[scraped.column], priced=priced),
        }
        for name, rows in rows_by_ticker.items()
    ]
    summaries = pd.DataFrame(summary_rows)[schema.names]
    tickers = page.tickers(long_enough, summaries, scraped, params.lags)
    common = page.common(long_enough, scraped)
    script = read_bytes(Path("reports/vega.js")).decode()
    html = page.html(summaries, tickers, common, long_enough, scraped, script)

    write_table(Path("data/summary.parquet"), summaries, schema)
    write_bytes(Path("reports/explore.html"), html)


if __name__ == "__main__":
    run("explore", main, Params)
