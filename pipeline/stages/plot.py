"""Show the forecast and how far to trust it."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
from pydantic import Field

from pipeline import charts, verdict
from pipeline.artifacts import read_json, read_table, write_bytes, write_csv
from pipeline.beyond import Table
from pipeline.metrics import band, caption, percent
from pipeline.pages import forecast, page
from pipeline.params import Section, load
from pipeline.stages import run
from pipeline.subject import Subject


class Params(Section):
    """Section plot of params.yaml, where each key is explained."""

    sessions: int = Field(ge=20)


FIGURES = 6  # tickers with figures, the first by name; data/predictions.parquet has all


def main() -> None:
    params = load("plot", Params)
    predictions, history = read_table(Path("data/predictions.parquet")), read_table(Path("data/history.parquet"))
    metrics, scaler = read_json(Path("reports/metrics.json")), read_json(Path("data/scaler.json"))
    scores, bands = read_table(Path("data/scores.parquet")), read_table(Path("data/bands.parquet"))
    subject, coverage = Subject(**metrics["subject"]), metrics["bands"]["nominal"]
    tested = forecast.tested(predictions)
    # The tickers that reach into test come first, for they have all figures.
    reaching = set(tested["ticker"])
    names = sorted(predictions["ticker"].unique(), key=lambda name: (name not in reaching, name))
    tickers = []
    for name in names[:FIGURES]:
        own = replace(subject, unit=scaler["units"][name])
        theirs = predictions[predictions["ticker"] == name]
        tickers.append(forecast.section(theirs, name, own, params.sessions, coverage))
    loss = charts.loss(history)

    html = page(
        "forecast.html",
        verdict=metrics["verdict"].values(),
        rule=verdict.rule(subject.step),
        band=band(metrics),
        tables=tables(metrics, scores, bands),
        tickers=tickers,
        count=len(names),
        loss=loss,
        missing=[f"{name} ({count})" for name, count in scaler["missing"].items() if count],
    )
    write_bytes(Path("reports/forecast.html"), html)
    pictures = {**tickers[0]["specs"], "loss": loss}
    write_bytes(Path("reports/forecast.png"), charts.png(pictures.pop("predicted")))
    for name, spec in pictures.items():
        write_bytes(Path(f"reports/forecast/{name}.png"), charts.png(spec))
    shown = tested[tested["ticker"] == names[0]]
    columns = ["date", "actual", "predicted", "persistence", "lower", "upper"]
    write_csv(Path("reports/predicted.csv"), shown[columns])
    write_csv(Path("reports/loss.csv"), history[["member", "epoch", "loss", "val_loss"]])


def tables(metrics: dict[str, Any], scores: pd.DataFrame, bands: pd.DataFrame) -> dict[str, Table]:
    """The report's tables by caption."""
    step = metrics["subject"]["step"]
    unit = "percent of the last value" if metrics["subject"]["priced"] else "the value's own units"
    return {
        f"{caption(metrics)}.": forecast.scores(metrics),
        f"Every model on test, one {step} ahead.": forecast.models(metrics),
        "What R² hides, on test.": forecast.flattery(metrics) if metrics["tickers"] == 1 else ([], []),
        f"How the {percent(metrics['bands']['nominal'])} bands held on test; widths in {unit}.": forecast.bands(
            metrics
        ),
        f"Other ways of making the bands, one {step} ahead on test.": forecast.ways(metrics),
        f"The network one {step} ahead, by part of test.": forecast.by_slice(scores, bands, metrics),
        "The network's members on test.": forecast.spread(metrics),
    }


if __name__ == "__main__":
    run("plot", main)
