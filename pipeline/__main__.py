"""What people type: `python -m pipeline` tells how the last `dvc repro` went; `--help` lists the rest.

Each command imports what it needs: TensorFlow and MLflow take seconds to load.
"""

import argparse
import sys
from pathlib import Path
from typing import NoReturn

import pandas as pd
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table as Terminal

from pipeline.forecaster.preparation import Preparation
from pipeline.formats import format_date
from pipeline.io.artifacts import read_record, read_table
from pipeline.io.errors import UserError
from pipeline.plot import tables
from pipeline.report.table import Table
from pipeline.scoring.results import series_of
from pipeline.scoring.verdict import Verdict

REPORTS = ("reports/explore.html", "reports/forecast.html")


def printed(console: Console, table: Table) -> None:
    """Print a table, words to the left and numbers to the right; nothing where it has no rows."""
    if not table.rows:
        return
    shown = Terminal(title=escape(table.caption), title_justify="left", title_style="bold", box=SIMPLE_HEAD, padding=0)
    for head, words in zip(table.heads, table.texts, strict=True):
        shown.add_column(escape(head), justify="left" if words else "right", no_wrap=words)
    for row in table.rows:
        shown.add_row(*map(escape, row))
    console.print(shown)


def summary(console: Console) -> None:
    """How the last `dvc repro` went."""
    told = read_record(Path("data/verdict.json"), Verdict)
    scores, bands = (read_table(Path(f"data/{name}.parquet")) for name in ("scores", "bands"))
    shown = (tables.spread(told, scores), tables.models(told, scores), tables.band_methods(told, bands))
    for table in (*shown, tables.short(told, scores)):
        printed(console, table)
    for sentence in told.sentences.values():
        console.print(sentence, style="bold")
    console.print(told.band)
    console.print(f"What is in the data: {REPORTS[0]}\nThe forecast, and how far to trust it: {REPORTS[1]}")
    if Path("data/run.json").exists():
        from pipeline.track import runs

        experiment = read_record(Path("data/run.json"), runs.Recorded).experiment
        if states := runs.count(Path.cwd(), experiment):  # the best of many on validation owes some of it to luck
            where = f"in this MLflow store, experiment {experiment}"
            console.print(f"States compared {where}: {states}. Choose among them on validation.")


def forecast(console: Console) -> None:
    """The forecast beyond the last session, of each ticker."""
    predictions = read_table(Path("data/predictions.parquet"))
    preparation = read_record(Path("data/preparation.json"), Preparation)
    coverage = read_record(Path("data/verdict.json"), Verdict).coverage
    for ticker, own in predictions.groupby("ticker"):
        about = series_of(preparation, str(ticker))
        title = f"{ticker}: {tables.origin(own, about.step)}"
        printed(console, tables.next_forecast(title, tables.last_forecast(own), about, coverage))


def forecast_of(console: Console, path: Path) -> None:
    """The forecast beyond the last row of a file, of each ticker, by what was fitted before."""
    from pipeline.forecaster.forecaster import Forecaster
    from pipeline.from_file import read_prices

    forecaster = Forecaster.load(Path("data"))
    prices = read_prices(path, forecaster)
    try:
        found = forecaster.forecast(prices)
    except UserError as error:
        raise UserError("\n".join(f"{path}: {line}" for line in str(error).splitlines())) from None
    last = prices.groupby("ticker")[forecaster.preparation.column].last()
    counts = prices.groupby("ticker").size()
    for ticker, own in found.groupby("ticker"):
        about = series_of(forecaster.preparation, str(ticker))
        own = own.assign(last=last[ticker]).rename(columns={"forecast": "predicted"})
        title = f"{ticker}: Forecast from {format_date(own['origin'].iloc[0])}, the last {about.step}."
        printed(console, tables.next_forecast(title, own, about, forecaster.bands.coverage))
        if counts[ticker] < forecaster.reach:
            some = f"{counts[ticker]} {about.step}s, and a forecast may depend on {forecaster.reach}"
            console.print(f"{ticker}: the file has {some}: with more the numbers would differ a little.", markup=False)


class Parser(argparse.ArgumentParser):
    """Says of a mistake one line, without the usage."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}\n")


def arguments(given: list[str]) -> argparse.Namespace:
    """The command, None for the summary, and its arguments."""
    parser = Parser(prog="python -m pipeline", description="How the last `dvc repro` went.")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    command = commands.add_parser("forecast", help="the next sessions, or those after the last row of a file")
    command.add_argument("file", metavar="FILE", nargs="?", type=Path, help="a CSV or Parquet file of prices")
    commands.add_parser("latest", help="Yahoo's prices up to the last finished session, then what that changes")
    command = commands.add_parser("revisions", help="what the source has revised since a git revision")
    command.add_argument("rev", metavar="REV", help="such as HEAD~1")
    command = commands.add_parser("verify", help="rebuild a commit elsewhere and compare its outputs")
    command.add_argument("--rev", metavar="REV", default="HEAD")
    command.add_argument("--cpu", metavar="CPU", default="", help="an emulated processor, such as Haswell")
    return parser.parse_args(given)


def main(given: list[str]) -> int:
    """Run a command. Returns the exit status; exits with one line for each of the user's mistakes."""
    chosen, console = arguments(given), Console(soft_wrap=True, highlight=False)
    try:
        match chosen.command:
            case None:
                summary(console)
            case "forecast" if chosen.file:
                forecast_of(console, chosen.file)
            case "forecast":
                forecast(console)
            case "latest":
                from pipeline import update

                update.latest(pd.Timestamp.now("UTC"))
            case "revisions":
                from pipeline import update

                update.print_revisions(chosen.rev)
            case "verify":
                from pipeline.verify import rebuild

                return rebuild.command(chosen.rev, chosen.cpu)
    except UserError as error:
        who = "" if chosen.command in (None, "forecast") else f"{chosen.command}: "
        sys.exit("\n".join(f"{who}{line}" for line in str(error).splitlines()))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
