"""Features follow their formulas, do not depend on the price level, and are known after their look-back."""

import numpy as np
import pandas as pd
import pytest

from pipeline.forecaster.features import FEATURES, feature_table
from pipeline.forecaster.inputs import with_variance
from pipeline.forecaster.targets import log_variance
from pipeline.io.errors import UserError
from pipeline.prices import NUMBERS, OHLC
from tests.series import made_prices

PRICES = made_prices("AAA", 160, seed=3).assign(dividends=0.0, splits=0.0)
NAMES = [*FEATURES, *NUMBERS]


def seen(prices: pd.DataFrame, *names: str) -> pd.DataFrame:
    return feature_table(with_variance(prices), list(names), "close")


@pytest.mark.parametrize("name", FEATURES)
def test_the_level_does_not_matter(name: str) -> None:
    scaled = PRICES.assign(**{column: PRICES[column] * 7 for column in OHLC})
    before, after = (seen(prices, name)[name] for prices in (PRICES, scaled))
    np.testing.assert_allclose(before, after, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("name", FEATURES)
def test_a_feature_is_known_once_its_look_back_is_complete_and_uses_all_of_it(name: str) -> None:
    lookback = FEATURES[name].lookback
    assert seen(PRICES, name)[name].iloc[lookback:].notna().all()
    if lookback:
        changed = PRICES.copy()
        changed.loc[100 - lookback, list(NUMBERS)] *= [1, 1.5, 0.5, 1.2, 1, 3, 1, 1]
        before, after = (seen(prices, name).loc[100, name] for prices in (PRICES, changed))
        assert before != after


def test_the_formulas_by_hand() -> None:
    found = seen(PRICES, *NAMES).iloc[100]
    g = np.log(
        0.5 * np.log(PRICES["high"] / PRICES["low"]) ** 2
        - (2 * np.log(2) - 1) * np.log(PRICES["close"] / PRICES["open"]) ** 2
    ).iloc[:101]
    g5, g22, g66 = (g.iloc[-n:].mean() for n in (5, 22, 66))
    close, sigma = PRICES["close"], np.exp(g22 / 2)
    row = PRICES.iloc[100]
    r, r5, r22 = (np.log(close[100] / close[100 - n]) / sigma for n in (1, 5, 22))
    by_hand = {
        "variance_session": g.iloc[-1] - g22,
        "variance_week": g5 - g22,
        "variance_quarter": g22 - g66,
        "variance_year": g66 - g.mean(),  # only 101 of the 250 sessions exist
        "return_session": r,
        "return_down": min(r, 0),
        "return_week": r5,
        "return_month": r22,
        "high_low": np.log(np.log(row["high"] / row["low"])) - g22 / 2,
        "close_location": (2 * row["close"] - row["low"] - row["high"]) / (row["high"] - row["low"]),
        "volume_month": np.log(row["volume"]) - np.log(PRICES["volume"].iloc[79:101]).mean(),
        "december": 0.0,
        "close": row["close"],
    }
    for name, value in by_hand.items():
        np.testing.assert_allclose(found[name], value, rtol=1e-9, err_msg=name)


def test_a_year_of_variance_goes_back_250_sessions_and_no_further() -> None:
    long = made_prices("AAA", 300, seed=3)
    g = log_variance(long)
    found = seen(long, "variance_year")["variance_year"]
    np.testing.assert_allclose(found.iloc[-1], g.iloc[-66:].mean() - g.iloc[-250:].mean(), rtol=1e-9)


def test_december_is_its_second_half() -> None:
    days = pd.to_datetime(["2018-11-30", "2018-12-14", "2018-12-17", "2018-12-31", "2019-01-02"])
    found = seen(PRICES.iloc[:5].assign(date=days), "december")["december"]
    assert found.tolist() == [0, 0, 1, 1, 0]


def test_a_session_without_movement_closes_in_the_middle_and_has_no_range() -> None:
    still = PRICES.copy()
    still.loc[100, list(OHLC)] = 50.0
    found = seen(still, "close_location", "high_low").loc[100]
    assert found["close_location"] == 0
    assert np.isnan(found["high_low"])


def test_zero_volume_is_missing_and_does_not_spoil_the_month() -> None:
    thin = PRICES.copy()
    thin.loc[100, "volume"] = 0
    assert seen(thin, "volume_month")["volume_month"].iloc[95:110].isna().sum() == 1


def test_an_unknown_feature_is_named_with_those_accepted() -> None:
    with pytest.raises(
        UserError, match=r"^params.yaml: prepare.features: found 'rsi'; accepted here: variance_session, "
    ):
        seen(PRICES, "close", "rsi")


def test_a_feature_whose_columns_are_not_there_is_named_with_those_that_are() -> None:
    heat = PRICES[["ticker", "date"]].assign(heat=1.0)
    with pytest.raises(
        UserError, match=r"^params.yaml: prepare.features: found 'high_low'; accepted here: december, heat$"
    ):
        feature_table(heat, ["heat", "high_low"], "heat")


def test_nothing_given_is_changed() -> None:
    before = PRICES.copy()
    seen(PRICES, *NAMES)
    pd.testing.assert_frame_equal(PRICES, before)
