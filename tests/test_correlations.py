"""Autocorrelations, the Ljung-Box test and tickers' correlations, against their formulas by hand."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.signal import lfilter

from pipeline.correlations import TOGETHER, autocorrelations, between, ljung_box

NOISE = pd.Series(np.random.default_rng(0).normal(0, 1, 2000))
FOLLOWING = pd.Series(lfilter([1], [1, -0.5], NOISE))  # an AR(1) with coefficient 0.5


def by_hand(values: pd.Series, lag: int) -> float:
    own = (values - values.mean()).to_numpy()
    return float((own[lag:] * own[:-lag]).sum() / (own**2).sum())


@pytest.mark.parametrize("values", [NOISE, FOLLOWING])
def test_autocorrelations_agree_with_their_formula(values: pd.Series) -> None:
    found = autocorrelations(values, 5)
    assert found["lag"].tolist() == [1, 2, 3, 4, 5]
    np.testing.assert_allclose(found["acf"], [by_hand(values, lag) for lag in range(1, 6)])


def test_the_partial_ones_of_a_first_order_series_end_after_the_first_lag() -> None:
    found = autocorrelations(FOLLOWING, 10)
    assert found["acf"].iloc[0] == pytest.approx(0.5, abs=0.05)
    assert found["pacf"].iloc[0] == pytest.approx(found["acf"].iloc[0])
    assert found["acf"].iloc[1] == pytest.approx(0.25, abs=0.06)
    assert found["pacf"].iloc[1:].abs().max() < 0.07


def test_the_second_partial_one_agrees_with_its_formula() -> None:
    found = autocorrelations(FOLLOWING, 2)
    first, second = found["acf"]
    assert found["pacf"].iloc[1] == pytest.approx((second - first**2) / (1 - first**2))


def test_gaps_are_passed_over_without_moving_the_lags() -> None:
    wave = pd.Series(np.sin(np.arange(2400) * 2 * np.pi / 24))
    found = autocorrelations(wave.where(np.random.default_rng(0).random(2400) > 0.05), 24).set_index("lag")["acf"]
    assert found[24] > 0.85
    assert found[12] < -0.85


def test_gaps_at_the_ends_change_nothing() -> None:
    wide = FOLLOWING.reindex(range(-50, 2050))
    pd.testing.assert_frame_equal(autocorrelations(wide, 5), autocorrelations(FOLLOWING, 5))


@pytest.mark.parametrize(("count", "lags"), [(0, 0), (1, 0), (3, 0), (4, 1), (30, 14), (1000, 60)])
def test_few_values_have_few_lags(count: int, lags: int) -> None:
    assert len(autocorrelations(NOISE.iloc[:count], 60)) == lags


def test_values_that_are_all_the_same_have_none() -> None:
    constant = pd.Series(np.full(100, 3.0))
    assert autocorrelations(constant, 10).empty
    assert np.isnan(ljung_box(constant, 10))


def test_ljung_box_agrees_with_its_formula() -> None:
    own = np.array([by_hand(FOLLOWING[:200], lag) for lag in range(1, 6)])
    statistic = 200 * 202 * (own**2 / (200 - np.arange(1, 6))).sum()
    assert ljung_box(FOLLOWING[:200], 5) == pytest.approx(stats.chi2.sf(statistic, 5))


def test_ljung_box_tells_what_follows_from_noise() -> None:
    assert ljung_box(NOISE, 22) > 0.05
    assert ljung_box(FOLLOWING, 22) < 1e-6


def test_tickers_correlations_are_pearsons_of_the_steps_they_share() -> None:
    rng = np.random.default_rng(0)
    values = pd.DataFrame(rng.normal(size=(200, 4)), columns=list("ABCD"))
    values.loc[:99, "A"] = np.nan
    found = between(values)
    assert found.loc["A", "B"] == pytest.approx(stats.pearsonr(values["A"][100:], values["B"][100:]).statistic)
    np.testing.assert_array_equal(found, found.T)
    np.testing.assert_allclose(np.diag(found), 1)
    assert list(found.index) == list(found.columns)


def test_like_stands_beside_like() -> None:
    rng = np.random.default_rng(0)
    factors = rng.normal(size=(300, 5))
    names = [f"{letter}{number}" for number in (1, 2) for letter in "ABCDE"]  # A1 B1 ... A2 B2 ...
    values = pd.DataFrame(np.tile(factors, 2) + 0.1 * rng.normal(size=(300, 10)), columns=names)
    order = [name[0] for name in between(values).columns]
    assert order[::2] == order[1::2]
    assert sorted(order) == sorted("AABBCCDDEE")


@pytest.mark.parametrize("shared", [TOGETHER - 1, TOGETHER])
def test_tickers_that_share_too_few_steps_have_no_correlation(shared: int) -> None:
    values = pd.DataFrame(np.random.default_rng(0).normal(size=(200, 3)), columns=list("ABC"))
    values.loc[shared:, "A"] = np.nan
    found = between(values)
    assert np.isnan(found.loc["A", "B"]) == (shared < TOGETHER)
    assert abs(found.loc["B", "C"]) < 0.3


def test_a_ticker_that_stands_still_has_none_and_one_alone_is_no_error() -> None:
    values = pd.DataFrame(np.random.default_rng(0).normal(size=(200, 3)), columns=list("ABC")).assign(B=1.0)
    found = between(values)
    assert found["B"].isna().all()
    assert np.isfinite(found.loc["A", "C"])
    assert between(values[["A"]]).shape == (1, 1)
    assert list(between(values[["C", "A"]]).columns) == ["C", "A"]


@pytest.mark.parametrize("missing", [0.2, 0.5])
def test_autocorrelations_are_those_of_the_pairs_that_are_known(missing: float) -> None:
    wave = pd.Series(np.sin(np.arange(4800) * 2 * np.pi / 24))
    found = autocorrelations(wave.where(np.random.default_rng(0).random(4800) > missing), 24)
    assert found["acf"].iloc[-1] == pytest.approx(1, abs=0.02)
    assert found["pacf"].abs().max() <= 1
