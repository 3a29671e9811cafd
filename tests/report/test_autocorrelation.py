"""Autocorrelations and the Ljung-Box test against their formulas by hand, and against those of statsmodels."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.signal import lfilter
from statsmodels.tsa import stattools

from pipeline.report.autocorrelation import autocorrelations, ljung_box

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


def test_the_first_two_partial_ones_agree_with_their_formulas() -> None:
    found = autocorrelations(FOLLOWING, 2)
    first, second = found["acf"]
    assert found["pacf"].tolist() == pytest.approx([first, (second - first**2) / (1 - first**2)])


def test_missing_values_at_the_ends_change_nothing() -> None:
    wide = FOLLOWING.reindex(range(-50, 2050))
    pd.testing.assert_frame_equal(autocorrelations(wide, 5), autocorrelations(FOLLOWING, 5))


@pytest.mark.parametrize(("count", "lags"), [(0, 0), (1, 0), (3, 0), (4, 1), (30, 14), (1000, 60)])
def test_few_values_have_few_lags(count: int, lags: int) -> None:
    assert len(autocorrelations(NOISE.iloc[:count], 60)) == lags


def test_equal_values_have_no_autocorrelations() -> None:
    constant = pd.Series(np.full(100, 3.0))
    assert autocorrelations(constant, 10).empty
    assert np.isnan(ljung_box(constant, 10))


def test_ljung_box_agrees_with_its_formula() -> None:
    own = np.array([by_hand(FOLLOWING[:200], lag) for lag in range(1, 6)])
    statistic = 200 * 202 * (own**2 / (200 - np.arange(1, 6))).sum()
    assert ljung_box(FOLLOWING[:200], 5) == pytest.approx(stats.chi2.sf(statistic, 5))


@pytest.mark.parametrize("missing", [0.0, 0.3])
def test_all_agree_with_statsmodels(missing: float) -> None:
    own = FOLLOWING.where(np.random.default_rng(0).random(2000) >= missing)
    own[[0, 1999]] = 1.0
    found, known = autocorrelations(own, 40), {"nlags": 40, "missing": "conservative"}
    acf = (stattools.acf(own, adjusted=True, **known) * (1 - np.arange(41) / 2000))[1:]
    partial = stattools.levinson_durbin(stattools.acf(own, **known), nlags=40, isacov=True)[2][1:]
    np.testing.assert_allclose(found["acf"], acf, atol=1e-14)
    np.testing.assert_allclose(found["pacf"], partial, atol=1e-14)
    assert ljung_box(own, 40) == pytest.approx(stattools.q_stat(acf, own.count())[1][-1], rel=1e-9)


def test_ljung_box_distinguishes_an_ar1_from_noise() -> None:
    assert ljung_box(NOISE, 22) > 0.05
    assert ljung_box(FOLLOWING, 22) < 1e-6


@pytest.mark.parametrize("missing", [0.2, 0.5])
def test_autocorrelations_use_the_known_pairs(missing: float) -> None:
    wave = pd.Series(np.sin(np.arange(4800) * 2 * np.pi / 24))
    found = autocorrelations(wave.where(np.random.default_rng(0).random(4800) > missing), 24)
    assert found["acf"].iloc[[11, 23]].tolist() == pytest.approx([-1, 1], abs=0.02)
    assert found["pacf"].abs().max() <= 1
