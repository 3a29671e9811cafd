"""Fetch new prices from Yahoo, and report which earlier prices the source has revised.

`latest` first writes the last date to params.yaml and then runs `dvc repro`, so no stage reads the clock.
"""

import io
import subprocess
import sys
from pathlib import Path
from typing import Any

import dvc.api
import numpy as np
import pandas as pd
from dvc.exceptions import DvcException

from pipeline import calendars
from pipeline.io.artifacts import read_table
from pipeline.io.errors import UserError
from pipeline.io.params import load, rewrite
from pipeline.io.stage import read_lock
from pipeline.prices import value_columns
from pipeline.programs import check_repository
from pipeline.scrape.params import SOURCES, Several, YahooMarket

PRICES = Path("data/prices.parquet")


def write_end_and_vintage(now: pd.Timestamp) -> None:
    """Set end and vintage in params.yaml: of the section scrape, or of each market from Yahoo by its own calendar.

    now: in UTC. Raises UserError if nothing is from Yahoo.
    """
    params = load("scrape", SOURCES)
    declared: dict[tuple[str | int, ...], object] = {("scrape",): params}
    if isinstance(params, Several):
        declared = {("scrape", "markets", number): market for number, market in enumerate(params.markets)}
    fetched = {keys: each for keys, each in declared.items() if isinstance(each, YahooMarket)}
    if not fetched:
        raise UserError(
            f"params.yaml: scrape.source: found {params.source}; accepted by `make latest`: yahoo, "
            "as in examples/yahoo.yaml, or several with a market from yahoo"
        )
    vintage = f"{now:%Y-%m-%dT%H:%M:%SZ}"
    ends = {keys: f"{calendars.last_finished(each.calendar, now):%Y-%m-%d}" for keys, each in fetched.items()}
    for keys, each in fetched.items():  # after all calendars: a mistake in one must change nothing
        rewrite(*keys, end=ends[keys], vintage=vintage)
        key = ".".join(map(str, keys))
        print(f"params.yaml: {key}.end {each.end} -> {ends[keys]}, {key}.vintage {each.vintage} -> {vintage}")


def revision_lines(counts: pd.DataFrame) -> list[str]:
    """Return a line for each revised ticker and one for the totals. counts: the result of `revisions`."""
    revised = counts[(counts["changed"] > 0) | (counts["vanished"] > 0)]
    lines = []
    for row in revised.to_dict("records"):
        sizes = [f"{name} by up to {row[name]:.2%}" for name in counts.columns[4:] if row[name]]
        vanished = [f"{row['vanished']} sessions were removed"] if row["vanished"] else []
        lines.append(f"{row['ticker']}: {row['changed']} sessions revised: {', '.join(sizes + vanished)}")
    new = int(counts["new"].sum())
    return [*lines, f"{new} new session{'s' * (new != 1)}, {len(revised)} ticker{'s' * (len(revised) != 1)} revised"]


def train_entry() -> Any:
    """Return the entry of the stage train in dvc.lock, with the hashes of its inputs and outputs, or None."""
    return read_lock()["stages"].get("train")


def latest(now: pd.Timestamp) -> None:
    """Set the last date and the vintage, run `dvc repro`, and print what the source has revised. now: in UTC."""
    before = read_table(PRICES) if PRICES.exists() else None
    entry_before = train_entry()
    write_end_and_vintage(now)
    done = subprocess.run([sys.executable, "-m", "dvc", "repro"], check=False)
    if done.returncode:
        raise UserError("`dvc repro` failed: see the error above")
    revised = "" if before is None else "\n".join(revision_lines(revisions(before, read_table(PRICES)))) + "; "
    ran_again = entry_before != train_entry()
    print(revised + ("train ran again" if ran_again else "train did not run: its inputs are the same"))


def revisions(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    """Return a row for each ticker: the numbers of new, changed and vanished sessions, and the change of each column.

    The change of a column is its largest relative change |after / before - 1|. It is 0 without a change, and infinite
    if the value was or became missing, or was 0. before, after: price tables; only their shared columns are compared.
    """
    columns = [name for name in value_columns(after) if name in value_columns(before)]
    joined = before.merge(after, how="outer", on=["ticker", "date"], suffixes=("_before", "_after"), indicator="side")
    counts = {
        "new": joined["side"] == "right_only",
        "changed": pd.Series(False, joined.index),
        "vanished": joined["side"] == "left_only",
    }
    both, largest = joined["side"] == "both", {}
    for name in columns:
        old, new = joined[f"{name}_before"], joined[f"{name}_after"]
        differs = both & ~((old == new) | (old.isna() & new.isna()))
        counts["changed"] |= differs
        change = (new / old.mask(old == 0) - 1).abs().fillna(np.inf)
        largest[name] = change.where(differs, 0.0)
    tickers = joined["ticker"]
    by_ticker = pd.DataFrame(counts).groupby(tickers).sum().join(pd.DataFrame(largest).groupby(tickers).max())
    return by_ticker.reset_index()


def print_revisions(revision: str) -> None:
    """Print what the source has revised since the prices of a git revision."""
    if not revision:  # DVC would use the current prices
        raise UserError("REV: found no git revision; accepted: one git revision, as in `make revisions REV=HEAD~1`")
    after = read_table(PRICES)
    check_repository()
    try:
        before = pd.read_parquet(io.BytesIO(dvc.api.read(str(PRICES), rev=revision, mode="rb")))
    except DvcException as error:
        reason, accepted = " ".join(str(error).split()), "accepted: a revision whose prices DVC has"
        raise UserError(f"{PRICES}: found no prices of {revision!r} ({reason}); {accepted}") from None
    print("\n".join(revision_lines(revisions(before, after))))
