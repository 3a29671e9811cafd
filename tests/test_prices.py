"""Impossible rows are found, with a reason."""

from typing import Any, Literal

import numpy as np
import pandas as pd
import pytest

from pipeline.prices import evenly_spaced, impossible_rows, one_row_a_date
from tests.series import made_prices

PRICES = made_prices("AAA", 20, seed=0)


def reasons(**changes: Any) -> list[str]:
    """Return the reasons after row 7 gets these values."""
    prices = PRICES.copy()
    prices.loc[7, list(changes)] = list(changes.values())
    found = impossible_rows(prices, None)
    assert (found["date"] == prices.loc[7, "date"]).all()
    assert (found["ticker"] == "AAA").all()
    return found["reason"].tolist()


def test_true_prices_pass(sample_prices: pd.DataFrame) -> None:
    assert impossible_rows(PRICES, None).empty
    assert impossible_rows(sample_prices, None).empty


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"high": np.inf}, "not a finite number"),
        ({"low": 0.0}, "price not above zero"),
        ({"open": -1.0, "low": -2.0}, "price not above zero"),
        ({"close": 1e6}, "close outside low to high"),
        ({"open": 1e6}, "open outside low to high"),
        ({"volume": -5.0}, "volume below zero"),
    ],
)
def test_an_impossible_row_is_found(changes: dict[str, Any], reason: str) -> None:
    assert reasons(**changes) == [reason]


def test_high_below_low_is_found() -> None:
    row = PRICES.loc[7]
    (reason,) = reasons(high=row["low"] * 0.9)
    assert reason.startswith("high below low; ")


def test_rounding_is_allowed() -> None:
    assert reasons(close=PRICES.loc[7, "high"] * (1 + 5e-7)) == []


def test_both_rows_of_a_session_given_twice_are_found_if_they_differ() -> None:
    other = PRICES.iloc[[3]].assign(volume=1.0)
    found = impossible_rows(pd.concat([PRICES, other, other], ignore_index=True), None)
    assert found["reason"].tolist() == ["date given twice"] * 3
    assert found["row"].tolist() == [3, 20, 21]


def test_of_equal_rows_one_is_kept() -> None:
    found = impossible_rows(pd.concat([PRICES, PRICES.iloc[[3, 3]]], ignore_index=True), None)
    assert found["row"].tolist() == [20, 21]


def test_a_row_that_is_impossible_in_itself_leaves_the_other_of_its_session_alone() -> None:
    zeros = PRICES.iloc[[3]].assign(open=0.0, high=0.0, low=0.0, close=0.0, volume=0.0)
    found = impossible_rows(pd.concat([PRICES, zeros], ignore_index=True), None)
    assert found[["row", "reason"]].to_numpy().tolist() == [[20, "price not above zero"]]


@pytest.mark.parametrize(("keep", "heat", "wind"), [("first", 1.0, 7.0), ("last", 4.0, None), ("mean", 2.5, 7.0)])
def test_of_rows_with_one_date_one_is_kept(
    keep: Literal["first", "last", "mean"], heat: float, wind: float | None
) -> None:
    dates = pd.to_datetime(["2020-10-25 01:00", "2020-10-25 02:00", "2020-10-25 02:00"]).as_unit("us")
    rows = pd.DataFrame({"ticker": "A", "date": dates, "heat": [0.1, 1.0, 4.0], "wind": [0.3, 7.0, None]})
    found = one_row_a_date(rows, keep)
    expected = pd.DataFrame({"ticker": "A", "date": dates[:2], "heat": [0.1, heat], "wind": [0.3, wind]})
    pd.testing.assert_frame_equal(found.reset_index(drop=True), expected, check_exact=True)


def test_a_series_without_a_close_may_be_negative() -> None:
    frost = PRICES[["ticker", "date"]].assign(temperature=-5.0)
    assert impossible_rows(frost, None).empty


def test_what_lies_between_two_steps_is_found() -> None:
    steps = pd.date_range("2001-01-01", periods=40, freq="1D")
    assert impossible_rows(PRICES, steps).empty
    late = PRICES.assign(date=PRICES["date"].where(PRICES.index != 5, PRICES["date"] + pd.Timedelta(minutes=1)))
    assert impossible_rows(late, steps)[["row", "reason"]].to_numpy().tolist() == [[5, "between two steps"]]


def test_an_evenly_spaced_series_has_a_row_for_each_step_between_its_ends() -> None:
    steps = pd.date_range("2001-01-01", periods=12, freq="1D").as_unit("us")
    values = pd.Series([None, 1.0, 2.0, None, 3.0, None])
    rows = pd.DataFrame({"ticker": "A", "date": steps[[0, 1, 2, 4, 6, 9]], "heat": values, "wind": 7.0})
    whole = evenly_spaced(rows, "heat", steps)
    assert whole["date"].tolist() == steps[1:7].tolist()
    assert whole["ticker"].tolist() == ["A"] * 6
    assert whole["heat"].fillna(-1).tolist() == [1, 2, -1, -1, -1, 3]
    assert whole["wind"].fillna(-1).tolist() == [7, 7, -1, 7, -1, 7]


def test_missing_open_high_low_and_volume_are_no_fault() -> None:
    assert reasons(open=None, high=None, low=None, volume=None) == []
