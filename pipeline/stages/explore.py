"""Show what is in the data."""

from pathlib import Path
from typing import Any

import pandas as pd
from pydantic import Field

from pipeline import charts
from pipeline.artifacts import read_json, read_table, write_bytes, write_table
from pipeline.pages import page
from pipeline.params import Section, load
from pipeline.stages import run
from pipeline.summary import autocorrelations, returns, summary
from pipeline.tables import summary as summary_table


class Params(Section):
    """Section explore of params.yaml, where each key is explained."""

    lags: int = Field(ge=1, le=250)


def main() -> None:
    params = load("explore", Params)
    prices = read_table(Path("data/prices.parquet"))
    found = read_json(Path("reports/scrape.json"))
    summaries, tickers = [], []
    for ticker, own in prices.groupby("ticker"):
        report = found["tickers"][ticker]
        summaries.append(summary(own, len(report["missing_sessions"])))
        specs = figures(own.reset_index(drop=True), str(ticker), params.lags)
        absent = [f"{name} ({count})" for name, count in report["missing_values"].items() if count]
        odd = {"missing": report["missing_sessions"], "unexpected": report["unexpected_sessions"], "absent": absent}
        tickers.append({"name": ticker, "specs": specs, **odd})
    for name, spec in tickers[0]["specs"].items():
        write_bytes(Path(f"reports/explore/{name}.png"), charts.png(spec))
    write_table(Path("data/summary.parquet"), pd.DataFrame(summaries), summary_table.SCHEMA)
    lines = [[shown(value) for value in own.values()] for own in summaries]
    heads = [name.replace("_", " ") for name in summaries[0]]
    html = page("explore.html", heads=heads, lines=lines, tickers=tickers, calendar=found["calendar"])
    write_bytes(Path("reports/explore.html"), html)


def figures(prices: pd.DataFrame, ticker: str, lags: int) -> dict[str, charts.Spec]:
    """One ticker's figures, by the name of their picture."""
    own = returns(prices)
    return {
        "prices": charts.prices(prices, ticker),
        "lagged": charts.lagged(own, ticker),
        "months": charts.box_by_month(own, prices["date"], ticker),
        "weekdays": charts.box_by_weekday(own, prices["date"], ticker),
        "distribution": charts.distribution(own, ticker),
        "autocorrelation": charts.autocorrelation(autocorrelations(own, lags), int(own.count()), ticker),
    }


def shown(value: Any) -> str:
    if isinstance(value, pd.Timestamp):
        return f"{value:%Y-%m-%d}"
    return f"{value:.3f}" if isinstance(value, float) else str(value)


if __name__ == "__main__":
    run("explore", main)
