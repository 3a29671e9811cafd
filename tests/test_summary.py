"""The summary's numbers, against scipy's and statsmodels' and by hand."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from pipeline.summary import leveled, measured, summary
from tests.series import made_prices

PRICES = made_prices("AAA", 600, seed=5)


def test_moments_agree_with_scipy() -> None:
    found = summary(PRICES["date"], PRICES["close"], priced=True)
    own = measured(PRICES["close"], priced=True).dropna()
    assert found["skew"] == pytest.approx(stats.skew(own, bias=False))
    assert found["excess_kurtosis"] == pytest.approx(stats.kurtosis(own, bias=False))
    assert found["sessions"] == 600


def test_annual_figures_of_a_steady_rise() -> None:
    dates = pd.Series(pd.bdate_range("2001-01-01", "2004-12-31"))
    found = summary(dates, pd.Series(np.exp(np.linspace(0, 0.4, len(dates)))), priced=True)
    assert found["annual_return"] == pytest.approx(0.1, rel=0.005)
    assert found["annual_volatility"] == pytest.approx(0, abs=1e-9)
    assert found["largest_drawdown"] == 0


def test_the_largest_drawdown_is_from_the_highest_close_before() -> None:
    closes = pd.Series([100.0, 120.0, 60.0, 130.0, 100.0])
    assert summary(PRICES["date"].iloc[:5], closes, priced=True)["largest_drawdown"] == -0.5


def test_another_series_is_told_in_its_own_values() -> None:
    found = summary(PRICES["date"].iloc[:4], pd.Series([-3.0, 0.0, 1.0, 6.0]), priced=False)
    assert (found["mean"], found["minimum"], found["maximum"]) == (1.0, -3.0, 6.0)
    assert found["deviation"] == pytest.approx(np.std([-3, 0, 1, 6], ddof=1))
    assert "annual_return" not in found


def test_clustered_returns_have_correlated_squares_and_noise_has_not() -> None:
    noise = pd.Series(100 * np.exp(np.random.default_rng(0).normal(0, 0.01, 3000).cumsum()))
    dates, clustered = pd.Series(pd.bdate_range("2001-01-01", periods=3000)), made_prices("AAA", 3000, seed=1)["close"]
    assert summary(dates, clustered, priced=True)["ljung_box_squares"] < 1e-6
    assert summary(dates, noise, priced=True)["ljung_box_squares"] > 0.05
    assert summary(dates, noise, priced=True)["ljung_box"] > 0.05


def test_a_price_wanders_and_a_series_that_comes_back_is_stationary() -> None:
    rng, level = np.random.default_rng(1), [0.0]
    for shock in rng.normal(size=599):
        level.append(0.5 * level[-1] + shock)
    dates = PRICES["date"]
    assert summary(dates, PRICES["close"], priced=True)["stationarity"] == "wanders (unit root)"
    assert summary(dates, pd.Series(level), priced=False)["stationarity"] == "stationary"


def test_what_is_missing_is_passed_over() -> None:
    values = PRICES["close"].where(np.arange(600) % 7 != 3)
    found = summary(PRICES["date"], values, priced=False)
    assert found["sessions"] == values.count()
    assert found["mean"] == pytest.approx(values.mean())


def test_the_logarithm_of_a_price_may_wander_and_anything_else_as_it_is() -> None:
    values = pd.Series([1.0, 2.0])
    assert leveled(values, priced=True).tolist() == [0.0, np.log(2.0)]
    assert leveled(values, priced=False).tolist() == [1.0, 2.0]
