"""Show the forecast and how far to trust it."""

from dataclasses import replace
from pathlib import Path

import pandas as pd
from pydantic import Field

from pipeline import charts, states, verdict
from pipeline.artifacts import read_bytes, read_record, read_table, write_bytes, write_csv
from pipeline.beyond import Table, beyond, last_forecast
from pipeline.forecaster.preparation import Preparation
from pipeline.pages import forecast, page
from pipeline.params import Section, everything, load
from pipeline.results import caption, percent, skills
from pipeline.stages import run


class Params(Section):
    """Section plot of params.yaml, where each key is explained."""

    sessions: int = Field(ge=20)


MADE_BY = ("prepare", "benchmark", "train", "evaluate")  # sections told in the report


def main() -> None:
    params, chosen = load("plot", Params), everything()
    predictions, history = read_table(Path("data/predictions.parquet")), read_table(Path("data/history.parquet"))
    told = read_record(Path("data/verdict.json"), verdict.Verdict)
    preparation = read_record(Path("data/preparation.json"), Preparation)
    scores, bands = read_table(Path("data/scores.parquet")), read_table(Path("data/bands.parquet"))
    subject, coverage = told.subject, told.coverage
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
    common = forecast.common(told, scores, bands, history)
    html = page(
        "forecast.html",
        tickers,
        common,
        verdict=told.sentences.values(),
        rule=verdict.rule(subject.step),
        band=told.band,
        beside=forecast.beside(told, scores),
        caption=caption(told),
        heads=beyond(last_forecast(parts[names[0]]), subject, coverage)[0],
        by_ticker=forecast.by_ticker(told, scores, bands),
        tables=tables(told, scores, bands),
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
    write_csv(Path("reports/skill.csv"), skills(scores, told.references, subject))
    write_bytes(Path("reports/vega.js"), charts.script().encode())  # `dvc plots` draws with it, offline


def tables(told: verdict.Verdict, scores: pd.DataFrame, bands: pd.DataFrame) -> dict[str, Table]:
    """The report's tables by caption."""
    step = told.subject.step
    unit = "percent of the last value" if told.subject.priced else "the value's own units"
    return {
        f"{caption(told)}.": forecast.scores(told, scores),
        f"Every model on test, one {step} ahead.": forecast.models(told, scores),
        "What R² hides, on test.": forecast.flattery(told, scores) if told.tickers == 1 else ([], []),
        f"How the {percent(told.coverage)} bands held on test; widths in {unit}.": forecast.bands(told, bands),
        f"Other ways of making the bands, one {step} ahead on test.": forecast.ways(bands),
        f"The network one {step} ahead, by part of test.": forecast.by_slice(told, scores, bands),
        "The network's members on test.": forecast.spread(told, scores),
    }


if __name__ == "__main__":
    run("plot", main)
