"""Make causal features and targets, scale them, and say which sample is train, validation or test."""

import contextlib
import re
from pathlib import Path
from typing import Annotated, Any, Literal

import pandas as pd
from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from pipeline import calendars, samples, targets
from pipeline.artifacts import read_json, read_table, write_json, write_table
from pipeline.errors import UserError
from pipeline.findings import moment
from pipeline.params import Section, each_once, load
from pipeline.scaling import Kind
from pipeline.stages import run
from pipeline.tables import prices as prices_table
from pipeline.tables import rows as table


def share_or_date(value: object) -> object:
    """Refuse what is neither a share of the sessions nor a date."""
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", value):
        with contextlib.suppress(ValueError):  # of a 31st of June
            pd.Timestamp(value)
            return value
    if isinstance(value, float) and 0 < value < 1:
        return value
    raise ValueError(
        f'found {value!r}; accepted: a number above 0 and below 1, or the first date in quotes, such as "2016-01-04"'
    )


Boundary = Annotated[float | str, BeforeValidator(share_or_date)]


class Params(Section):
    """Section prepare of params.yaml, where each key is explained."""

    leave_out: Annotated[list[str], AfterValidator(each_once)]
    column: str
    target: targets.Kind
    baseline: Literal["persistence", "drift", "seasonal_naive", "none"]
    season: int = Field(ge=1)
    variance: Literal["har", "none"]
    horizon: int = Field(ge=1, le=48)
    features: Annotated[list[str], Field(min_length=1), AfterValidator(each_once)]
    scaling: Kind
    validation: Boundary
    test: Boundary

    @model_validator(mode="after")
    def are_of_one_kind_and_in_order(self) -> "Params":
        found = f"found validation {self.validation!r} and test {self.test!r}"
        if type(self.validation) is not type(self.test):
            raise ValueError(f"{found}; accepted: two shares, or two first dates in quotes")
        if isinstance(self.validation, str) and isinstance(self.test, str) and self.validation >= self.test:
            raise ValueError(f"{found}; accepted: a test that starts after validation")
        return self


def main() -> None:
    params = load("prepare", Params)
    prices, found = read_table(Path("data/prices.parquet")), read_json(Path("reports/scrape.json"))
    uses_range = params.target == "return" or params.variance != "none"
    refuse_missing(prices, params, uses_range=uses_range)
    tickers, prices = set(prices["ticker"]), prices[~prices["ticker"].isin(params.leave_out)]
    ends = prices.groupby("ticker")["date"].max()
    after = {end: calendars.following(found["calendar"], end, params.horizon) for end in ends.unique()}
    following = {ticker: after[end] for ticker, end in ends.items()}

    rows = samples.unscaled(prices, params.column, params.features, following, params.season)
    needed = ["last", "log_variance", "volatility"] if uses_range else ["last"]
    rows = samples.in_splits(rows, params.validation, params.test, needed)
    scalers = {}
    departure = (params.target, params.baseline, params.season, params.scaling)
    rows, scalers["price"] = samples.with_prices(rows, *departure)
    if params.variance != "none":
        rows, scalers["variance"] = samples.with_variances(rows, params.variance, params.season, params.scaling)
    missing = samples.missing(rows)
    rows, scalers["features"] = samples.with_scaled_features(rows, params.target, params.scaling)

    schema = table.schema(params.features, table.targets_of(rows), params.horizon)
    write_table(Path("data/rows.parquet"), rows.drop(columns="complete"), schema)
    facts = params.model_dump(include={"column", "target", "baseline", "season", "variance"})
    facts |= {"step": found["step"], "units": units(found, params.column, set(rows["ticker"]))}
    write_json(Path("data/scaler.json"), {**facts, "scalers": scalers, "missing": missing})
    for ticker in sorted(tickers - set(rows["ticker"])):
        asked = ticker in params.leave_out
        print(f"{ticker}: left out, {'as asked' if asked else f'it has fewer than {samples.ENOUGH} train samples'}")
    counts = rows["split"].value_counts().reindex(table.SPLITS, fill_value=0)
    print(", ".join(f"{split} {count}" for split, count in counts.items()))


def refuse_missing(prices: pd.DataFrame, params: Params, *, uses_range: bool) -> None:
    """Raise UserError for a ticker or a column that is not there, and for what needs open, high, low and close where
    they are not, or values above zero.
    """
    columns, tickers = prices_table.columns_of(prices), set(prices["ticker"])
    for ticker in params.leave_out:
        if ticker not in tickers:
            raise UserError(
                f"params.yaml: prepare.leave_out: found {ticker!r}; accepted: tickers of data/prices.parquet"
            )
    if tickers <= set(params.leave_out):
        raise UserError("params.yaml: prepare.leave_out: found every ticker; accepted: some are left")
    if params.column not in columns:
        accepted = ", ".join(columns)
        raise UserError(f"params.yaml: prepare.column: found {params.column!r}; accepted here: {accepted}")
    if uses_range and not prices_table.has_range(prices):
        key, other = ("target", "level, difference") if params.target == "return" else ("variance", "none")
        raise UserError(
            f"params.yaml: prepare.{key}: found {getattr(params, key)}, which needs open, high, low and close; "
            f"data/prices.parquet has {', '.join(columns)}, not all of these with values; accepted here: {other}"
        )
    logs = params.target == "return" or any(name.startswith("return_") for name in params.features)
    low = prices[~prices["ticker"].isin(params.leave_out) & (prices[params.column] <= 0)]
    if logs and len(low):
        first = low.iloc[0]
        raise UserError(
            f"data/prices.parquet: {params.column} of {first['ticker']} on {moment(first['date'])}: found "
            f"{first[params.column]:g}, which has no return; accepted: values above zero, or prepare.target: level or "
            "difference without return_ features"
        )


def units(found: dict[str, Any], column: str, tickers: set[str]) -> dict[str, str]:
    """The unit of the column, by ticker: known of the column a series is about, and of all prices."""
    alike = prices_table.PRICES if found["column"] in prices_table.PRICES else (found["column"],)
    return {name: found["tickers"][name]["unit"] if column in alike else "" for name in sorted(tickers)}


if __name__ == "__main__":
    run("prepare", main)
