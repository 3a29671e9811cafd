"""Two downloads are compared session by session and column by column."""

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.vintages import revisions
from tests.series import made_prices

PRICES = pd.concat([made_prices("AAA", 30, seed=1), made_prices("BBB", 20, seed=2)], ignore_index=True)


def test_equal_downloads_differ_in_nothing() -> None:
    found = revisions(PRICES, PRICES).set_index("ticker")
    assert found.index.tolist() == ["AAA", "BBB"]
    assert (found == 0).all(axis=None)


def test_new_changed_and_vanished_sessions_are_counted_by_ticker() -> None:
    before, after = PRICES.drop(index=[29, 48, 49]), PRICES.drop(index=[0, 1]).copy()
    after.loc[[5, 6], "close"] *= [1.01, 0.9]
    after.loc[6, "adj_close"] *= 1.5
    found = revisions(before, after).set_index("ticker")
    assert found.loc["AAA", ["new", "changed", "vanished"]].tolist() == [1, 2, 2]
    assert found.loc["BBB", ["new", "changed", "vanished"]].tolist() == [2, 0, 0]
    np.testing.assert_allclose(found.loc["AAA", ["close", "adj_close", "open"]].astype(float), [0.1, 0.5, 0], atol=1e-9)


def test_a_value_that_comes_or_goes_is_an_infinite_change() -> None:
    after = PRICES.copy()
    after.loc[3, "dividends"] = 0.2
    after.loc[25, "volume"] = np.nan
    found = revisions(PRICES, after).set_index("ticker")
    assert found.loc["AAA", "changed"] == 2
    assert np.isinf(found.loc["AAA", ["dividends", "volume"]].astype(float)).all()


def test_a_ticker_that_vanished_or_is_new_has_its_line() -> None:
    found = revisions(PRICES[PRICES["ticker"] == "AAA"], PRICES[PRICES["ticker"] == "BBB"]).set_index("ticker")
    assert found.loc["AAA", ["new", "changed", "vanished"]].tolist() == [0, 0, 30]
    assert found.loc["BBB", ["new", "changed", "vanished"]].tolist() == [20, 0, 0]


@settings(max_examples=30, deadline=None)
@given(rows=st.sets(st.integers(0, 49)), factor=st.floats(1.001, 5))
def test_exactly_the_sessions_that_changed_are_counted(rows: set[int], factor: float) -> None:
    after = PRICES.copy()
    after.loc[list(rows), "high"] *= factor
    found = revisions(PRICES, after)
    assert found["changed"].sum() == len(rows)
    assert found["new"].sum() == found["vanished"].sum() == 0
