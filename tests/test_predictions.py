"""Predictions are dated, and stand beside what came."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipeline.artifacts import read_table
from pipeline.predictions import predictions
from studies.study import samples_in


@pytest.fixture(scope="module")
def rows(walked: Path) -> pd.DataFrame:
    return samples_in(walked)


@pytest.fixture(scope="module")
def forecasts(walked: Path) -> pd.DataFrame:
    return read_table(walked / "data/forecasts.parquet")


def test_actuals_are_the_closes_of_the_dates_forecast(
    rows: pd.DataFrame, forecasts: pd.DataFrame, two_tickers: pd.DataFrame
) -> None:
    found = predictions(rows, forecasts)
    closes = two_tickers.set_index(["ticker", "date"])["close"]
    expected = closes.reindex(pd.MultiIndex.from_frame(found[["ticker", "date"]])).to_numpy()
    np.testing.assert_array_equal(found["actual"], expected)
    assert (found["split"] == "future").equals(found["actual"].isna())
    assert (found["date"] > found["origin"]).all()


def test_the_forecast_is_the_networks_and_the_spread_that_of_its_members(
    rows: pd.DataFrame, forecasts: pd.DataFrame
) -> None:
    found = predictions(rows, forecasts).set_index(["ticker", "origin", "horizon"])
    wide = forecasts.pivot_table("predicted", ["target", "ticker", "origin", "horizon"], "model")
    assert found["predicted"].equals(wide.loc["price", "network"].rename("predicted"))
    assert found["variance_predicted"].equals(wide.loc["variance", "network"].rename("variance_predicted"))
    spread = wide.loc["price"][["network 1", "network 2"]].std(axis=1)
    np.testing.assert_allclose(found["spread"], spread, rtol=1e-9)


def test_one_network_has_no_spread(rows: pd.DataFrame, forecasts: pd.DataFrame) -> None:
    found = predictions(rows, forecasts[forecasts["model"] == "network"])
    assert found["spread"].isna().all()
    assert found["predicted"].notna().all()


def test_every_ticker_is_forecast_beyond_its_last_session(rows: pd.DataFrame, forecasts: pd.DataFrame) -> None:
    found = predictions(rows, forecasts)
    for ticker, own in rows.groupby("ticker"):
        last = own["date"].max()
        ahead = found[(found["ticker"] == ticker) & (found["origin"] == last)]
        assert ahead["horizon"].tolist() == [1, 2, 3]
        assert (ahead["date"] > last).all()
        assert ahead["predicted"].notna().all()
