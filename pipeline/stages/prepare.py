"""Make features and targets that know no future, scale them by train, and split them by date."""

import contextlib
import re
from pathlib import Path
from typing import Annotated, Literal

import pandas as pd
from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from pipeline import fitting
from pipeline.artifacts import read_record, read_table, write_record, write_table
from pipeline.errors import UserError
from pipeline.findings import Scraped, moment
from pipeline.forecaster import calendars, samples, targets
from pipeline.forecaster.preparation import ALL, Calendar, Preparation, Scaling
from pipeline.params import Section, each_once, load
from pipeline.stages import run
from pipeline.tables import prices as prices_table
from pipeline.tables import samples as table


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
    scaling: Scaling
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
    prices, found = read_table(Path("data/prices.parquet")), read_record(Path("reports/scrape.json"), Scraped)
    uses_range = params.target == "return" or params.variance != "none"
    refuse_missing(prices, params, uses_range=uses_range)
    tickers, prices = set(prices["ticker"]), prices[~prices["ticker"].isin(params.leave_out)]
    ends = prices.groupby("ticker")["date"].max()
    after = {end: calendars.following(found.calendar, end, params.horizon) for end in ends.unique()}
    following = {ticker: after[end] for ticker, end in ends.items()}

    needed = samples.needed(params.target, variance=params.variance != "none")
    rows = samples.known(prices, params.column, params.features, following, params.season, needed)
    targeted = [name for name in needed if name != "volatility"]
    rows, boundaries = fitting.in_splits(rows, params.validation, params.test, targeted)
    preparation = fitted(rows, params, found, ranged=prices_table.has_range(prices))
    rows = fitting.with_targets(samples.prepared(rows, preparation), preparation)

    schema = table.schema(params.features, list(preparation.targets), params.horizon)
    files = ("data/samples/train.parquet", "data/samples/validation.parquet", "data/samples/test.parquet")
    for path, own in zip(files, table.in_files(rows.drop(columns="complete"), *boundaries), strict=True):
        write_table(Path(path), own, schema)
    write_record(Path("data/preparation.json"), preparation)
    for ticker in sorted(tickers - set(rows["ticker"])):
        asked = ticker in params.leave_out
        print(f"{ticker}: left out, {'as asked' if asked else f'it has fewer than {fitting.ENOUGH} train samples'}")
    counts = rows["split"].value_counts().reindex(table.SPLITS, fill_value=0)
    print(", ".join(f"{split} {count}" for split, count in counts.items()))


def fitted(rows: pd.DataFrame, params: Params, found: Scraped, *, ranged: bool) -> Preparation:
    """What train teaches, and how the samples are made."""
    how, season = params.scaling, params.season
    variance = None if params.variance == "none" else fitting.target(rows, "variance", params.variance, season, how)
    return Preparation(
        column=params.column,
        target=params.target,
        horizon=params.horizon,
        season=season,
        scaling=how,
        ranged=ranged,
        features=fitting.features(rows, params.target, how),
        price=fitting.target(rows, params.target, params.baseline, season, how),
        variance=variance,
        missing=fitting.missing(rows),
        calendars={ALL: Calendar(name=found.calendar, step=found.step)},
        units=units(found, params.column, set(rows["ticker"])),
    )


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


def units(found: Scraped, column: str, tickers: set[str]) -> dict[str, str]:
    """The unit of the column, by ticker: known of the column a series is about, and of all prices."""
    alike = prices_table.PRICES if found.column in prices_table.PRICES else (found.column,)
    return {name: found.tickers[name].unit if column in alike else "" for name in sorted(tickers)}


if __name__ == "__main__":
    run("prepare", main)
