"""Scaling takes a ticker's own numbers, or those of all, and is undone."""

import numpy as np
import pandas as pd
import pytest

from pipeline.errors import UserError
from pipeline.forecaster.preparation import ALL, Scaler
from pipeline.forecaster.scaling import scaled, unscaled

TICKERS = pd.Series(["A", "B", "A"])
VALUES = np.array([1.0, 2.0, 3.0])


def test_a_tickers_own_scaler_comes_before_that_of_all() -> None:
    scalers = {"A": Scaler(center=1.0, scale=2.0), ALL: Scaler(center=0.0, scale=10.0)}
    found = scaled(VALUES, scalers, TICKERS)
    assert found.tolist() == [0.0, 0.2, 1.0]
    assert unscaled(found, scalers, TICKERS).tolist() == VALUES.tolist()


def test_a_ticker_without_a_scaler_is_named() -> None:
    with pytest.raises(UserError, match=r"^B: found no scaler of its own; accepted: A, C$"):
        scaled(VALUES, {name: Scaler(center=0.0, scale=1.0) for name in ("C", "A")}, TICKERS)
