"""The summary's numbers, against scipy's and statsmodels' and by hand."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from pipeline.summary import autocorrelations, returns, summary
from tests.series import made_prices

PRICES = made_prices("AAA", 600, seed=5)


def test_moments_agree_with_scipy() -> None:
    found, own = summary(PRICES, 3), returns(PRICES).dropna()
    assert found["skew"] == pytest.approx(stats.skew(own, bias=False))
    assert found["excess_kurtosis"] == pytest.approx(stats.kurtosis(own, bias=False))
    assert (found["sessions"], found["missing_sessions"]) == (600, 3)


def test_annual_figures_of_a_steady_rise() -> None:
    dates = pd.bdate_range("2001-01-01", "2004-12-31")
    prices = pd.DataFrame({"ticker": "A", "date": dates, "close": np.exp(np.linspace(0, 0.4, len(dates)))})
    found = summary(prices, 0)
    assert found["annual_return"] == pytest.approx(0.1, rel=0.005)
    assert found["annual_volatility"] == pytest.approx(0, abs=1e-9)
    assert found["largest_drawdown"] == 0


def test_the_largest_drawdown_is_from_the_highest_close_before() -> None:
    prices = PRICES.iloc[:5].assign(close=[100.0, 120.0, 60.0, 130.0, 100.0])
    assert summary(prices, 0)["largest_drawdown"] == -0.5


def test_squares_of_clustered_returns_stay_correlated_and_those_of_noise_do_not() -> None:
    noise = pd.Series(np.random.default_rng(0).normal(0, 0.01, 3000))
    clustered = returns(made_prices("AAA", 3000, seed=1))
    assert autocorrelations(clustered, 10)["squared"].min() > 0.05
    assert autocorrelations(noise, 10)["squared"].abs().max() < 0.06


def test_few_returns_have_few_lags() -> None:
    assert autocorrelations(pd.Series([np.nan, 0.1, -0.1, 0.2]), 60)["lag"].tolist() == [1, 2]
