"""`make latest`: ask Yahoo up to the last session that has finished, as a new vintage; the only reader of the clock.

It writes into params.yaml what it found, so that a rerun knows no clock.
"""

import sys

import pandas as pd

from pipeline import calendars
from pipeline.errors import UserError
from pipeline.params import load_one, rewrite
from pipeline.stages.scrape import SOURCES, Yahoo


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


if __name__ == "__main__":
    try:
        main(pd.Timestamp.now("UTC"))
    except UserError as error:
        sys.exit(f"latest: {error}")
