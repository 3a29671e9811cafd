"""The Diebold-Mariano test agrees with statsmodels, and the skill's interval is as wide as theory says."""

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats

from pipeline.evaluate.significance import diebold_mariano, skill_interval


def autocorrelated(n: int, mean: float, seed: int) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(0, 1, n + 1)
    return mean + noise[1:] + 0.6 * noise[:-1]


@pytest.mark.parametrize("horizon", [1, 5, 12])
@pytest.mark.parametrize("n", [60, 755])
def test_diebold_mariano_is_statsmodels_hac_mean_with_harveys_correction(horizon: int, n: int) -> None:
    difference = autocorrelated(n, 0.1, seed=n)
    lags = max(2 * (horizon - 1), int(4 * (n / 100) ** (2 / 9)))
    theirs = sm.OLS(difference, np.ones(n)).fit(cov_type="HAC", cov_kwds={"maxlags": lags, "use_correction": False})
    harvey = np.sqrt((n + 1 - 2 * horizon + horizon * (horizon - 1) / n) / n)
    expected = 2 * stats.t.sf(abs(harvey * theirs.tvalues[0]), n - 1)
    assert diebold_mariano(difference, horizon) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(("horizon", "most"), [(1, 0.07), (5, 0.09)])
def test_it_finds_no_difference_where_there_is_none(horizon: int, most: float) -> None:
    """Differences as overlapping horizons give them: a moving sum of `horizon` shocks. Nominal: 0.05."""
    noise = np.random.default_rng(0).normal(0, 1, (1000, 755 + horizon - 1))
    differences = np.lib.stride_tricks.sliding_window_view(noise, horizon, axis=1).sum(axis=2)
    assert 0.03 < np.mean([diebold_mariano(own, horizon) < 0.05 for own in differences]) < most


def test_equal_forecasts_have_p_1_unequal_ones_by_the_same_every_day_p_0_and_too_few_none() -> None:
    assert diebold_mariano(np.zeros(50), 1) == 1
    assert diebold_mariano(np.ones(50), 1) == 0
    assert np.isnan(diebold_mariano(np.ones(9), 1))


def losses(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Squared errors of two forecasts, autocorrelated, the first one's 10 % smaller in the mean."""
    rng = np.random.default_rng(seed)
    storm = np.exp(np.convolve(rng.normal(0, 0.3, n + 4), np.ones(5), mode="valid"))
    return 0.9 * storm * rng.chisquare(1, n), storm * rng.chisquare(1, n)


def test_it_is_the_delta_methods_interval_where_days_are_independent() -> None:
    rng = np.random.default_rng(0)
    rival = rng.chisquare(1, 4000)
    own = 0.8 * rival * rng.uniform(0.5, 1.5, 4000)
    ratio = own.mean() / rival.mean()
    error = np.std(own - ratio * rival) / rival.mean() / np.sqrt(4000)
    low, high = skill_interval(own, rival, 1)
    assert low == pytest.approx(1 - ratio - 1.96 * error, abs=0.3 * error)
    assert high == pytest.approx(1 - ratio + 1.96 * error, abs=0.3 * error)


def test_it_holds_the_true_skill_about_as_often_as_it_says() -> None:
    found = [skill_interval(*losses(500, seed), 1) for seed in range(60)]
    assert 0.85 <= np.mean([low < 0.1 < high for low, high in found]) <= 1


def test_it_is_the_same_each_time() -> None:
    assert skill_interval(*losses(200, 1), 5) == skill_interval(*losses(200, 1), 5)


def test_too_few_days_or_a_rival_without_error_have_none() -> None:
    assert np.isnan(skill_interval(np.ones(9), np.ones(9), 1)).all()
    assert np.isnan(skill_interval(np.ones(20), np.zeros(20), 1)).all()


def test_the_rival_itself_has_skill_zero() -> None:
    own, _ = losses(200, 2)
    assert skill_interval(own, own, 1) == (0, 0)


def test_blocks_are_at_least_as_long_as_the_horizon() -> None:
    own, rival = np.random.default_rng(0).chisquare(1, (2, 400))
    assert skill_interval(own, rival, 1) != skill_interval(own, rival, 50)
