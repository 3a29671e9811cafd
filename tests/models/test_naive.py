"""The simple models of the price follow their sources and are fitted on train only."""

import numpy as np
import pandas as pd

from tests.conftest import forecast_of


def test_persistence_forecasts_the_last_value(two_tickers_rows: pd.DataFrame) -> None:
    found = forecast_of("persistence", two_tickers_rows, 2)
    np.testing.assert_array_equal(found, two_tickers_rows[["last", "last"]].to_numpy())


def test_drift_continues_each_tickers_mean_change_over_train(two_tickers_rows: pd.DataFrame) -> None:
    found = forecast_of("drift", two_tickers_rows, 3) - forecast_of("persistence", two_tickers_rows, 3)
    for ticker, own in two_tickers_rows.groupby("ticker"):
        slope = own.loc[own["split"] == "train", "last"].diff().mean()
        at = (two_tickers_rows["ticker"] == ticker).to_numpy()
        np.testing.assert_allclose(found[at], np.tile(slope * np.array([1, 2, 3]), (at.sum(), 1)), rtol=1e-9)


def test_drift_counts_the_steps_of_a_gap() -> None:
    rows = pd.DataFrame({"ticker": "A", "last": np.arange(20.0), "split": ["train"] * 15 + ["test"] * 5})
    rows.loc[3:8, ["last", "split"]] = [np.nan, "warmup"]
    np.testing.assert_allclose(forecast_of("drift", rows, 2)[-1], [20.0, 21.0])
