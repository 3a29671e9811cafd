"""The summary's numbers, against scipy's and statsmodels' and by hand."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.signal import lfilter

from pipeline.explore.summary import quantities, stationarity_tests, stationarity_words, summary
from tests.series import made_prices

PRICES = made_prices("AAA", 600, seed=5)
STEPS = np.random.default_rng(0).normal(0, 1, 600)
KEEPING = pd.Series(lfilter([1], [1, -0.5], STEPS))  # an AR(1) with coefficient 0.5


def test_moments_agree_with_scipy() -> None:
    found = summary(PRICES["date"], PRICES["close"], priced=True)
    own = quantities(PRICES["close"], priced=True).dropna()
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


def test_a_series_without_prices_is_summarised_by_its_values() -> None:
    found = summary(PRICES["date"].iloc[:4], pd.Series([-3.0, 0.0, 1.0, 6.0]), priced=False)
    assert (found["mean"], found["minimum"], found["maximum"]) == (1.0, -3.0, 6.0)
    assert found["deviation"] == pytest.approx(np.std([-3, 0, 1, 6], ddof=1))
    assert "annual_return" not in found


def test_clustered_returns_have_correlated_squares_and_noise_does_not() -> None:
    noise = pd.Series(100 * np.exp(np.random.default_rng(0).normal(0, 0.01, 3000).cumsum()))
    dates, clustered = pd.Series(pd.bdate_range("2001-01-01", periods=3000)), made_prices("AAA", 3000, seed=1)["close"]
    assert summary(dates, clustered, priced=True)["ljung_box_squares"] < 1e-6
    assert summary(dates, noise, priced=True)["ljung_box_squares"] > 0.05
    assert summary(dates, noise, priced=True)["ljung_box"] > 0.05


@pytest.mark.parametrize(
    ("values", "expected"), [(np.cumsum(STEPS), "wanders (unit root)"), (KEEPING, "stationary")], ids=["walk", "AR(1)"]
)
def test_a_random_walk_wanders_and_an_ar1_is_stationary(values: np.ndarray, expected: str) -> None:
    own = pd.Series(values)
    assert summary(PRICES["date"], own, priced=False)["stationarity"] == expected
    assert summary(PRICES["date"], np.exp(own), priced=True)["stationarity"] == expected  # the log of a price is tested


def test_missing_values_are_left_out() -> None:
    values = PRICES["close"].where(np.arange(600) % 7 != 3)
    found = summary(PRICES["date"], values, priced=False)
    assert found["sessions"] == values.count()
    assert found["mean"] == pytest.approx(values.mean())


def test_the_tests_of_stationarity_leave_out_missing_values() -> None:
    gaps = pd.Series(np.repeat(KEEPING, 2)).reset_index(drop=True).where(np.arange(1200) % 2 == 0)
    assert stationarity_tests(gaps) == stationarity_tests(KEEPING)


STILL = np.zeros(60)
STILL[-1] = 1


@pytest.mark.parametrize(
    "values",
    [KEEPING.iloc[:29], KEEPING.where(KEEPING.index < 29), pd.Series(np.full(100, 5.0)), pd.Series(STILL)],
    ids=["too few", "too few that are known", "constant", "still but for the last"],
)
def test_too_few_or_nearly_constant_values_are_not_tested(values: pd.Series) -> None:
    assert np.isnan(stationarity_tests(values)).all()
    assert stationarity_words(*stationarity_tests(values)) == ""


def test_30_values_are_enough() -> None:
    assert np.isfinite(stationarity_tests(KEEPING.iloc[:30])).all()


@pytest.mark.parametrize(
    ("adf", "kpss", "expected"),
    [
        (0.04, 0.06, "stationary"),
        (0.06, 0.04, "wanders (unit root)"),
        (0.04, 0.04, "unclear: both reject"),
        (0.06, 0.06, "unclear: neither rejects"),
    ],
)
def test_both_tests_together_say_one_of_four_things(adf: float, kpss: float, expected: str) -> None:
    assert stationarity_words(adf, kpss) == expected
