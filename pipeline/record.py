"""The record: what came of the forecasts in git's history of reports/next.csv. docs/data.md has its columns."""

import io
from pathlib import Path

import numpy as np
import pandas as pd

from pipeline.calendars import opening_times
from pipeline.evaluate.predictions import KEY, NEXT
from pipeline.forecaster.inputs import with_variance
from pipeline.forecaster.preparation import Preparation, for_ticker
from pipeline.io.artifacts import read_record, read_table, write_csv
from pipeline.io.errors import UserError
from pipeline.prices import PRICES, ROUNDING_TOLERANCE
from pipeline.programs import check_repository, output_of

FORECASTS, RECORD = "reports/next.csv", "reports/record.csv"
TYPES = {"origin": "datetime64[us]", "date": "datetime64[us]", "horizon": "int32", "last": "float64"}
COLUMNS = [*NEXT, "commit", "committed", "in_time", "rebased", "actual", "actual_volatility"]


def update_record() -> None:
    """Write reports/record.csv, and print how many forecasts count. Raises UserError as `committed` does."""
    prices = read_table(Path("data/prices.parquet"))
    table = outcomes(committed(), prices, read_record(Path("data/preparation.json"), Preparation))
    write_csv(Path(RECORD), table)
    if output_of("git", "status", "--porcelain", "--", FORECASTS):
        print(f"{FORECASTS}: found changes that are not committed; they are not on record")
    in_time, rebased = int(table["in_time"].sum()), int((table["rebased"] != 1).sum())
    counts = f"{in_time} committed before their first date began, {len(table) - in_time} later"
    print(f"{RECORD}: {len(table)} forecasts whose value is known: {counts}; {rebased} of prices re-based since")


def committed() -> list[pd.DataFrame]:
    """Return each version of reports/next.csv in git, from the oldest, with its `commit` and `committed` (UTC).

    The order is from parent to child, whatever the clocks said. Only first parents are followed, so that a forecast on
    a branch counts from its merge: nobody can make several and merge the best one later.
    Raises UserError outside of git, in a shallow clone, and without any version.
    """
    check_repository()
    if output_of("git", "rev-parse", "--is-shallow-repository") == "true":
        raise UserError("git: found a shallow clone; accepted: all commits, as after `git fetch --unshallow`")
    log = output_of("git", "rev-list", "--first-parent", "--reverse", "--timestamp", "HEAD", "--", FORECASTS)
    exactly, versions = {"keep_default_na": False, "na_values": [""], "float_precision": "round_trip"}, []
    for seconds, commit in map(str.split, log.splitlines()):
        text, at = output_of("git", "cat-file", "blob", f"{commit}:./{FORECASTS}"), pd.Timestamp(int(seconds), unit="s")
        try:
            version = pd.read_csv(io.StringIO(text), dtype={"ticker": str}, **exactly)[NEXT].astype(TYPES)
            versions.append(version.assign(commit=commit, committed=at.tz_localize("UTC")))
        except (KeyError, ValueError):
            print(f"{FORECASTS}: commit {commit[:12]} is left out: found no table with the columns {', '.join(NEXT)}")
    if not versions:
        raise UserError(f"{FORECASTS}: found no commit of forecasts; accepted: at least one, as README.md shows")
    return versions


def outcomes(versions: list[pd.DataFrame], prices: pd.DataFrame, preparation: Preparation) -> pd.DataFrame:
    """Return reports/record.csv: each forecast as it was first committed, if its value is known now.

    versions: as from `committed`; prices: data/prices.parquet.
    """
    prices = with_variance(prices)
    known = prices[["ticker", "date"]].assign(actual=prices[preparation.column])
    known["actual_volatility"] = np.exp(prices.get("log_variance", np.nan) / 2)
    at_origin = known[["ticker", "date", "actual"]].set_axis(["ticker", "origin", "last_now"], axis=1)
    first = pd.concat(versions).drop_duplicates(KEY)
    first = first.assign(first_date=first.groupby(["ticker", "origin"])["date"].transform("min"))
    table = first.merge(known, on=["ticker", "date"]).merge(at_origin, on=["ticker", "origin"])
    table = table.dropna(subset=["actual", "last_now"]).sort_values(["origin", "ticker", "horizon"], ignore_index=True)
    factor = table["last_now"] / table["last"]
    table["rebased"] = factor.where(((factor - 1).abs() > ROUNDING_TOLERANCE) & (preparation.column in PRICES), 1.0)
    table["actual"] /= table["rebased"]
    table["in_time"] = False
    calendars = table["ticker"].map(lambda ticker: for_ticker(preparation.calendars, ticker).name)
    for calendar, rows in table.groupby(calendars):
        table.loc[rows.index, "in_time"] = rows["committed"] < opening_times(str(calendar), rows["first_date"])
    return table.assign(committed=table["committed"].dt.strftime("%Y-%m-%dT%H:%M:%SZ"))[COLUMNS]
