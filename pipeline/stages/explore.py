"""Show what is in the data."""

from pathlib import Path
from typing import Any

import pandas as pd
from pydantic import Field

from pipeline import charts, findings
from pipeline.artifacts import read_json, read_table, write_bytes, write_table
from pipeline.errors import UserError
from pipeline.pages import page
from pipeline.params import Section, load
from pipeline.stages import run
from pipeline.subject import Subject
from pipeline.summary import autocorrelations, measured, summary
from pipeline.tables import summary as summary_table
from pipeline.tables.prices import PRICES


class Params(Section):
    """Section explore of params.yaml, where each key is explained."""

    lags: int = Field(ge=1, le=250)


FIGURES = 6  # tickers with figures, the first by name that have enough to draw; the table has all
ENOUGH = 30  # values


def main() -> None:
    params = load("explore", Params)
    prices = read_table(Path("data/prices.parquet"))
    found = read_json(Path("reports/scrape.json"))
    column, calendar, step = found["column"], found["calendar"], found["step"]
    priced = column in PRICES
    summaries: list[dict[str, Any]] = []
    tickers: list[dict[str, Any]] = []
    for ticker, own in prices.groupby("ticker"):
        report, known = found["tickers"][ticker], own.dropna(subset=column)
        numbers = summary(known["date"], known[column], priced=priced)
        summaries.append({"ticker": ticker, "missing_sessions": len(report["missing_sessions"]), **numbers})
        if len(tickers) < FIGURES and len(known) >= ENOUGH:
            subject = Subject(column, report["unit"], step, priced)
            specs = figures(own["date"], own[column].rename("value"), subject, str(ticker), params.lags)
            tickers.append({"name": ticker, "specs": specs, "notes": list(findings.notes(report, calendar, step))})
    if not tickers:
        raise UserError(f"data/prices.parquet: found no ticker with {ENOUGH} values; accepted: a longer period")
    for name, spec in tickers[0]["specs"].items():
        write_bytes(Path(f"reports/explore/{name}.png"), charts.png(spec))
    schema = summary_table.schema(priced=priced)
    table = pd.DataFrame(summaries)[schema.names]
    write_table(Path("data/summary.parquet"), table, schema)
    html = page(
        "explore.html",
        heads=[name.replace("_", " ").replace("sessions", f"{step}s") for name in table.columns],
        lines=[[shown(value) for value in row] for row in table.itertuples(index=False)],
        tickers=tickers,
        odd=[
            {"name": name, "notes": list(findings.notes(report, calendar, step))}
            for name, report in found["tickers"].items()
            if findings.is_odd(report)
        ]
        if len(summaries) > len(tickers)
        else [],
        priced=priced,
        label=Subject(column, "", step, priced).label,
    )
    write_bytes(Path("reports/explore.html"), html)


def figures(dates: pd.Series, values: pd.Series, subject: Subject, ticker: str, lags: int) -> dict[str, charts.Spec]:
    """One ticker's figures, by the name of their picture."""
    dates, values = dates.reset_index(drop=True), values.reset_index(drop=True)
    own = measured(values, priced=subject.priced)
    by_hour = {"hours": charts.box_by_hour(own, dates, subject, ticker)} if dates.dt.hour.nunique() > 1 else {}
    lagged = autocorrelations(own, lags, priced=subject.priced)
    return {
        "series": charts.series(pd.DataFrame({"date": dates, "value": values}), subject, ticker),
        "lagged": charts.lagged(own, subject, ticker),
        "months": charts.box_by_month(own, dates, subject, ticker),
        "weekdays": charts.box_by_weekday(own, dates, subject, ticker),
        **by_hour,
        "distribution": charts.distribution(own, subject, ticker),
        "autocorrelation": charts.autocorrelation(lagged, int(own.count()), subject, ticker),
    }


def shown(value: Any) -> str:
    if isinstance(value, pd.Timestamp):
        return f"{value:%Y-%m-%d}"
    return f"{value:.3f}" if isinstance(value, float) else str(value)


if __name__ == "__main__":
    run("explore", main)
