"""A comparison has the outcome that its skill and its p-value allow."""

import numpy as np
import pytest

from pipeline.evaluate.significance import diebold_mariano
from pipeline.scoring.verdict import Comparison


def outcome(skill: float | None, p_value: float | None) -> str:
    return Comparison(
        target="price", horizon=1, n=500, rmse=1.0, model="drift", model_rmse=1.0, skill=skill, p_value=p_value
    ).outcome


@pytest.mark.parametrize(
    ("skill", "p_value", "expected"),
    [
        (0.1, 0.001, "better"),
        (-0.1, 0.001, "worse"),
        (0.1, 0.05, "no significant difference"),
        (-0.1, 0.3, "no significant difference"),
        (0.0, 0.001, "no significant difference"),
        (None, 0.001, "undefined"),
        (0.3, None, "undefined"),
    ],
)
def test_the_outcome(skill: float | None, p_value: float | None, expected: str) -> None:
    assert outcome(skill, p_value) == expected


def losses(sizes: tuple[float, float], seed: int, horizon: int, n: int = 500) -> np.ndarray:
    """Squared errors of two forecasts of one series, (n, 2): storms and calms that both meet (stochastic volatility),
    shocks that both miss and shocks of their own, overlapping over the horizon; autocorrelated, all of it.
    """
    rng = np.random.default_rng(seed)
    storm = np.zeros(n)
    for day in range(1, n):
        storm[day] = 0.95 * storm[day - 1] + rng.normal(0, 0.3)
    shocks = rng.normal(0, 1, (n + horizon - 1, 1)) + 0.5 * rng.normal(0, 1, (n + horizon - 1, 2))
    errors = np.lib.stride_tricks.sliding_window_view(shocks, horizon, axis=0).sum(axis=2)
    return np.exp(storm)[:, None] * errors**2 * np.array(sizes)


def judged(sizes: tuple[float, float], seed: int, horizon: int = 1) -> str:
    own, rival = losses(sizes, seed, horizon).T
    return outcome(1 - own.mean() / rival.mean(), diebold_mariano(own - rival, horizon))


@pytest.mark.parametrize("horizon", [1, 5])
def test_of_100_pairs_without_difference_at_most_5_beat(horizon: int) -> None:
    found = [judged((1.0, 1.0), seed, horizon) for seed in range(100)]
    assert found.count("better") <= 5
    assert found.count("worse") <= 5


def test_a_better_forecast_beats_and_a_worse_one_loses() -> None:
    assert {judged((0.5, 1.0), seed) for seed in range(20)} == {"better"}
    assert {judged((2.0, 1.0), seed) for seed in range(20)} == {"worse"}
