"""Section prepare of params.yaml."""

import contextlib
import re
from typing import Annotated, Literal

import pandas as pd
from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from pipeline.forecaster.features import uses_returns
from pipeline.forecaster.preparation import Kind, Pool, Scaling
from pipeline.formats import format_date
from pipeline.io.errors import UserError
from pipeline.io.params import Section, each_once, found_value
from pipeline.prices import has_range, value_columns


def share_or_date(value: object) -> object:
    """Reject a value that is neither a share of the sessions nor a date."""
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", value):
        with contextlib.suppress(ValueError):  # such as from a 31st of June
            pd.Timestamp(value)
            return value
    if isinstance(value, float) and 0 < value < 1:
        return value
    accepted = 'accepted: a number above 0 and below 1, or the first date in quotes, such as "2016-01-04"'
    raise ValueError(f"{found_value(value)}; {accepted}")


Boundary = Annotated[float | str, BeforeValidator(share_or_date)]


class Params(Section):
    """Section prepare of params.yaml, where each key is explained."""

    exclude_tickers: Annotated[list[str], AfterValidator(each_once)]
    column: str
    target: Kind
    baseline: Literal["persistence", "drift", "seasonal_naive", "none"]
    season_length: int = Field(ge=1)
    variance: Literal["har", "none"]
    horizon: int = Field(ge=1, le=48)
    features: Annotated[list[str], Field(min_length=1), AfterValidator(each_once)]
    scaling: Scaling
    pool: Pool
    validation: Boundary
    test: Boundary

    @model_validator(mode="after")
    def has_boundaries_of_one_kind_in_order(self) -> "Params":
        found = f"found validation {self.validation!r} and test {self.test!r}"
        if type(self.validation) is not type(self.test):
            raise ValueError(f"{found}; accepted: two shares, or two dates in quotes")
        if isinstance(self.validation, str) and isinstance(self.test, str) and self.validation >= self.test:
            raise ValueError(f"{found}; accepted: a first date of test that is later than that of validation")
        return self


def check_boundaries(params: Params, source: str) -> None:
    """Raise UserError if several markets are to be split by shares: their splits would begin on different dates."""
    if source == "several" and not isinstance(params.test, str):
        raise UserError(
            f"params.yaml: prepare.validation, prepare.test: found {params.validation} and {params.test}; "
            "accepted with source: several: two dates in quotes"
        )


def check(params: Params, prices: pd.DataFrame) -> None:
    """Raise UserError if the prices do not fit the parameters.

    A named ticker or column may be missing. The target, the variance or the features may need open, high, low and
    close, or values above zero, which the prices do not have.
    """
    columns, tickers = value_columns(prices), set(prices["ticker"])
    for ticker in params.exclude_tickers:
        if ticker not in tickers:
            raise UserError(
                f"params.yaml: prepare.exclude_tickers: found {ticker!r}; accepted: tickers of data/prices.parquet"
            )
    if tickers <= set(params.exclude_tickers):
        raise UserError("params.yaml: prepare.exclude_tickers: found every ticker; accepted: some of the tickers")
    if params.column not in columns:
        accepted = ", ".join(columns)
        raise UserError(f"params.yaml: prepare.column: found {params.column!r}; accepted here: {accepted}")
    uses_range = params.target == "return" or params.variance != "none"
    if uses_range and not has_range(prices):
        key, other = ("target", "level, difference") if params.target == "return" else ("variance", "none")
        raise UserError(
            f"params.yaml: prepare.{key}: found {getattr(params, key)}, which needs open, high, low and close; "
            f"data/prices.parquet has no row with all four; accepted here: {other}"
        )
    not_positive = prices[~prices["ticker"].isin(params.exclude_tickers) & (prices[params.column] <= 0)]
    if uses_returns(params.target, params.features) and len(not_positive):
        first = not_positive.iloc[0]
        raise UserError(
            f"data/prices.parquet: {params.column} of {first['ticker']} on {format_date(first['date'])}: found "
            f"{first[params.column]:g}, which has no return; accepted: values above zero, or prepare.target: level or "
            "difference without return_ features"
        )
