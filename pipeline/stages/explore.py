"""Show what is in the data."""

import sys
from pathlib import Path
from typing import Any

import pandas as pd
from pydantic import Field

from pipeline import charts, findings
from pipeline.artifacts import read_record, read_table, write_bytes, write_table
from pipeline.errors import UserError
from pipeline.figures import dependence
from pipeline.pages import Ticker, explore, page
from pipeline.params import Section, load
from pipeline.stages import run
from pipeline.subject import Subject
from pipeline.summary import measured, summary
from pipeline.tables import summary as summary_table
from pipeline.tables.prices import PRICES


class Params(Section):
    """Section explore of params.yaml, where each key is explained."""

    lags: int = Field(ge=1, le=250)


ENOUGH = 30  # returns of prices, values of anything else, for figures; the table has every ticker


def main() -> None:
    params = load("explore", Params)
    prices = read_table(Path("data/prices.parquet"))
    found = read_record(Path("reports/scrape.json"), findings.Scraped)
    column, calendar, step = found.column, found.calendar, found.step
    priced = column in PRICES
    parts = {str(name): own.reset_index(drop=True) for name, own in prices.groupby("ticker")}
    steps = {name: measured(own.set_index("date")[column], priced=priced) for name, own in parts.items()}
    drawn = [name for name, own in steps.items() if own.count() >= ENOUGH]
    notes = {name: list(findings.notes(report, calendar, step)) for name, report in found.tickers.items()}
    enough = f"{ENOUGH} {Subject(column, '', step, priced).many}"
    if not drawn:
        raise UserError(f"data/prices.parquet: found no ticker with {enough}; accepted: a longer period")
    summaries: list[dict[str, Any]] = []
    tickers: list[Ticker] = []
    for name, own in parts.items():
        report = found.tickers[name]
        numbers = summary(own["date"], own[column], priced=priced)
        summaries.append({"ticker": name, "missing_sessions": len(report.missing_sessions), **numbers})
        if name in drawn:
            subject = Subject(column, report.unit, step, priced)
            figures = explore.figures(own, column, numbers, report, subject, params.lags, len(drawn))
            tickers.append(Ticker(name, f"{name}: {subject.label}", notes[name], figures))
        if sys.stdout.isatty() and len(parts) > 1:
            print(f"{name}: {len(summaries)} of {len(parts)}")
    common = {}
    if len(drawn) > 1:
        together = pd.DataFrame({name: steps[name] for name in drawn})
        common["heat"] = dependence.heat(together, Subject(column, "", step, priced))

    for name, figure in {**tickers[0].figures, **common}.items():
        title = figure.title if name in common else f"{tickers[0].name}: {figure.title}"
        write_bytes(
            Path(f"reports/explore/{name}.png"), charts.png(figure.shape, figure.rows, figure.start or {}, title)
        )
    schema = summary_table.schema(priced=priced)
    table = pd.DataFrame(summaries)[schema.names]
    write_table(Path("data/summary.parquet"), table, schema)
    heads, lines = explore.table(table, step)
    html = page(
        "explore.html",
        tickers,
        common,
        caption=f"{len(parts)} tickers" if len(parts) > 1 else "In short",
        heads=heads,
        lines=lines,
        legend=explore.legend(column, step, priced=priced),
        odd=[{"name": name, "notes": notes[name]} for name, report in found.tickers.items() if findings.is_odd(report)]
        if len(parts) > 1
        else [],
        thinned=explore.thinned(max(map(len, parts.values())), len(drawn)),
        undrawn=explore.undrawn(sorted(set(parts) - set(drawn)), enough),
    )
    write_bytes(Path("reports/explore.html"), html)


if __name__ == "__main__":
    run("explore", main)
