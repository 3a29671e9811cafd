"""Predictions are dated, and stand beside what came."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipeline.evaluate.predictions import by_model, predictions
from pipeline.forecaster.samples import FILES, in_order
from pipeline.io.artifacts import read_table


@pytest.fixture(scope="module")
def rows(walked: Path) -> pd.DataFrame:
    return in_order(read_table(*(walked / f"data/samples/{name}.parquet" for name in FILES)))


@pytest.fixture(scope="module")
def forecasts(walked: Path) -> pd.DataFrame:
    return read_table(walked / "data/forecasts.parquet")


def test_actuals_are_the_closes_of_the_dates_forecast(
    rows: pd.DataFrame, forecasts: pd.DataFrame, two_tickers: pd.DataFrame
) -> None:
    found = predictions(rows, forecasts).set_index(["ticker", "date"])
    closes = two_tickers.set_index(["ticker", "date"])["close"]
    pd.testing.assert_series_equal(found["actual"], closes.reindex(found.index), check_names=False)
    assert (found["split"] == "future").equals(found["actual"].isna())
    sessions = closes.loc["AAA"].index
    own = found.loc["AAA"].query("split != 'future'")
    assert (sessions.get_indexer(own.index) - sessions.get_indexer(own["origin"])).tolist() == own["horizon"].tolist()


def test_the_forecast_is_the_networks_and_not_a_members(rows: pd.DataFrame, forecasts: pd.DataFrame) -> None:
    key = ["ticker", "origin", "horizon"]
    found = predictions(rows, forecasts).set_index(key)
    for target, column in (("price", "predicted"), ("variance", "variance_predicted")):
        own = forecasts[(forecasts["model"] == "network") & (forecasts["target"] == target)].set_index(key)
        pd.testing.assert_series_equal(found[column], own["predicted"].sort_index(), check_names=False)


def test_where_the_variance_is_not_forecast_it_has_no_actuals(rows: pd.DataFrame, forecasts: pd.DataFrame) -> None:
    found = predictions(rows, forecasts[forecasts["target"] == "price"])
    assert found[["variance_predicted", "variance_actual"]].isna().all(axis=None)
    assert found["predicted"].notna().all()


def test_every_ticker_is_forecast_beyond_its_last_session(rows: pd.DataFrame, forecasts: pd.DataFrame) -> None:
    found = predictions(rows, forecasts)
    for ticker, last in rows.groupby("ticker")["date"].max().items():
        ahead = found[(found["ticker"] == ticker) & (found["origin"] == last)]
        assert ahead["horizon"].tolist() == [1, 2, 3]
        assert (ahead["date"] > last).all()
        assert ahead["predicted"].notna().all()


def test_a_forecast_stands_where_the_network_has_one_from_the_same_origin() -> None:
    dates = pd.date_range("2001-01-01", periods=3, unit="us")
    table = pd.DataFrame({"ticker": ["A", "A", "B"], "origin": dates[[0, 1, 1]]})
    keys = pd.DataFrame({"ticker": ["B", "A", "B", "C", "A"], "origin": dates[[1, 1, 0, 0, 2]]})
    predicted = table.loc[table.index.repeat(2)].assign(horizon=[1, 2] * 3)
    forecasts = keys.assign(model="naive", target="price", horizon=2, predicted=np.arange(5.0))
    found = by_model(forecasts, predicted)["price"]["naive"]
    np.testing.assert_array_equal(found, [np.nan, np.nan, np.nan, 1.0, np.nan, 0.0])
