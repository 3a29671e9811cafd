"""What the forecast page says of the record: how good the forecasts were that were committed in time."""

import numpy as np
import pandas as pd

from pipeline.formats import Table, percent, shown
from pipeline.scoring.results import skill, target_title
from pipeline.scoring.summary import TITLES, baseline_title, error_difference
from pipeline.scoring.verdict import Verdict

MIN_FORECASTS = 10
BASELINES = {"price": "persistence", "variance": "har"}


def section(record: pd.DataFrame, verdict: Verdict) -> tuple[list[str], Table]:
    """Return sentences on the forecasts one step ahead in reports/record.csv, and a table by month, empty if few."""
    series, one_ahead = verdict.series, record[record["horizon"] == 1]
    in_time, step = one_ahead["in_time"].astype(bool), series.step
    rows = one_ahead[in_time]
    if len(rows) < MIN_FORECASTS:
        says = f"To begin a record, commit reports/next.csv before the next {step} begins, and later run `make record`."
        return [f"{says} It is shown here from {MIN_FORECASTS} forecasts on."], Table("", [], [])
    if rows["ticker"].nunique() > 1:  # in units of the band, otherwise expensive tickers would dominate
        values = ["last", "forecast", "lower", "upper", "actual"]
        rows = rows.assign(**rows[values].div(rows["upper"] - rows["lower"], axis=0))
    errors, heads, lines = "", ["month", "forecasts", "band coverage"], []
    for target in verdict.baselines:
        title, baseline = target_title(target, series), baseline_title(BASELINES[target], series)
        errors += f"For the {title}, the network makes {error_difference(_skill(rows, target), baseline)}. "
        heads.append(f"skill, {title}, over {TITLES[BASELINES[target]]}")
    for month, part in [*rows.groupby(rows["date"].dt.strftime("%Y-%m")), ("all", rows)]:
        skills = [shown(_skill(part, target), "+.4f") for target in verdict.baselines]
        lines.append([month, str(len(part)), _coverage(part), *skills])
    return [
        f"{len(rows)} forecasts one {step} ahead were committed before the {step} began, and their value is known. "
        f"The {percent(verdict.coverage)} band contained {_coverage(rows)} of the values. {errors}With few forecasts "
        "this is mostly luck.",
        f"Committed later, so not counted: {(~in_time).sum()}. Of those counted, re-based since (as after a split): "
        f"{(rows['rebased'] != 1).sum()}; their actual values are brought back to the prices of the forecast. The "
        "times are those of git's commits, so they are the committer's word.",
    ], Table("Forecasts on record, by month", heads, lines)


def _coverage(rows: pd.DataFrame) -> str:
    banded = rows.dropna(subset=["lower", "upper"])
    return shown(banded["actual"].between(banded["lower"], banded["upper"]).mean(), ".1%")


def _skill(rows: pd.DataFrame, target: str) -> float | None:
    """Return the skill over the target's entry in BASELINES; None where undefined."""
    values = rows[["actual", "forecast", "last"]]
    if target == "variance":
        values = 2 * np.log(rows[["actual_volatility", "volatility", "har_volatility"]])
    mse = (values.sub(values.iloc[:, 0], axis=0).dropna() ** 2).mean().to_numpy()
    found = float(skill(mse, mse[2])[1])
    return None if np.isnan(found) else found
