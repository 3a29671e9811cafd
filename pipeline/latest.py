"""`make latest`: ask Yahoo up to the last session that has finished, as a new vintage; the only reader of the clock.

It writes into params.yaml what it found, so that a rerun knows no clock; then it runs `dvc repro`, and says what the
source has revised of the prices that it gave before.
"""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd

from pipeline.artifacts import read_table
from pipeline.errors import UserError
from pipeline.forecaster import calendars
from pipeline.params import load_one, parsed, rewrite
from pipeline.stages.scrape import SOURCES, Yahoo
from pipeline.vintages import revisions

PRICES, LOCK = Path("data/prices.parquet"), Path("dvc.lock")


def main(now: pd.Timestamp) -> None:
    """Write scrape.end and scrape.vintage. now: in UTC. Raises UserError where the source is not Yahoo."""
    params = load_one("scrape", "source", SOURCES)
    if not isinstance(params, Yahoo):
        raise UserError(
            f"params.yaml: scrape.source: found {params.source}; accepted by `make latest`: yahoo, "
            "as in examples/yahoo.yaml"
        )
    end = f"{calendars.last_finished(params.calendar, now):%Y-%m-%d}"
    vintage = f"{now:%Y-%m-%dT%H:%M:%SZ}"
    rewrite("scrape", end=end, vintage=vintage)
    print(f"params.yaml: scrape.end {params.end} -> {end}, scrape.vintage {params.vintage} -> {vintage}")


def told(before: pd.DataFrame | None, after: pd.DataFrame, *, ran: bool) -> list[str]:
    """What the source has revised of the prices that it gave before, a line a ticker, and whether train ran.

    before: data/prices.parquet as it was, if it was there; after: as it is; ran: whether train's inputs changed.
    """
    train = "train ran again" if ran else "train did not run: its inputs are the same"
    if before is None:
        return [train]
    found = revisions(before, after)
    revised = found[(found["changed"] > 0) | (found["vanished"] > 0)]
    lines = []
    for row in revised.to_dict("records"):
        sizes = [f"{name} by up to {row[name]:.2%}" for name in found.columns[4:] if row[name]]
        vanished = [f"{row['vanished']} sessions are gone"] if row["vanished"] else []
        lines.append(f"{row['ticker']}: {row['changed']} sessions revised: {', '.join(sizes + vanished)}")
    new = int(found["new"].sum())
    return [
        *lines,
        f"{new} new session{'s' * (new != 1)}, {len(revised)} ticker{'s' * (len(revised) != 1)} revised; {train}",
    ]


def trained() -> Any:
    """What dvc.lock says of train: its inputs and outputs."""
    return parsed(LOCK.read_text())["stages"].get("train") if LOCK.exists() else None


def latest(now: pd.Timestamp) -> None:
    """Write what is asked for, run what it changes, and say what the source has revised."""
    before = read_table(PRICES) if PRICES.exists() else None
    entry = trained()
    main(now)
    done = subprocess.run([sys.executable, "-m", "dvc", "repro"], check=False)
    if done.returncode:
        raise UserError("`dvc repro` failed, for the reason above")
    print("\n".join(told(before, read_table(PRICES), ran=entry != trained())))


if __name__ == "__main__":
    try:
        latest(pd.Timestamp.now("UTC"))
    except UserError as error:
        sys.exit(f"latest: {error}")
