"""The skill's interval is as wide as theory says, holds the true skill, and is the same each time."""

import numpy as np
import pytest

from pipeline.bootstrap import skill_interval


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
