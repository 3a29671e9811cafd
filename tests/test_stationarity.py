"""A random walk has a unit root, noise about a level has none, and what cannot be tested is said to be unknown."""

import numpy as np
import pandas as pd
import pytest
from scipy.signal import lfilter

from pipeline.stationarity import p_values, words

STEPS = np.random.default_rng(0).normal(0, 1, 600)
WALK = pd.Series(np.cumsum(STEPS))
KEEPING = pd.Series(lfilter([1], [1, -0.5], STEPS))  # an AR(1) with coefficient 0.5


def test_a_random_walk_wanders() -> None:
    adf, kpss = p_values(WALK)
    assert adf > 0.05 > kpss
    assert words(adf, kpss) == "wanders (unit root)"


def test_what_comes_back_to_its_mean_is_stationary() -> None:
    adf, kpss = p_values(KEEPING)
    assert adf < 0.05 < kpss
    assert words(adf, kpss) == "stationary"


@pytest.mark.parametrize("series", [WALK, KEEPING])
def test_neither_level_nor_unit_matters(series: pd.Series) -> None:
    np.testing.assert_allclose(p_values(1000 + 9 * series), p_values(series), rtol=1e-6)


def test_what_is_missing_is_passed_over() -> None:
    gaps = pd.Series(np.repeat(KEEPING, 2)).reset_index(drop=True).where(np.arange(1200) % 2 == 0)
    assert p_values(gaps) == p_values(KEEPING)


STILL = np.zeros(60)
STILL[-1] = 1


@pytest.mark.parametrize(
    "values",
    [KEEPING.iloc[:29], KEEPING.where(KEEPING.index < 29), pd.Series(np.full(100, 5.0)), pd.Series(STILL)],
    ids=["too few", "too few that are known", "constant", "still but for the last"],
)
def test_what_is_too_short_or_hardly_changes_is_not_tested(values: pd.Series) -> None:
    assert np.isnan(p_values(values)).all()
    assert words(*p_values(values)) == ""


def test_30_values_are_enough() -> None:
    assert np.isfinite(p_values(KEEPING.iloc[:30])).all()


@pytest.mark.parametrize(
    ("adf", "kpss", "said"),
    [
        (0.04, 0.06, "stationary"),
        (0.06, 0.04, "wanders (unit root)"),
        (0.04, 0.04, "unclear: both reject"),
        (0.06, 0.06, "unclear: neither rejects"),
    ],
)
def test_both_tests_together_say_one_of_four_things(adf: float, kpss: float, said: str) -> None:
    assert words(adf, kpss) == said
