"""`python -m pipeline`: how the last `dvc repro` went; `python -m pipeline forecast`: what comes next;
`python -m pipeline forecast FILE`: what comes after the last row of a file.
"""

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from pipeline.artifacts import read_json, read_record, read_table
from pipeline.beyond import beyond, last_forecast, origin
from pipeline.errors import UserError
from pipeline.findings import moment
from pipeline.forecaster.bands import Bands
from pipeline.forecaster.preparation import Preparation
from pipeline.metrics import band, caption, lines, named, percent
from pipeline.subject import Subject, subject
from pipeline.tables.forecasts import NETWORK
from pipeline.verdict import chance

REPORTS = ("reports/explore.html", "reports/forecast.html")


def scores(metrics: dict[str, Any]) -> Table:
    """The test scores: each target and horizon, the network beside the simple forecast it is judged against."""
    table = empty(caption(metrics), ("target", "RMSE", "R²", "simple", "its RMSE", "its R²", "skill", "p"))
    forms = ["#.5g", ".4f", "", "#.5g", ".4f", "+.4f"]
    for target, horizon, own in lines(metrics):
        rival = own["reference"]
        cells = [own["rmse"], own["r2"], rival["model"], rival["rmse"], rival["r2"], own["skill"]]
        table.add_row(f"{target} +{horizon}", *map(shown, cells, forms), chance(own["p_value"]))
    return table


def models(metrics: dict[str, Any]) -> Table:
    """Every model on test, one step ahead."""
    step, about = metrics["subject"]["step"], Subject(**metrics["subject"])
    heads = ["target", "model", "RMSE", "R²", "skill", "p", "p, network", "QLIKE", "p, network"]
    table = empty(
        f"Every model on test, one {step} ahead; p against the simple forecast and against the network", heads
    )
    for target, found in metrics["models"].items():
        for model, own in found.items():
            cells = [own["rmse"], own["r2"], own["skill"]]
            row = [*map(shown, cells, ("#.5g", ".4f", "+.4f")), chance(own["p_value"])]
            row += [tested(own, "p_network", model), shown(own.get("qlike"), ".4f"), tested(own, "p_qlike", model)]
            table.add_row(named(target, about), model, *row)
    return table


def tested(own: dict[str, float | None], name: str, model: str) -> str:
    """A p-value against the network, which has none of its own."""
    return chance(own[name]) if name in own and model != NETWORK else ""


def bands(metrics: dict[str, Any]) -> Table:
    """Every way of making bands, one step ahead on test."""
    step, nominal = metrics["subject"]["step"], metrics["bands"]["nominal"]
    heads = ["as wide as", "coverage", "width", "score", "Kupiec p", "beta p", "Christoffersen p"]
    table = empty(f"Bands of {percent(nominal)} on test, one {step} ahead; interval score, the best first", heads)
    for way, own in metrics["ways"].items():
        cells = [shown(own[name], form) for name, form in (("coverage", ".1%"), ("width", ".4g"))]
        tests = [shown(own[name], ".3f") for name in ("kupiec", "beta_binomial", "christoffersen")]
        table.add_row(way, *cells, shown(own["interval_score"], "#.4g"), *tests)
    return table


def members(metrics: dict[str, Any]) -> Table:
    """The skill of each of the networks on test, and of their mean."""
    cells = [(f"{target} +{horizon}", own, own["members"]) for target, horizon, own in lines(metrics)]
    numbers = sorted(cells[0][2]["skill"], key=int)
    table = empty(
        "Skill of the network's members on test, and of their mean forecast",
        ["target", *numbers, "mean", "deviation", "together"],
    )
    for target, own, found in cells:
        skills = [*(found["skill"][number] for number in numbers), found["mean"]]
        row = [shown(skill, "+.3f") for skill in skills]
        table.add_row(target, *row, shown(found["std"], ".3f"), shown(own["skill"], "+.3f"))
    return table


def empty(title: str, heads: Iterable[str]) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=SIMPLE_HEAD, padding=0)
    for head in heads:
        text = head in ("target", "simple", "model", "as wide as")
        table.add_column(head, justify="left" if text else "right", no_wrap=text)
    return table


def shown(value: float | str | None, form: str) -> str:
    return "" if value is None else f"{value:{form}}"


def summary(console: Console) -> None:
    metrics = read_json(Path("reports/metrics.json"))
    if any("members" in own for _, _, own in lines(metrics)):
        console.print(members(metrics))
    console.print(models(metrics))
    console.print(bands(metrics))
    console.print(scores(metrics))
    for sentence in metrics["verdict"].values():
        console.print(sentence, style="bold")
    console.print(band(metrics))
    console.print(f"What is in the data: {REPORTS[0]}\nThe forecast, and how far to trust it: {REPORTS[1]}")
    if Path("data/run.json").exists():
        from pipeline import runs  # MLflow takes a second to load

        experiment = read_json(Path("data/run.json"))["experiment"]
        if states := runs.states(Path.cwd(), experiment):
            console.print(compared(states, experiment))


def compared(states: int, experiment: str) -> str:
    """How many states were tried: the best of many on validation owes some of its lead to luck."""
    return f"States compared in this MLflow store, experiment {experiment}: {states}. Choose among them on validation."


def forecast(console: Console) -> None:
    """The forecast beyond the last session, of each ticker."""
    predictions = read_table(Path("data/predictions.parquet"))
    preparation = read_record(Path("data/preparation.json"), Preparation)
    coverage = read_record(Path("data/bands.json"), Bands).coverage
    for ticker, own in predictions.groupby("ticker"):
        about = subject(preparation, str(ticker))
        console.print(ahead(f"{ticker}: {origin(own, about.step)}", last_forecast(own), about, coverage))


def forecast_of(console: Console, path: Path) -> None:
    """The forecast beyond the last row of a file, of each ticker, by what was fitted before."""
    from pipeline.forecaster.forecaster import Forecaster  # TensorFlow takes seconds to load
    from pipeline.newer import prices_of

    forecaster = Forecaster.load(Path("data"))
    prices = prices_of(path, forecaster.columns, forecaster.preparation)
    try:
        found = forecaster.forecast(prices)
    except UserError as error:
        raise UserError("\n".join(f"{path}: {line}" for line in str(error).splitlines())) from None
    last = prices.groupby("ticker")[forecaster.preparation.column].last()
    for ticker, own in found.groupby("ticker"):
        about = subject(forecaster.preparation, str(ticker))
        own = own.assign(last=last[ticker]).rename(columns={"forecast": "predicted"})
        title = f"{ticker}: Forecast from {moment(own['origin'].iloc[0])}, the last {about.step}."
        console.print(ahead(title, own, about, forecaster.bands.coverage))


def ahead(title: str, forecasts: pd.DataFrame, about: Subject, coverage: float) -> Table:
    heads, lines = beyond(forecasts, about, coverage)
    table = empty(title, heads)
    for line in lines:
        table.add_row(*line)
    return table


def main(arguments: list[str]) -> None:
    console = Console(soft_wrap=True, highlight=False)
    try:
        match arguments:
            case []:
                summary(console)
            case ["forecast"]:
                forecast(console)
            case ["forecast", path]:
                forecast_of(console, Path(path))
            case _:
                sys.exit(f"pipeline: found {' '.join(arguments)!r}; accepted: nothing, forecast, or forecast FILE")
    except UserError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main(sys.argv[1:])
