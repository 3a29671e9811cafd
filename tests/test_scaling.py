"""Scalers are two numbers, agree with scikit-learn, and leave a departure of 0 at 0."""

from typing import get_args

import numpy as np
import pytest
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from pipeline.scaling import Kind, fitted, fitted_departure, scaled, unscaled

TRAIN = np.random.default_rng(0).normal(5, 3, 400)
OTHER = np.random.default_rng(1).normal(-50, 90, 400)


@pytest.mark.parametrize(("kind", "theirs"), [("standard", StandardScaler()), ("minmax", MinMaxScaler())])
def test_the_two_numbers_do_what_scikit_learn_does(kind: Kind, theirs) -> None:
    expected = theirs.fit(TRAIN[:, None]).transform(OTHER[:, None])[:, 0]
    np.testing.assert_allclose(scaled(OTHER, fitted(kind, TRAIN)), expected, rtol=1e-12)


@pytest.mark.parametrize("kind", get_args(Kind))
@pytest.mark.parametrize("fit", [fitted, fitted_departure])
def test_scaling_is_undone(kind: Kind, fit) -> None:
    scaler = fit(kind, TRAIN)
    np.testing.assert_allclose(unscaled(scaled(OTHER, scaler), scaler), OTHER, rtol=1e-12)


@pytest.mark.parametrize("kind", get_args(Kind))
def test_no_departure_stays_exactly_zero(kind: Kind) -> None:
    scaler = fitted_departure(kind, TRAIN)
    assert unscaled(np.zeros(1), scaler) == 0
    assert scaler["scale"] != 1


@pytest.mark.parametrize("kind", get_args(Kind))
def test_missing_values_do_not_count(kind: Kind) -> None:
    assert fitted(kind, np.append(TRAIN, np.nan)) == fitted(kind, TRAIN)


@pytest.mark.parametrize("kind", get_args(Kind))
def test_a_constant_is_scaled_by_one(kind: Kind) -> None:
    assert fitted(kind, np.full(9, 3.0)) == {"center": 3.0, "scale": 1.0}
