"""The bootstrap is that of the package arch: the means to the last bit, the block length to nine digits."""

import numpy as np
import pytest
from arch.bootstrap import StationaryBootstrap, optimal_block_length

from pipeline.evaluate.bootstrap import block_length, resampled_means


def series(n: int, memory: float, seed: int) -> np.ndarray:
    """Two columns of an autoregression; memory: the share of a day that stays the next day."""
    values = np.random.default_rng(seed).normal(0, 1, (n, 2))
    for day in range(1, n):
        values[day] += memory * values[day - 1]
    return values


@pytest.mark.parametrize("n", [10, 11, 25, 60, 755, 3001])
@pytest.mark.parametrize("memory", [0.0, 0.5, 0.95, -0.8])
@pytest.mark.parametrize("seed", [0, 1])
def test_the_block_length_is_archs(n: int, memory: float, seed: int) -> None:
    values = series(n, memory, seed)[:, 0]
    assert block_length(values) == pytest.approx(optimal_block_length(values)["stationary"].iloc[0], rel=1e-9)


@pytest.mark.parametrize("values", [np.arange(30.0), np.tile([1.0, -1.0], 20), np.eye(12)[5], np.exp(np.arange(40.0))])
def test_the_block_length_of_extreme_series_is_archs(values: np.ndarray) -> None:
    assert block_length(values) == pytest.approx(optimal_block_length(values)["stationary"].iloc[0], rel=1e-9)


@pytest.mark.parametrize("n", [10, 60, 755])
@pytest.mark.parametrize("block", [1, 2, 7, 10])
@pytest.mark.parametrize("repetitions", [20, 120])
def test_the_resampled_means_are_archs(n: int, block: int, repetitions: int) -> None:
    values = series(n, 0.5, seed=n)
    theirs = StationaryBootstrap(block, values, seed=np.random.default_rng(3))
    expected = theirs.apply(lambda days: days.mean(axis=0), repetitions)
    np.testing.assert_array_equal(resampled_means(values, block, repetitions, seed=3), expected)
