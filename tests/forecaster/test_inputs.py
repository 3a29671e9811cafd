"""What is known at an origin does not depend on what comes later, or on the other tickers."""

import numpy as np
import pandas as pd
import pytest

from pipeline.forecaster import inputs
from pipeline.forecaster import samples as table
from pipeline.forecaster.features import FEATURES
from pipeline.io.errors import UserError
from tests.conftest import CALENDARS
from tests.series import made_prices


def known(prices: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    return inputs.unscaled_rows(prices, "close", names, CALENDARS, 2, 5, ["last", "log_variance", "volatility"])


def test_a_ticker_does_not_depend_on_the_others(two_tickers: pd.DataFrame) -> None:
    both = known(two_tickers, list(FEATURES))
    for ticker, own in two_tickers.groupby("ticker"):
        alone = known(own, list(FEATURES))
        pd.testing.assert_frame_equal(alone, both[both["ticker"] == ticker].reset_index(drop=True), check_exact=True)


@pytest.mark.parametrize("name", ["variance_session", "return_session", "high_low", "close_location"])
def test_a_feature_of_prices_is_refused_for_another_series(name: str) -> None:
    prices = made_prices("AAA", 60, seed=1)
    heat = prices[["ticker", "date"]].assign(heat=prices["close"])
    line = rf"^params.yaml: prepare.features: found '{name}'; accepted here: december, heat$"
    with pytest.raises(UserError, match=line):
        inputs.unscaled_rows(heat, "heat", ["heat", name], CALENDARS, 2, 5, ["last"])
    rows = inputs.unscaled_rows(heat, "heat", ["heat"], CALENDARS, 2, 5, ["last"])
    assert rows[["log_variance", "volatility"]].isna().all(axis=None)


@pytest.mark.parametrize("name", FEATURES)
def test_a_feature_looks_back_as_far_as_it_says(name: str) -> None:
    prices = made_prices("AAA", 600, seed=1)
    start = 200
    whole, later = known(prices, [name]), known(prices.iloc[start:].reset_index(drop=True), [name])
    column, reach = table.feature_column(name), FEATURES[name].max_lookback
    np.testing.assert_allclose(later[column].iloc[reach:], whole[column].iloc[start + reach :], rtol=1e-6, atol=1e-9)
    assert reach <= 249


def test_a_row_is_complete_once_its_look_back_is_known(two_tickers: pd.DataFrame) -> None:
    for names, earlier in ((["close_location"], 21), (["variance_quarter"], 65)):
        first = known(two_tickers, names).groupby("ticker")["complete"].apply(lambda own: own.to_numpy().argmax())
        assert first.tolist() == [earlier, earlier]
        assert inputs.min_earlier_rows(names, season_length=5) == earlier
    assert inputs.min_earlier_rows(["close_location"], season_length=40) == 39


def test_the_dates_ahead_are_the_tickers_own_next_sessions(two_tickers_rows: pd.DataFrame) -> None:
    for _, own in two_tickers_rows.groupby("ticker"):
        for h in (1, 2, 3):
            assert own[table.date_column(h)].iloc[:-h].tolist() == own["date"].iloc[h:].tolist()
        assert (own[table.date_column(3)].iloc[-3:] > own["date"].iloc[-1]).all()
