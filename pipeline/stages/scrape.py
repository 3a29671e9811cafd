"""Fetch prices and refuse what cannot be true."""

from pathlib import Path
from typing import Any, Literal

import pandas as pd

from pipeline import calendars
from pipeline.artifacts import write_json, write_table
from pipeline.errors import UserError
from pipeline.params import Section, load
from pipeline.prices import impossible, missing_sessions, unexpected_sessions
from pipeline.sources import sample
from pipeline.stages import run
from pipeline.tables import prices as table


class Params(Section):
    """Section scrape of params.yaml, where each key is explained."""

    source: Literal["sample"]
    path: str
    calendar: str


def main() -> None:
    params = load("scrape", Params)
    prices = sample.prices()
    faults = impossible(prices)
    if len(faults):
        raise UserError("\n".join(f"{row.ticker} {row.date:%Y-%m-%d}: {row.reason}" for row in faults.itertuples()))
    sessions = calendars.sessions(params.calendar, prices["date"].min(), prices["date"].max())
    tickers = {ticker: report(own, sessions) for ticker, own in prices.groupby("ticker")}
    write_table(Path("data/prices.parquet"), prices, table.SCHEMA)
    write_json(Path("reports/scrape.json"), {"calendar": params.calendar, "source": params.source, "tickers": tickers})
    for ticker, found in tickers.items():
        print(
            f"{ticker}: {found['sessions']} sessions, {found['first']} to {found['last']}; by {params.calendar} "
            f"{len(found['missing_sessions'])} missing, {len(found['unexpected_sessions'])} unexpected"
        )


def report(prices: pd.DataFrame, sessions: pd.DatetimeIndex) -> dict[str, Any]:
    """What is there of one ticker, and what is not."""
    dates = prices["date"]
    return {
        "sessions": len(prices),
        "first": f"{dates.min():%Y-%m-%d}",
        "last": f"{dates.max():%Y-%m-%d}",
        "missing_sessions": [f"{date:%Y-%m-%d}" for date in missing_sessions(dates, sessions)],
        "unexpected_sessions": [f"{date:%Y-%m-%d}" for date in unexpected_sessions(dates, sessions)],
        "missing_values": {name: int(prices[name].isna().sum()) for name in table.NUMBERS},
        "zero_volumes": int((prices["volume"] == 0).sum()),
    }


if __name__ == "__main__":
    run("scrape", main)
