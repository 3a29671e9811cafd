"""Targets and their way back: the inverse returns the price."""

from typing import get_args

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.forecaster.targets import Kind, ahead, price, target

PRICE = st.floats(1e-3, 1e6)


@pytest.mark.parametrize("kind", get_args(Kind))
@given(last=PRICE, growth=st.floats(0.2, 5), volatility=st.floats(1e-4, 0.2))
def test_the_inverse_returns_the_price(kind: Kind, last: float, growth: float, volatility: float) -> None:
    future, at, sigma = np.array([[last * growth]]), np.array([last]), np.array([volatility])
    back = price(kind, target(kind, future, at, sigma), at, sigma)
    np.testing.assert_allclose(back, future, rtol=1e-9)


def test_the_inverse_returns_every_close_of_the_sample(sample_prices: pd.DataFrame) -> None:
    future = ahead(sample_prices, "close", 5)
    last, sigma = sample_prices["close"].to_numpy(), np.full(len(sample_prices), 0.01)
    back = price("return", target("return", future, last, sigma), last, sigma)
    np.testing.assert_allclose(back, future, rtol=1e-9)


def test_ahead_stops_at_the_end_of_a_ticker() -> None:
    rows = pd.DataFrame({"ticker": list("AAABB"), "last": [1.0, 2, 3, 10, 20]})
    nan = np.nan
    expected = [[2, 3, nan], [3, nan, nan], [nan, nan, nan], [20, nan, nan], [nan, nan, nan]]
    np.testing.assert_array_equal(ahead(rows, "last", 3), expected)


def test_each_kind_by_hand() -> None:
    future, last, sigma = np.array([[110.0]]), np.array([100.0]), np.array([0.05])
    assert target("level", future, last, sigma) == 110
    assert target("difference", future, last, sigma) == 10
    np.testing.assert_allclose(target("return", future, last, sigma), np.log(1.1) / 0.05)
