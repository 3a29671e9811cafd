"""The commands that people type: `python -m pipeline` prints the verdict; `--help` lists the rest.

Each command imports what it needs: TensorFlow and MLflow take seconds to load.
"""

import argparse
import signal
import sys
from pathlib import Path
from typing import Any, NoReturn

import pandas as pd
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markdown import Markdown
from rich.markup import escape
from rich.table import Table as Terminal

from pipeline.forecaster.preparation import Preparation
from pipeline.formats import Table, format_date
from pipeline.io.artifacts import output_hashes, read_bytes, read_record, read_table
from pipeline.io.errors import UserError
from pipeline.io.params import FILE, read_yaml
from pipeline.io.stage import check_outputs, disk_errors, read_lock
from pipeline.plot import tables
from pipeline.scoring.results import last_forecast, series_of
from pipeline.scoring.verdict import Verdict

SUMMARY_WIDTH, PIPE_WIDTH = 100, 120  # columns: of the summary at most; of a file or pipe
RESULTS = (None, "models", "forecast")  # the commands that print results
REPORTS = "reports/explore.html, reports/forecast.html"


def printed(console: Console, table: Table) -> None:
    """Print a table, words to the left and numbers to the right; nothing if it has no rows."""
    if not table.rows:
        return
    shown = Terminal(title=escape(table.caption), title_justify="left", title_style="bold", box=SIMPLE_HEAD, padding=0)
    for head, words in zip(table.heads, table.texts, strict=True):
        shown.add_column(escape(head), justify="left" if words else "right", no_wrap=words)
    for row in table.rows:
        shown.add_row(*map(escape, row))
    console.print(shown)


def rendered(console: Console, markdown: str) -> str:
    """Return Markdown as text for the terminal, at most SUMMARY_WIDTH wide, without two blank lines in a row."""
    with console.capture() as captured:
        console.print(Markdown(markdown), width=min(console.width, SUMMARY_WIDTH), soft_wrap=False)
    lines = captured.get().splitlines()
    return "\n".join(line for line, before in zip(lines, ["", *lines], strict=False) if line.strip() or before.strip())


def summary(console: Console) -> None:
    """Print the verdict on the forecast of the last `dvc repro`."""
    console.out(rendered(console, read_bytes(Path("reports/summary.md")).decode()), highlight=False)
    console.print(f"Reports: {REPORTS}. {compared()}".rstrip())


def compared() -> str:
    """Return how many runs were compared in MLflow: the best of many on validation is partly lucky."""
    if not Path("data/run.json").exists():
        return ""
    from pipeline.track import runs, store

    experiment = read_record(Path("data/run.json"), runs.Recorded).experiment
    count = runs.count(Path.cwd(), experiment)
    if not count and store.is_local(Path.cwd()):
        return "MLflow has lost this run; `dvc repro --force --single-item track` records it again."
    return f"Runs in MLflow ({experiment}): {count}." if count else ""


def models(console: Console) -> None:
    """Print every model, horizon and band method."""
    verdict = read_record(Path("data/verdict.json"), Verdict)
    scores, bands = (read_table(Path(f"data/{name}.parquet")) for name in ("scores", "bands"))
    for table in tables.common(verdict, scores, bands):
        printed(console, table)


def forecast(console: Console) -> None:
    """Print the forecast of the next steps of each ticker."""
    predictions = read_table(Path("data/predictions.parquet"))
    preparation = read_record(Path("data/preparation.json"), Preparation)
    coverage = read_record(Path("data/verdict.json"), Verdict).coverage
    for ticker, rows in predictions.groupby("ticker"):
        series = series_of(preparation, str(ticker))
        title = f"{ticker}: {tables.origin(rows, series.step)}"
        printed(console, tables.next_forecast(title, last_forecast(rows), series, coverage))


def forecast_of(console: Console, path: Path) -> None:
    """Print the forecast that follows the last row of a file, by the forecaster that was fitted before."""
    from pipeline.forecaster.forecaster import Forecaster
    from pipeline.from_file import read_prices

    forecaster = Forecaster.load(Path("data"))
    prices = read_prices(path, forecaster)
    try:
        forecasts = forecaster.forecast(prices)
    except UserError as error:
        raise UserError("\n".join(f"{path}: {line}" for line in str(error).splitlines())) from None
    last = prices.groupby("ticker")[forecaster.preparation.column].last()
    counts = prices.groupby("ticker").size()
    for ticker, rows in forecasts.groupby("ticker"):
        series = series_of(forecaster.preparation, str(ticker))
        rows = rows.assign(last=last[ticker]).rename(columns={"forecast": "predicted"})
        title = f"{ticker}: Forecast from {format_date(rows['origin'].iloc[0])}, the last {series.step}."
        printed(console, tables.next_forecast(title, rows, series, forecaster.bands.coverage))
        if counts[ticker] < forecaster.max_sessions:
            text = f"the file has {counts[ticker]} {series.step}s, but a forecast uses up to {forecaster.max_sessions}"
            console.print(f"{ticker}: {text}; with more of them the numbers would differ a little.", markup=False)


def is_old(lock: dict[str, Any]) -> bool:
    """Return whether params.yaml has changed or an output is missing since the run of a dvc.lock."""
    recorded = lock["stages"].get("track", {}).get("params", {}).get(str(FILE))
    missing = [path for path in output_hashes(lock) if not Path(path).exists()]
    return bool(missing) or (recorded is not None and recorded != read_yaml(FILE))


class Parser(argparse.ArgumentParser):
    """An argument parser that answers a mistake in one line, without the usage."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}\n")


def arguments(words: list[str]) -> argparse.Namespace:
    """Return the command (None is the summary) and its arguments."""
    parser = Parser(prog="python -m pipeline", description="Without a command: the verdict on the last `dvc repro`.")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    commands.add_parser("models", help="every model, horizon and band method on test, as tables")
    command = commands.add_parser("forecast", help="the next sessions, or those after the last row of a file")
    command.add_argument("file", metavar="FILE", nargs="?", type=Path, help="a CSV or Parquet file of prices")
    commands.add_parser("latest", help="fetch Yahoo's prices up to the last finished session, then run `dvc repro`")
    command = commands.add_parser("revisions", help="what the source has revised since a git revision")
    command.add_argument("rev", metavar="REV", help="such as HEAD~1")
    commands.add_parser("record", help="the forecasts in git's history of reports/next.csv, and the actual values")
    commands.add_parser("why", help="which stages `dvc repro` would run, and why")
    commands.add_parser("repro", help="the same, then run them, and which ran")
    command = commands.add_parser("verify", help="rebuild a commit elsewhere and compare its outputs")
    command.add_argument("--rev", metavar="REV", default="HEAD")
    command.add_argument("--cpu", metavar="CPU", default="", help="an emulated processor, such as Haswell")
    commands.add_parser("ui", help="the page of all runs in MLflow")
    command = commands.add_parser("promote", help="make the model of this state the champion, or say why not")
    command.add_argument("--force", action="store_true", help="even if it cannot be compared with the champion")
    commands.add_parser("serve", help="serve the champion on this computer")
    return parser.parse_args(words)


def run(chosen: argparse.Namespace, console: Console) -> int:
    """Run a command and return the exit status."""
    if chosen.command in RESULTS:
        lock = read_lock()
        check_outputs(lock)
        if is_old(lock):
            print("params.yaml or an output has changed since this run: see `make why`.\n", file=sys.stderr)
    match chosen.command:
        case None:
            summary(console)
        case "models":
            models(console)
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
        case "record":
            from pipeline import record

            record.update_record()
        case "why" | "repro":
            from pipeline import settings, why

            settings.check()
            if chosen.command == "repro":
                return why.repro()
            print("\n".join(why.plan()))
        case "verify":
            from pipeline.verify import rebuild

            return rebuild.command(chosen.rev, chosen.cpu)
        case "promote":
            from pipeline.serving import promotion

            print(promotion.promote(pd.Timestamp.now("UTC"), force=chosen.force))
        case "ui":
            from pipeline.serving import commands

            commands.ui()
        case "serve":
            from pipeline.serving import commands

            commands.serve()
    return 0


def main(words: list[str]) -> int:
    """Run a command and return the exit status. Exit with one line for each of the user's mistakes."""
    signal.signal(signal.SIGINT, signal.default_int_handler)  # all is imported: from here on, Ctrl-C is handled below
    chosen, width = arguments(words), None if sys.stdout.isatty() else PIPE_WIDTH
    try:
        with disk_errors():
            return run(chosen, Console(soft_wrap=True, highlight=False, width=width))
    except UserError as error:
        who = "" if chosen.command in RESULTS else f"{chosen.command}: "
        sys.exit("\n".join(f"{who}{line}" for line in str(error).splitlines()))
    except KeyboardInterrupt:
        return 130  # 128 + SIGINT, as a shell says it


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
