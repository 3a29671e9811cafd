"""Scalers are two numbers, agree with scikit-learn, and leave a departure of 0 at 0."""

import numpy as np
import pandas as pd
import pytest
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from pipeline import scalers
from pipeline.forecaster.preparation import ALL, Scaler
from pipeline.forecaster.scaling import scaled, unscaled
from pipeline.scalers import groups

KINDS = ("standard", "minmax")

TRAIN = np.random.default_rng(0).normal(5, 3, 400)
OTHER = np.random.default_rng(1).normal(-50, 90, 400)
TOGETHER = pd.Series(["A"] * 400)
EVERY = np.ones(400, dtype=bool)


def fit(kind: str, train: np.ndarray = TRAIN, *, departs: bool = False) -> dict[str, Scaler]:
    return scalers.fit(kind, train, np.ones(len(train), dtype=bool), np.full(len(train), ALL, object), departs=departs)


@pytest.mark.parametrize(("kind", "theirs"), [("standard", StandardScaler()), ("minmax", MinMaxScaler())])
def test_the_two_numbers_do_what_scikit_learn_does(kind: str, theirs) -> None:
    expected = theirs.fit(TRAIN[:, None]).transform(OTHER[:, None])[:, 0]
    np.testing.assert_allclose(scaled(OTHER, fit(kind), TOGETHER), expected, rtol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("departs", [True, False])
def test_scaling_is_undone(kind: str, departs: bool) -> None:
    own = fit(kind, departs=departs)
    np.testing.assert_allclose(unscaled(scaled(OTHER, own, TOGETHER), own, TOGETHER), OTHER, rtol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_no_departure_stays_exactly_zero(kind: str) -> None:
    own = fit(kind, departs=True)
    assert unscaled(np.zeros(1), own, TOGETHER[:1]) == 0
    assert own[ALL].scale != 1


@pytest.mark.parametrize("kind", KINDS)
def test_missing_values_and_rows_that_are_not_train_do_not_count(kind: str) -> None:
    assert fit(kind, np.append(TRAIN, np.nan)) == fit(kind)
    both, train = np.append(TRAIN, OTHER), np.arange(800) < 400
    assert scalers.fit(kind, both, train, np.full(800, ALL, object), departs=False) == fit(kind)


@pytest.mark.parametrize("kind", KINDS)
def test_a_constant_is_scaled_by_one(kind: str) -> None:
    assert fit(kind, np.full(9, 3.0)) == {ALL: Scaler(center=3.0, scale=1.0)}


@pytest.mark.parametrize("kind", KINDS)
def test_alone_each_ticker_is_scaled_as_if_there_were_no_other(kind: str) -> None:
    tickers = pd.Series(["A", "B"] * 200)
    both = scalers.fit(kind, TRAIN, EVERY, groups(tickers, alone=True), departs=False)
    found = scaled(TRAIN, both, tickers)
    for ticker in ("A", "B"):
        own = (tickers == ticker).to_numpy()
        expected = fit(kind, TRAIN[own])
        assert both[ticker] == expected[ALL]
        np.testing.assert_array_equal(found[own], scaled(TRAIN[own], expected, tickers[own]))
    assert set(groups(tickers, alone=False)) == {ALL}
