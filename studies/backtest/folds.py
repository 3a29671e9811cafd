"""The folds of the backtest: which years a fold trains on, and which it forecasts."""

from typing import Literal, NamedTuple

import numpy as np
import pandas as pd

from pipeline.forecaster import samples
from pipeline.forecaster.samples import date_column
from pipeline.io.errors import UserError
from pipeline.prepare.splits import with_split

MIN_SAMPLES = 250  # of a ticker before validation, about a year: with fewer it is not yet forecast


class Fold(NamedTuple):
    """The year that is forecast (test), and the years before it. Each date is the first one of its part."""

    year: int
    train: pd.Timestamp
    validation: pd.Timestamp
    test: pd.Timestamp
    end: pd.Timestamp
    """The first date after test."""


def folds(
    dates: pd.Series, first_year: int, train_years: int | Literal["expanding"], validation_years: int
) -> list[Fold]:
    """Return a fold for each year from first_year to the last of the dates.

    train_years: how many years before validation are used, or expanding for all. Raises UserError if no date lies
    before the first validation, or none in the first year or later.
    """
    earliest, last_year = pd.Timestamp(dates.min()), int(dates.dt.year.max())
    years = range(first_year, last_year + 1)
    if not years or earliest >= pd.Timestamp(first_year - validation_years, 1, 1):
        raise UserError(
            f"params.yaml: backtest.first_year: found {first_year}, but the prices are from {earliest:%Y-%m-%d} to "
            f"{last_year}; accepted: a year up to {last_year}, with train before its {validation_years} years of "
            "validation"
        )
    made = []
    for year in years:
        validation = year - validation_years
        train = earliest if train_years == "expanding" else pd.Timestamp(validation - train_years, 1, 1)
        made.append(Fold(year, train, *(pd.Timestamp(each, 1, 1) for each in (validation, year, year + 1))))
    return made


def rows_of_fold(rows: pd.DataFrame, fold: Fold, required: list[str], *, refit: bool) -> pd.DataFrame:
    """Return the rows that a fold may see, with their split. No target of train or validation is in the test year.

    rows: as from inputs.unscaled_rows, of all years; required: as from inputs.required_columns; refit: whether
    validation belongs to train. Tickers with fewer than MIN_SAMPLES samples before validation are left out.
    """
    rows = with_split(rows, fold.test if refit else fold.validation, fold.test, required)
    rows = rows[rows[date_column(1)] < fold.end]
    too_early = (rows["split"] == "train") & (rows[date_column(1)] < fold.train)
    rows = rows.assign(split=np.where(too_early, "purged", rows["split"]))
    before_validation = rows[date_column(samples.horizon_of(rows))] < fold.validation
    n_train = ((rows["split"] == "train") & before_validation).groupby(rows["ticker"], observed=True).transform("sum")
    return rows[n_train >= MIN_SAMPLES].reset_index(drop=True)
