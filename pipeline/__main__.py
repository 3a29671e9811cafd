"""`python -m pipeline`: how the last `dvc repro` went; `python -m pipeline forecast`: what comes next;
`python -m pipeline forecast FILE`: what comes after the last row of a file.
"""

import sys
from collections.abc import Iterable
from pathlib import Path

import pandas as pd
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from pipeline import results
from pipeline.artifacts import read_record, read_table
from pipeline.beyond import beyond, last_forecast, origin, shown
from pipeline.errors import UserError
from pipeline.findings import moment
from pipeline.forecaster.bands import Bands
from pipeline.forecaster.preparation import Preparation
from pipeline.results import caption, lines, named, percent, subject_of
from pipeline.subject import Subject
from pipeline.tables.forecasts import NETWORK
from pipeline.verdict import Verdict, chance

REPORTS = ("reports/explore.html", "reports/forecast.html")


def scores(told: Verdict, scores: pd.DataFrame) -> Table:
    """The test scores: each target and horizon, the network beside the simple forecast it is judged against."""
    table = empty(caption(told), ("target", "RMSE", "R²", "simple", "its RMSE", "its R²", "skill", "p"))
    forms = ["#.5g", ".4f", "", "#.5g", ".4f", "+.4f"]
    for line in lines(scores, told.references, told.subject):
        own, rival = line.network, line.reference
        cells = [own["rmse"], own["r2"], rival.name, rival["rmse"], rival["r2"], own["skill"]]
        table.add_row(f"{line.title} +{line.horizon}", *map(shown, cells, forms), chance(own["p_value"]))
    return table


def models(told: Verdict, scores: pd.DataFrame) -> Table:
    """Every model on test, one step ahead."""
    heads = ["target", "model", "RMSE", "R²", "skill", "p", "p, network", "QLIKE", "p, network"]
    title = f"Every model on test, one {told.subject.step} ahead; p against the simple forecast and against the network"
    table = empty(title, heads)
    for target in told.references:
        for _, own in results.models(scores, target).iterrows():
            cells = [own["rmse"], own["r2"], own["skill"]]
            row = [*map(shown, cells, ("#.5g", ".4f", "+.4f")), chance(own["p_value"])]
            itself, priced = own["model"] == NETWORK, target == "price"
            row += ["" if itself else chance(own["p_network"]), shown(own["qlike"], ".4f")]
            row += ["" if itself or priced else chance(own["p_qlike"])]
            table.add_row(named(target, told.subject), own["model"], *row)
    return table


def bands(told: Verdict, bands: pd.DataFrame) -> Table:
    """Every way of making bands, one step ahead on test."""
    heads = ["as wide as", "coverage", "width", "score", "Kupiec p", "beta p", "Christoffersen p"]
    title = f"Bands of {percent(told.coverage)} on test, one {told.subject.step} ahead; interval score, the best first"
    table = empty(title, heads)
    for way, own in results.ways(bands).items():
        cells = [shown(own[name], form) for name, form in (("coverage", ".1%"), ("width", ".4g"))]
        tests = [shown(own[name], ".3f") for name in ("kupiec", "beta_binomial", "christoffersen")]
        table.add_row(way, *cells, shown(own["interval_score"], "#.4g"), *tests)
    return table


def members(told: Verdict, scores: pd.DataFrame) -> Table | None:
    """The skill of each of the networks on test, and of their mean; None where there is one network."""
    found = [line for line in lines(scores, told.references, told.subject) if len(line.members)]
    if not found:
        return None
    numbers = sorted(found[0].members.index, key=int)
    table = empty(
        "Skill of the network's members on test, and of their mean forecast",
        ["target", *numbers, "mean", "deviation", "together"],
    )
    for line in found:
        row = [shown(skill, "+.3f") for skill in [*line.members[numbers], line.members.mean()]]
        spread = shown(line.members.std(), ".3f")
        table.add_row(f"{line.title} +{line.horizon}", *row, spread, shown(line.network["skill"], "+.3f"))
    return table


def empty(title: str, heads: Iterable[str]) -> Table:
    table = Table(title=escape(title), title_justify="left", title_style="bold", box=SIMPLE_HEAD, padding=0)
    for head in heads:
        text = head in ("target", "simple", "model", "as wide as")
        table.add_column(escape(head), justify="left" if text else "right", no_wrap=text)
    return table


def summary(console: Console) -> None:
    told = read_record(Path("data/verdict.json"), Verdict)
    scored, held = (read_table(Path(f"data/{name}.parquet")) for name in ("scores", "bands"))
    if several := members(told, scored):
        console.print(several)
    console.print(models(told, scored))
    console.print(bands(told, held))
    console.print(scores(told, scored))
    for sentence in told.sentences.values():
        console.print(sentence, style="bold")
    console.print(told.band)
    console.print(f"What is in the data: {REPORTS[0]}\nThe forecast, and how far to trust it: {REPORTS[1]}")
    if Path("data/run.json").exists():
        from pipeline import runs  # MLflow takes a second to load
        from pipeline.stages.track import Recorded

        experiment = read_record(Path("data/run.json"), Recorded).experiment
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
        about = subject_of(preparation, str(ticker))
        console.print(ahead(f"{ticker}: {origin(own, about.step)}", last_forecast(own), about, coverage))


def forecast_of(console: Console, path: Path) -> None:
    """The forecast beyond the last row of a file, of each ticker, by what was fitted before."""
    from pipeline.forecaster.forecaster import Forecaster  # TensorFlow takes seconds to load
    from pipeline.from_file import prices_of

    forecaster = Forecaster.load(Path("data"))
    prices = prices_of(path, forecaster)
    try:
        found = forecaster.forecast(prices)
    except UserError as error:
        raise UserError("\n".join(f"{path}: {line}" for line in str(error).splitlines())) from None
    last = prices.groupby("ticker")[forecaster.preparation.column].last()
    counts = prices.groupby("ticker").size()
    for ticker, own in found.groupby("ticker"):
        about = subject_of(forecaster.preparation, str(ticker))
        own = own.assign(last=last[ticker]).rename(columns={"forecast": "predicted"})
        title = f"{ticker}: Forecast from {moment(own['origin'].iloc[0])}, the last {about.step}."
        console.print(ahead(title, own, about, forecaster.bands.coverage))
        if counts[ticker] < forecaster.reach:
            some = f"{counts[ticker]} {about.step}s, and a forecast may depend on {forecaster.reach}"
            console.print(f"{ticker}: the file has {some}: with more the numbers would differ a little.", markup=False)


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
