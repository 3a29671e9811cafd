"""The simple models of the price follow their sources and are fitted on train only."""

import numpy as np
import pandas as pd
import pytest

from pipeline.forecaster import baselines
from tests.conftest import forecast_of


def test_persistence_forecasts_the_last_value(two_tickers_rows: pd.DataFrame) -> None:
    found = forecast_of("persistence", two_tickers_rows, 2)
    np.testing.assert_array_equal(found, two_tickers_rows[["last", "last"]].to_numpy())


def test_drift_continues_each_tickers_mean_log_return_over_train(two_tickers_rows: pd.DataFrame) -> None:
    found = np.log(forecast_of("drift", two_tickers_rows, 3) / forecast_of("persistence", two_tickers_rows, 3))
    for ticker, own in two_tickers_rows.groupby("ticker"):
        slope = np.log(own.loc[own["split"] == "train", "last"]).diff().mean()
        at = (two_tickers_rows["ticker"] == ticker).to_numpy()
        np.testing.assert_allclose(found[at], np.tile(slope * np.array([1, 2, 3]), (at.sum(), 1)), rtol=1e-6)


@pytest.mark.parametrize("priced", [True, False])
def test_drift_counts_the_steps_of_a_gap(priced: bool) -> None:
    """A price grows by the same factor, another value by the same amount."""
    steps = np.arange(22.0)
    values = 1.05**steps if priced else steps
    rows = pd.DataFrame({"ticker": "A", "last": values[:20], "split": ["train"] * 15 + ["test"] * 5})
    rows.loc[3:8, ["last", "split"]] = [np.nan, "warmup"]
    fitted = baselines.fit_drift(rows, [1, 2], priced=priced)
    np.testing.assert_allclose(baselines.drift(rows, fitted, 2)[-1], values[20:])
