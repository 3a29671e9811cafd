"""New prices from Yahoo, and what the source has revised of the old ones.

`latest` writes into params.yaml up to when it asks, so that a rerun knows no clock, and then runs `dvc repro`.
"""

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from pipeline import calendars
from pipeline.io.artifacts import read_table
from pipeline.io.errors import UserError
from pipeline.io.params import load, parsed, rewrite
from pipeline.prices import columns_of
from pipeline.scrape.params import SOURCES, Yahoo

PRICES, LOCK = Path("data/prices.parquet"), Path("dvc.lock")


def rewritten(now: pd.Timestamp) -> None:
    """Write scrape.end and scrape.vintage. now: in UTC. Raises UserError where the source is not Yahoo."""
    params = load("scrape", SOURCES)
    if not isinstance(params, Yahoo):
        raise UserError(
            f"params.yaml: scrape.source: found {params.source}; accepted by `make latest`: yahoo, "
            "as in examples/yahoo.yaml"
        )
    end = f"{calendars.last_finished(params.calendar, now):%Y-%m-%d}"
    vintage = f"{now:%Y-%m-%dT%H:%M:%SZ}"
    rewrite("scrape", end=end, vintage=vintage)
    print(f"params.yaml: scrape.end {params.end} -> {end}, scrape.vintage {params.vintage} -> {vintage}")


def told(found: pd.DataFrame) -> list[str]:
    """What the source has revised, a line a ticker, and how much in all. found: as `revisions` gives it."""
    revised = found[(found["changed"] > 0) | (found["vanished"] > 0)]
    lines = []
    for row in revised.to_dict("records"):
        sizes = [f"{name} by up to {row[name]:.2%}" for name in found.columns[4:] if row[name]]
        vanished = [f"{row['vanished']} sessions are gone"] if row["vanished"] else []
        lines.append(f"{row['ticker']}: {row['changed']} sessions revised: {', '.join(sizes + vanished)}")
    new = int(found["new"].sum())
    return [*lines, f"{new} new session{'s' * (new != 1)}, {len(revised)} ticker{'s' * (len(revised) != 1)} revised"]


def trained() -> Any:
    """What dvc.lock says of train: its inputs and outputs."""
    return parsed(LOCK.read_text())["stages"].get("train") if LOCK.exists() else None


def latest(now: pd.Timestamp) -> None:
    """Write what is asked for, run what it changes, and say what the source has revised."""
    before = read_table(PRICES) if PRICES.exists() else None
    entry = trained()
    rewritten(now)
    done = subprocess.run([sys.executable, "-m", "dvc", "repro"], check=False)
    if done.returncode:
        raise UserError("`dvc repro` failed, for the reason above")
    revised = "" if before is None else "\n".join(told(revisions(before, read_table(PRICES)))) + "; "
    print(revised + ("train ran again" if entry != trained() else "train did not run: its inputs are the same"))


def revisions(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    """One row a ticker, by name: how many sessions are new, changed and vanished, and for each column the largest
    relative change |after / before - 1|, 0 where none; from or to a missing value, or from 0, is infinite.

    before, after: price tables. A column that only one of them has is left out.
    """
    columns = [name for name in columns_of(after) if name in columns_of(before)]
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
    found = pd.DataFrame(counts).groupby(tickers).sum().join(pd.DataFrame(largest).groupby(tickers).max())
    return found.reset_index()


def revised_since(revision: str) -> None:
    """Print what the source has revised between the prices of a git revision and those here."""
    if not revision:  # DVC would take it for the prices here
        raise UserError("accepted: one git revision, as in `make revisions REV=HEAD~1`")
    after = read_table(PRICES)
    with tempfile.TemporaryDirectory(dir=PRICES.parent) as folder:
        before = Path(folder) / "before.parquet"
        get = ["get", ".", str(PRICES), "--rev", revision, "--out", str(before), "--quiet"]
        got = subprocess.run([sys.executable, "-m", "dvc", *get], capture_output=True, text=True)
        if got.returncode:
            reason = " ".join(got.stderr.split()).removeprefix("ERROR: ")
            raise UserError(f"{PRICES} of revision {revision!r}: {reason}; accepted: a revision whose prices DVC has")
        print("\n".join(told(revisions(read_table(before), after))))
