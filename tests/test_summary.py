"""The summary's numbers, against scipy's and statsmodels' and by hand."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from pipeline.summary import autocorrelations, measured, summary
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
    assert summary(PRICES["date"], closes, priced=True)["largest_drawdown"] == -0.5


def test_another_series_is_told_in_its_own_values() -> None:
    found = summary(PRICES["date"].iloc[:4], pd.Series([-3.0, 0.0, 1.0, 6.0]), priced=False)
    assert (found["mean"], found["minimum"], found["maximum"]) == (1.0, -3.0, 6.0)
    assert found["deviation"] == pytest.approx(np.std([-3, 0, 1, 6], ddof=1))
    assert "annual_return" not in found


def test_squares_of_clustered_returns_stay_correlated_and_those_of_noise_do_not() -> None:
    noise = pd.Series(np.random.default_rng(0).normal(0, 0.01, 3000))
    clustered = measured(made_prices("AAA", 3000, seed=1)["close"], priced=True)
    assert autocorrelations(clustered, 10, priced=True)["squared returns"].min() > 0.05
    assert autocorrelations(noise, 10, priced=True)["squared returns"].abs().max() < 0.06


def test_gaps_are_passed_over() -> None:
    wave = pd.Series(np.sin(np.arange(2400) * 2 * np.pi / 24))
    gaps = wave.where(np.random.default_rng(0).random(2400) > 0.05)
    found = autocorrelations(gaps, 48, priced=False).set_index("lag")
    assert found.loc[24, "values"] > 0.85
    assert found.loc[12, "values"] < -0.85


def test_few_returns_have_few_lags() -> None:
    few = pd.Series([np.nan, 0.1, -0.1, 0.2])
    assert autocorrelations(few, 60, priced=True)["lag"].tolist() == [1]
    assert autocorrelations(few.iloc[:2], 60, priced=True).empty
