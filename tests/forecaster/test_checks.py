"""A price table is checked before a forecast is made, and the first fault is reported."""

import numpy as np
import pandas as pd
import pytest

from pipeline.forecaster.checks import checked_prices, first_fault, gap_message
from pipeline.io.errors import UserError
from tests.series import made_heat, made_prices

PRICES = checked_prices(made_prices("AAA", 50, seed=0), ["close", "high", "low", "open"])


def test_tickers_of_several_types_are_refused() -> None:
    cases: list[list[object]] = [[["A"]] * 50, [{}] * 50, [5, "A"] * 25]
    for tickers in cases:
        mixed = PRICES.assign(ticker=pd.Series(tickers, dtype=object))
        with pytest.raises(UserError, match=r"^prices: column ticker: found values of several types; accepted: texts$"):
            checked_prices(mixed, ["close"])


def test_a_year_that_cannot_be_written_is_refused() -> None:
    far = PRICES.assign(date=PRICES["date"] + pd.Timedelta(days=3_000_000).as_unit("s"))
    with pytest.raises(UserError, match=r"^prices: column date: found years from 10214 to 10214; accepted: 1 to 9000$"):
        checked_prices(far, ["close"])


def test_the_first_fault_is_reported() -> None:
    assert first_fault(PRICES, 50, "24/5", "close") is None
    doubled = pd.concat([PRICES, PRICES.tail(1)], ignore_index=True).assign(close=-1.0)
    late = "found 2001-03-09 after the same or a later date; accepted: rising dates"
    assert first_fault(doubled, 60, "24/5", "close") == late
    assert first_fault(doubled.head(50), 60, "24/5", "close") == "found 50 rows; accepted: at least 60"
    told = first_fault(doubled.head(50), 50, "24/5", "close")
    assert told is not None
    assert told.startswith("found on 2001-01-01: price not above zero; ")


def test_a_value_without_a_return_is_a_fault_only_if_returns_are_used() -> None:
    heat = made_heat("Oslo", 60, seed=0)[["ticker", "date", "heat"]].assign(heat=-1.0)
    assert first_fault(heat, 50, "1h", None) is None
    assert first_fault(heat, 50, "1h", "heat") == (
        "found heat -1 on 2020-01-01, which has no return; accepted: values above 0"
    )


def test_a_gap_is_named_by_its_last_value() -> None:
    rows = PRICES.copy()
    rows.loc[[20, 40], "open"] = np.nan
    rows.loc[30, "high"] = np.nan
    line = gap_message(rows, ["close", "high", "open"])
    assert line == ("no forecast from 2001-03-09: found no open on 2001-02-26; accepted: prices without this gap")
