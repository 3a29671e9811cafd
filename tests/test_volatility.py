"""Garman-Klass variance against its published form and against a diffusion of known variance."""

import numpy as np
import pandas as pd

from pipeline.forecaster.volatility import FLOOR, change, log_variance, volatility
from tests.series import made_prices


def test_the_formula_by_hand() -> None:
    prices = pd.DataFrame({"open": [100.0], "high": [102.0], "low": [99.0], "close": [101.0]})
    by_hand = 0.5 * np.log(102 / 99) ** 2 - (2 * np.log(2) - 1) * np.log(101 / 100) ** 2
    np.testing.assert_allclose(np.exp(log_variance(prices)), [by_hand], rtol=1e-12)


def test_it_estimates_the_variance_of_a_random_walk() -> None:
    rng, deviation = np.random.default_rng(0), 0.01
    path = np.exp(np.cumsum(rng.normal(0, deviation / np.sqrt(2000), (4000, 2000)), axis=1))
    path = np.concatenate([np.ones((4000, 1)), path], axis=1)
    prices = pd.DataFrame({"open": 1.0, "high": path.max(axis=1), "low": path.min(axis=1), "close": path[:, -1]})
    # 2,000 steps miss a twentieth: the true range lies between them
    np.testing.assert_allclose(np.exp(log_variance(prices)).mean(), deviation**2, rtol=0.08)


def test_a_session_without_movement_has_the_floor() -> None:
    prices = pd.DataFrame({"open": [5.0], "high": [5.0], "low": [5.0], "close": [5.0]})
    assert np.exp(log_variance(prices)).tolist() == [np.exp(np.log(FLOOR))]


def test_volatility_is_known_from_the_22nd_session_on() -> None:
    found = volatility(log_variance(made_prices("AAA", 40, seed=0)))
    assert found.isna().tolist() == [True] * 21 + [False] * 19


def test_a_step_changes_by_its_volatility_or_as_it_did_of_late() -> None:
    rows = pd.DataFrame({"ticker": ["A"] * 3 + ["B"] * 2, "last": [10.0, 12.0, 11.0, 5.0, 6.0], "volatility": np.nan})
    found = change(rows, priced=True)
    weights = np.array([0.94, 1.0])
    assert found[2] == (weights * [2, 1]).sum() / weights.sum()
    assert found.isna().tolist() == [True, False, False, True, False]
    known = rows.assign(volatility=0.1)
    pd.testing.assert_series_equal(change(known, priced=False), found, check_names=False)
    assert change(known, priced=True).tolist() == [1.0, 12.0 * 0.1, 11.0 * 0.1, 0.5, 6.0 * 0.1]
