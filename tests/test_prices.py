"""Rows that cannot be true are found and named; missing sessions too."""

from typing import Any

import pandas as pd
import pytest

from pipeline.prices import impossible, missing_sessions, unexpected_sessions
from tests.series import made_prices

PRICES = made_prices("AAA", 20, seed=0)


def reasons(**changes: Any) -> list[str]:
    """What is found once row 7 has these values."""
    prices = PRICES.copy()
    prices.loc[7, list(changes)] = list(changes.values())
    found = impossible(prices)
    assert (found["date"] == prices.loc[7, "date"]).all()
    assert (found["ticker"] == "AAA").all()
    return found["reason"].tolist()


def test_true_prices_pass(sample_prices: pd.DataFrame) -> None:
    assert impossible(PRICES).empty
    assert impossible(sample_prices).empty


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"close": None}, "close missing"),
        ({"low": 0.0}, "price not above zero"),
        ({"open": -1.0, "low": -2.0}, "price not above zero"),
        ({"close": 1e6}, "close outside the session's range"),
        ({"open": 1e6}, "open outside the session's range"),
        ({"volume": -5.0}, "volume below zero"),
    ],
)
def test_a_row_that_cannot_be_true_is_found(changes: dict[str, Any], reason: str) -> None:
    assert reasons(**changes) == [reason]


def test_high_below_low_is_found() -> None:
    row = PRICES.loc[7]
    assert "high below low" in reasons(high=row["low"] * 0.9)


def test_rounding_is_forgiven() -> None:
    assert reasons(close=PRICES.loc[7, "high"] * (1 + 5e-7)) == []


def test_a_session_given_twice_is_found_both_times() -> None:
    prices = pd.concat([PRICES, PRICES.iloc[[3]]])
    assert impossible(prices)["reason"].tolist() == ["session given twice"] * 2


def test_missing_open_high_low_and_volume_are_no_fault() -> None:
    assert reasons(open=None, high=None, low=None, volume=None) == []


def test_missing_sessions_lie_between_first_and_last() -> None:
    sessions = pd.bdate_range("2000-12-01", "2001-06-01")
    kept = PRICES["date"].drop([0, 4, 5, 19])
    assert missing_sessions(kept, sessions).tolist() == PRICES["date"].iloc[[4, 5]].tolist()


def test_dates_that_are_no_session_are_found() -> None:
    sessions = pd.DatetimeIndex(PRICES["date"].drop([3, 8]))
    assert unexpected_sessions(PRICES["date"], sessions).tolist() == PRICES["date"].iloc[[3, 8]].tolist()
