"""Predictions are dated, in prices, and no output means exactly the baseline."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipeline.artifacts import read_json, read_table
from pipeline.predictions import predictions
from pipeline.tables import rows as table


@pytest.fixture(scope="module")
def rows(walked: Path) -> pd.DataFrame:
    return read_table(walked / "data/rows.parquet")


@pytest.fixture(scope="module")
def outputs(walked: Path) -> pd.DataFrame:
    return read_table(walked / "data/outputs.parquet")


@pytest.fixture(scope="module")
def scaler(walked: Path) -> dict:
    return read_json(walked / "data/scaler.json")


def test_an_output_of_zero_is_exactly_the_baseline(rows: pd.DataFrame, outputs: pd.DataFrame, scaler: dict) -> None:
    found = predictions(rows, outputs.assign(price=np.float32(0), variance=np.float32(0)), scaler)
    assert (found["predicted"] == found["last"]).all()
    at = rows.set_index(["ticker", "date"])
    for h in (1, 2, 3):
        own = found[found["horizon"] == h].set_index(["ticker", "origin"])
        assert (own["variance_predicted"] == at.loc[own.index, table.baseline("variance", h)]).all()


def test_actuals_are_the_closes_of_the_dates_forecast(
    rows: pd.DataFrame, outputs: pd.DataFrame, scaler: dict, two_tickers: pd.DataFrame
) -> None:
    found = predictions(rows, outputs, scaler)
    closes = two_tickers.set_index(["ticker", "date"])["close"]
    expected = closes.reindex(pd.MultiIndex.from_frame(found[["ticker", "date"]])).to_numpy()
    np.testing.assert_array_equal(found["actual"], expected)
    assert (found["split"] == "future").equals(found["actual"].isna())
    assert (found["date"] > found["origin"]).all()


def test_outputs_that_say_the_truth_predict_the_actual(rows: pd.DataFrame, outputs: pd.DataFrame, scaler: dict) -> None:
    at = rows.set_index(["ticker", "date"])
    index = pd.MultiIndex.from_frame(outputs[["ticker", "origin"]])
    truth = {name: np.zeros(len(outputs), dtype=np.float32) for name in ("price", "variance")}
    for h in (1, 2, 3):
        own = (outputs["horizon"] == h).to_numpy()
        for name, values in truth.items():
            values[own] = at.loc[index[own], table.scaled(name, h)]
    found = predictions(rows, outputs.assign(**truth), scaler).dropna(subset="actual")
    np.testing.assert_allclose(found["predicted"], found["actual"], rtol=1e-6)
    np.testing.assert_allclose(found["variance_predicted"], found["variance_actual"], rtol=1e-5)


def test_the_forecast_is_the_members_mean(rows: pd.DataFrame, outputs: pd.DataFrame, scaler: dict) -> None:
    assert outputs["member"].nunique() == 2
    variance = [predictions(rows, outputs[outputs["member"] == m], scaler)["variance_predicted"] for m in (1, 2)]
    both = predictions(rows, outputs, scaler)["variance_predicted"]
    np.testing.assert_allclose(both, (variance[0] + variance[1]) / 2, rtol=1e-9)


def test_every_ticker_is_forecast_beyond_its_last_session(
    rows: pd.DataFrame, outputs: pd.DataFrame, scaler: dict
) -> None:
    found = predictions(rows, outputs, scaler)
    for ticker, own in rows.groupby("ticker"):
        last = own["date"].max()
        ahead = found[(found["ticker"] == ticker) & (found["origin"] == last)]
        assert ahead["horizon"].tolist() == [1, 2, 3]
        assert (ahead["date"] > last).all()
        assert ahead["predicted"].notna().all()
