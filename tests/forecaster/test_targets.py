"""Log variance and targets follow their formulas, and the inverse functions undo them."""

from pathlib import Path
from typing import get_args

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.forecaster import samples as table
from pipeline.forecaster import targets
from pipeline.forecaster.inputs import with_variance
from pipeline.forecaster.preparation import Kind, Preparation
from pipeline.forecaster.targets import MIN_VARIANCE, future_values, log_variance, typical_change
from pipeline.io.artifacts import read_record
from tests.conftest import samples_in
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
    # 2,000 steps lose a twentieth of the range, because the true extremes lie between two steps
    np.testing.assert_allclose(np.exp(log_variance(prices)).mean(), deviation**2, rtol=0.08)


def test_a_session_without_movement_has_the_minimum_variance() -> None:
    prices = pd.DataFrame({"open": [5.0], "high": [5.0], "low": [5.0], "close": [5.0]})
    assert np.exp(log_variance(prices)).tolist() == [np.exp(np.log(MIN_VARIANCE))]


def test_volatility_is_known_from_the_22nd_session_on() -> None:
    found = with_variance(made_prices("AAA", 40, seed=0))["volatility"]
    assert found.isna().tolist() == [True] * 21 + [False] * 19


def test_the_typical_change_is_by_volatility_or_by_recent_changes() -> None:
    rows = pd.DataFrame({"ticker": ["A"] * 3 + ["B"] * 2, "last": [10.0, 12.0, 11.0, 5.0, 6.0], "volatility": np.nan})
    found = typical_change(rows, priced=True)
    weights = np.array([0.94, 1.0])
    assert found[2] == (weights * [2, 1]).sum() / weights.sum()
    assert found.isna().tolist() == [True, False, False, True, False]
    known = rows.assign(volatility=0.1)
    pd.testing.assert_series_equal(typical_change(known, priced=False), found, check_names=False)
    assert typical_change(known, priced=True).tolist() == [1.0, 12.0 * 0.1, 11.0 * 0.1, 0.5, 6.0 * 0.1]


PRICE = st.floats(1e-3, 1e6)


@pytest.mark.parametrize("kind", get_args(Kind))
@given(last=PRICE, growth=st.floats(0.2, 5), volatility=st.floats(1e-4, 0.2))
def test_the_inverse_returns_the_price(kind: Kind, last: float, growth: float, volatility: float) -> None:
    future, at, sigma = np.array([[last * growth]]), np.array([last]), np.array([volatility])
    back = targets.price_from_target(kind, targets.target_from_price(kind, future, at, sigma), at, sigma)
    np.testing.assert_allclose(back, future, rtol=1e-9)


def test_the_inverse_returns_every_close_of_the_sample(sample_prices: pd.DataFrame) -> None:
    future = future_values(sample_prices, "close", 5)
    last, sigma = sample_prices["close"].to_numpy(), np.full(len(sample_prices), 0.01)
    back = targets.price_from_target("return", targets.target_from_price("return", future, last, sigma), last, sigma)
    np.testing.assert_allclose(back, future, rtol=1e-9)


def test_future_values_stop_at_the_end_of_a_ticker() -> None:
    rows = pd.DataFrame({"ticker": list("AAABB"), "last": [1.0, 2, 3, 10, 20]})
    nan = np.nan
    expected = [[2, 3, nan], [3, nan, nan], [nan, nan, nan], [20, nan, nan], [nan, nan, nan]]
    np.testing.assert_array_equal(future_values(rows, "last", 3), expected)


def test_each_kind_by_hand() -> None:
    future, last, sigma = np.array([[110.0]]), np.array([100.0]), np.array([0.05])
    assert targets.target_from_price("level", future, last, sigma) == 110
    assert targets.target_from_price("difference", future, last, sigma) == 10
    np.testing.assert_allclose(targets.target_from_price("return", future, last, sigma), np.log(1.1) / 0.05)


STEPS = (1, 2, 3)


def scaled_targets(rows: pd.DataFrame, name: str) -> targets.Floats:
    return table.scaled_targets(rows, name).astype(np.float64)


def rows_and_preparation(folder: Path) -> tuple[pd.DataFrame, Preparation]:
    """Return the complete rows of a folder, and its fitted numbers."""
    rows = samples_in(folder)
    return rows[rows["split"] != "warmup"], read_record(folder / "data/preparation.json", Preparation)


@pytest.mark.parametrize(("name", "column"), [("price", "last"), ("variance", "log_variance")])
def test_the_true_scaled_targets_give_the_actual_values(walked: Path, name: str, column: str) -> None:
    rows, preparation = rows_and_preparation(walked)
    known = rows["split"].isin(["train", "validation"])
    truth = targets.future_values(samples_in(walked), column, 3)[rows.index]
    found = targets.unscaled_forecasts(rows, scaled_targets(rows, name), preparation, name, STEPS)
    assert found.dtype == np.float64
    np.testing.assert_allclose(found[known], truth[known], rtol=1e-5)


def test_tickers_with_their_own_scaler_are_unscaled_by_it(walked_heat: Path) -> None:
    rows, preparation = rows_and_preparation(walked_heat)
    train = rows["split"] == "train"
    truth = targets.future_values(samples_in(walked_heat), "last", 3)[rows.index]
    found = targets.unscaled_forecasts(rows, scaled_targets(rows, "price"), preparation, "price", STEPS)
    np.testing.assert_allclose(found[train], truth[train], rtol=1e-5, atol=1e-5)
    one = targets.unscaled_forecasts(rows, np.ones((len(rows), 3)), preparation, "price", STEPS)
    baseline = rows[[table.baseline_column("price", h) for h in (1, 2, 3)]].to_numpy()
    spread = {name: (one - baseline)[(rows["ticker"] == name).to_numpy()].mean() for name in ("Oslo", "Rome")}
    assert spread["Rome"] == pytest.approx(10 * spread["Oslo"], rel=0.3)


def test_a_scaled_output_of_zero_is_exactly_the_baseline(walked: Path) -> None:
    rows, preparation = rows_and_preparation(walked)
    nothing = np.zeros((len(rows), 3))
    assert (targets.unscaled_forecasts(rows, nothing, preparation, "price", STEPS) == rows[["last"]].to_numpy()).all()
    baseline = rows[[table.baseline_column("variance", h) for h in (1, 2, 3)]].to_numpy()
    np.testing.assert_array_equal(targets.unscaled_forecasts(rows, nothing, preparation, "variance", STEPS), baseline)
