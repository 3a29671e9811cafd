"""Which years a fold trains on and forecasts."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from pipeline.forecaster.samples import date_column
from pipeline.forecaster.targets import future_values
from pipeline.io.errors import UserError
from pipeline.prepare.splits import with_split
from studies.backtest.folds import MIN_SAMPLES, Fold, folds, rows_of_fold
from tests.studies.backtest import made


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    return made.data(made.prices()).rows


def ends_in_time(rows: pd.DataFrame, fold: Fold) -> bool:
    """Whether no ticker's targets of train lie after validation begins, nor those of validation after test does."""
    last = rows.groupby("split")[date_column(3)].max()
    first = rows.groupby("split")[date_column(1)].min()
    in_test = first["test"] >= fold.test and rows.loc[rows["split"] == "test", date_column(1)].max() < fold.end
    return bool(last["train"] < fold.validation and last.get("validation", last["train"]) < fold.test and in_test)


@pytest.mark.parametrize("refit", [False, True])
@pytest.mark.parametrize("train_years", ["expanding", 2])
def test_no_market_trains_on_what_another_one_is_tested_on(rows: pd.DataFrame, train_years: Any, refit: bool) -> None:
    dates = rows["date"]
    for fold in folds(dates, 2004, train_years, 1):
        used = rows_of_fold(rows, fold, made.REQUIRED, refit=refit)
        limit = fold._replace(validation=fold.test) if refit else fold
        assert set(used["ticker"]) == {"AAA", "BBB"}
        assert ends_in_time(used, limit)
        assert used.loc[used["split"] == "train", date_column(1)].min() >= fold.train
        assert (used["split"] == "validation").any() != refit


def test_the_check_finds_boundaries_that_each_market_has_for_itself(rows: pd.DataFrame) -> None:
    fold = folds(rows["date"], 2004, "expanding", 1)[0]
    own = []
    for days, part in zip((0, 90), rows.groupby("ticker"), strict=True):  # the younger one's dates are 90 days later
        later = pd.Timedelta(days=days)
        own.append(with_split(part[1], fold.validation + later, fold.test + later, made.REQUIRED))
    table = pd.concat(own)
    assert not ends_in_time(table[table[date_column(1)] < fold.end], fold)


def test_every_session_from_the_first_year_on_is_forecast_once(rows: pd.DataFrame) -> None:
    tested = [
        used.loc[used["split"] == "test", ["ticker", "date"]]
        for fold in folds(rows["date"], 2004, "expanding", 1)
        for used in [rows_of_fold(rows, fold, made.REQUIRED, refit=False)]
    ]
    found = pd.concat(tested)
    last = rows.groupby("ticker")["date"].transform("max")
    expected = rows[(rows[date_column(1)] >= pd.Timestamp("2004-01-01")) & (rows["date"] < last)]
    assert not found.duplicated().any()
    assert len(found) == len(expected)


def test_a_ticker_joins_when_it_has_enough_samples(rows: pd.DataFrame) -> None:
    early = folds(rows["date"], 2003, "expanding", 1)
    n_train = []
    for fold in early:
        split = with_split(rows, fold.validation, fold.test, made.REQUIRED)
        counts = (split["split"] == "train").groupby(split["ticker"]).sum()
        used = rows_of_fold(rows, fold, made.REQUIRED, refit=False)
        assert set(used["ticker"]) == set(counts.index[counts >= MIN_SAMPLES])
        n_train.append(len(set(used["ticker"])))
    assert n_train[0] < n_train[-1] == 2


def test_a_market_that_has_ended_is_trained_on_to_its_last_session(rows: pd.DataFrame) -> None:
    """Its last row has no next session, but it is the target of the rows before it."""
    ended = made.data(made.prices()[lambda prices: (prices["ticker"] == "AAA") | (prices["date"] < "2003-06-01")]).rows
    fold = folds(ended["date"], 2005, "expanding", 1)[0]
    used = rows_of_fold(ended, fold, made.REQUIRED, refit=True)
    train = (used["split"] == "train").to_numpy()
    assert set(used["ticker"][train]) == {"AAA", "BBB"}
    assert np.isfinite(future_values(used, "log_variance", 3)[train]).all()


@pytest.mark.parametrize("first_year", [1990, 2002, 2030])
def test_a_year_without_earlier_or_later_prices_is_refused(rows: pd.DataFrame, first_year: int) -> None:
    with pytest.raises(UserError, match=f"backtest.first_year: found {first_year}") as refused:
        folds(rows["date"], first_year, "expanding", 1)
    assert "accepted:" in str(refused.value)
    assert np.char.count(str(refused.value), "\n") == 0
