"""Show the forecast and how far to trust it."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
from pydantic import Field

from pipeline import charts, states, verdict
from pipeline.artifacts import read_bytes, read_json, read_record, read_table, write_bytes, write_csv
from pipeline.beyond import Table, beyond, last_forecast
from pipeline.forecaster.preparation import Preparation
from pipeline.metrics import band, caption, percent, skills
from pipeline.pages import forecast, page
from pipeline.params import Section, everything, load
from pipeline.stages import run
from pipeline.subject import Subject


class Params(Section):
    """Section plot of params.yaml, where each key is explained."""

    sessions: int = Field(ge=20)


MADE_BY = ("prepare", "benchmark", "train", "evaluate")  # sections told in the report


def main() -> None:
    params, chosen = load("plot", Params), everything()
    predictions, history = read_table(Path("data/predictions.parquet")), read_table(Path("data/history.parquet"))
    metrics = read_json(Path("reports/metrics.json"))
    preparation = read_record(Path("data/preparation.json"), Preparation)
    scores, bands = read_table(Path("data/scores.parquet")), read_table(Path("data/bands.parquet"))
    subject, coverage = Subject(**metrics["subject"]), metrics["bands"]["nominal"]
    tested = forecast.tested(predictions)
    # The tickers that reach into test come first, for they have all figures.
    reaching, parts = set(tested["ticker"]), dict(list(predictions.groupby("ticker")))
    names = sorted(parts, key=lambda name: (name not in reaching, name))
    tickers = [
        forecast.ticker(
            parts[name], name, replace(subject, unit=preparation.units[name]), params.sessions, coverage, len(names)
        )
        for name in names
    ]
    common = forecast.common(metrics, scores, history)
    html = page(
        "forecast.html",
        tickers,
        common,
        verdict=metrics["verdict"].values(),
        rule=verdict.rule(subject.step),
        band=band(metrics),
        beside=forecast.beside(metrics),
        caption=caption(metrics),
        heads=beyond(last_forecast(parts[names[0]]), subject, coverage)[0],
        by_ticker=forecast.by_ticker(scores, bands, metrics),
        tables=tables(metrics, scores, bands),
        thinned=forecast.thinned(int(tested.groupby("ticker").size().max()), len(names)),
        missing=[f"{name} ({count})" for name, count in preparation.missing.items() if count],
        params={name: dict(states.flat(chosen[name])) for name in MADE_BY},
        digest=states.digest(read_bytes(Path("data/predictions.parquet"))),
    )
    write_bytes(Path("reports/forecast.html"), html)
    for name, figure in {**tickers[0].figures, **common}.items():
        path = "reports/forecast.png" if name == "predicted" else f"reports/forecast/{name}.png"
        title = figure.title if name in common else f"{names[0]}: {figure.title}"
        start = {**(figure.start or {}), "persistence": True}  # a picture has no switch
        write_bytes(Path(path), charts.png(figure.shape, figure.rows, start, title))
    shown = tested[tested["ticker"] == names[0]]
    columns = ["date", "actual", "predicted", "persistence", "lower", "upper"]
    write_csv(Path("reports/predicted.csv"), shown[columns])
    write_csv(Path("reports/loss.csv"), history[["member", "epoch", "loss", "val_loss"]])
    write_csv(Path("reports/skill.csv"), skills(metrics))
    write_bytes(Path("reports/vega.js"), charts.script().encode())  # `dvc plots` draws with it, offline


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
