"""Every target of a sample lies in the sample's split, and each split has samples."""

import numpy as np
import pandas as pd
import pytest

from pipeline.forecaster import samples as table
from pipeline.io.errors import UserError
from pipeline.prepare.splits import boundaries, split_of
from tests.conftest import rows_of
from tests.series import made_prices

SESSIONS = pd.bdate_range("2001-01-01", periods=100).as_unit("us")


def rows(horizon: int) -> pd.DataFrame:
    """One ticker's rows: 5 of warm-up, 100 sessions, and their splits at 15 % each."""
    dates = np.concatenate([SESSIONS, pd.bdate_range(SESSIONS[-1], periods=horizon + 1)[1:]]).astype("datetime64[us]")
    ahead = np.column_stack([dates[h : h + 100] for h in range(1, horizon + 1)])
    splits = split_of(
        ahead, ahead <= dates[99], ahead[:, 0] > dates[99], np.arange(100) >= 5, *boundaries(SESSIONS, 0.15, 0.15)
    )
    columns = {table.date_column(h): ahead[:, h - 1] for h in range(1, horizon + 1)}
    return pd.DataFrame({"date": SESSIONS, "split": splits, **columns})


def test_boundaries_leave_the_last_shares() -> None:
    assert boundaries(SESSIONS, 0.15, 0.15) == (SESSIONS[70], SESSIONS[85])


def test_the_sample_has_755_test_sessions(sample_prices: pd.DataFrame) -> None:
    dates = pd.DatetimeIndex(sample_prices["date"])
    _, test = boundaries(dates, 0.15, 0.15)
    assert (dates >= test).sum() == 755


@pytest.mark.parametrize(("validation", "test"), [(0.5, 0.5), (0.6, 0.6), (0.001, 0.2), (0.2, 0.001)])
def test_shares_that_leave_a_split_empty_are_rejected(validation: float, test: float) -> None:
    with pytest.raises(UserError, match=r"^params.yaml: prepare.validation, prepare.test: found "):
        boundaries(SESSIONS, validation, test)


def test_boundaries_that_are_dates_stay_when_sessions_are_added() -> None:
    expected = pd.Timestamp("2001-04-01"), pd.Timestamp("2001-05-01")  # a Sunday, and a session
    for sessions in (SESSIONS, SESSIONS[:-5]):
        assert boundaries(sessions, "2001-04-01", "2001-05-01") == expected


@pytest.mark.parametrize(
    ("validation", "test", "counts"),
    [
        ("2000-01-01", "2001-05-01", "train 0, validation 86, test 14"),
        ("2001-04-28", "2001-04-29", "train 85, validation 0, test 15"),
        ("2001-04-01", "2001-07-01", "train 65, validation 35, test 0"),
    ],
)
def test_dates_that_leave_a_split_empty_are_rejected(validation: str, test: str, counts: str) -> None:
    line = (
        f"found {validation} and {test}, which divide 100 sessions into {counts}; accepted: dates after 2001-01-01 and "
    )
    with pytest.raises(UserError, match=f"^params.yaml: prepare.validation, prepare.test: {line}up to 2001-05-18"):
        boundaries(SESSIONS, validation, test)


@pytest.mark.parametrize("horizon", [1, 3, 5])
def test_every_target_of_a_sample_lies_in_its_split(horizon: int) -> None:
    validation, test = boundaries(SESSIONS, 0.15, 0.15)
    spans = {"train": (SESSIONS[0], validation), "validation": (validation, test), "test": (test, pd.Timestamp.max)}
    found = rows(horizon)
    for name, (first, end) in spans.items():
        own = found.loc[found["split"] == name, [table.date_column(h) for h in range(1, horizon + 1)]]
        assert len(own) > 0
        assert ((own >= first) & (own < end)).all(axis=None)


@pytest.mark.parametrize("horizon", [1, 3, 5])
def test_each_kind_of_row_is_counted(horizon: int) -> None:
    counts = rows(horizon)["split"].value_counts().to_dict()
    straddling = horizon - 1
    expected = {"warmup": 5, "train": 65 - horizon, "validation": 15 - straddling, "test": 15, "future": 1}
    assert counts == expected | ({"purged": 2 * straddling} if straddling else {})


def test_a_sample_with_some_known_targets_is_in_test_and_the_last_row_is_future() -> None:
    assert rows(5)["split"].tolist()[-5:] == ["test"] * 4 + ["future"]


def test_a_ticker_that_ends_in_train_has_no_partly_known_train_sample() -> None:
    dates = np.concatenate([SESSIONS, SESSIONS[-1:] + pd.Timedelta(days=1)]).astype("datetime64[us]")
    ahead = np.column_stack([dates[1:21], dates[2:22]])
    beyond, complete = ahead[:, 0] > dates[19], np.ones(20, dtype=bool)
    found = split_of(ahead, ahead <= dates[19], beyond, complete, *boundaries(SESSIONS, 0.15, 0.15))
    assert found.tolist() == ["train"] * 18 + ["purged", "future"]


def test_a_sample_whose_next_value_is_missing_is_purged_wherever_it_lies() -> None:
    ahead = np.column_stack([SESSIONS[1:], SESSIONS[1:] + pd.Timedelta(days=1)]).astype("datetime64[us]")
    known = np.ones(ahead.shape, dtype=bool)
    known[[10, 75, 90], 0] = False
    beyond, complete = np.zeros(99, dtype=bool), np.ones(99, dtype=bool)
    found = split_of(ahead, known, beyond, complete, *boundaries(SESSIONS, 0.15, 0.15))
    assert found[[10, 75, 90]].tolist() == ["purged"] * 3


def test_a_ticker_without_a_train_sample_is_left_out() -> None:
    late = made_prices("LATE", 60, seed=3)
    late["date"] = pd.bdate_range("2002-10-01", periods=60).as_unit("us")
    rows = rows_of(pd.concat([made_prices("AAA", 500, seed=1), late]), horizon=2)
    assert set(rows["ticker"]) == {"AAA"}


def test_prices_without_a_train_sample_are_rejected() -> None:
    with pytest.raises(UserError, match=r"^data/prices.parquet: found no sample for train, where validation starts "):
        rows_of(made_prices("AAA", 30, seed=1), horizon=2)


def test_a_validation_too_short_for_early_stopping_is_rejected(two_tickers: pd.DataFrame) -> None:
    with pytest.raises(
        UserError, match=r"^params.yaml: prepare.validation: found 0.01, from 2002-08-\d\d to before 2002-08"
    ):
        rows_of(two_tickers, horizon=5, validation=0.01)
