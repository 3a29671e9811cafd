"""A mistake in the prices is the sender's: MLflow's server answers it with status 400 and with what is wrong."""

from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest
from mlflow.exceptions import MlflowException

from pipeline.io.artifacts import read_table
from pipeline.track.served import ServedForecaster


@pytest.fixture(scope="module")
def served(walked: Path) -> ServedForecaster:
    model = ServedForecaster()
    model.load_context(SimpleNamespace(artifacts={"forecaster": str(walked / "data")}))
    return model


def test_a_mistake_is_one_of_the_sender(served: ServedForecaster, walked: Path) -> None:
    prices = read_table(walked / "data/prices.parquet")
    for wrong, params in ((prices.tail(3), None), (prices, {"since": "yesterday's"})):
        with pytest.raises(MlflowException) as caught:
            served.predict(None, wrong, params)
        assert caught.value.get_http_status_code() == 400
        assert caught.value.message


def test_since_gives_the_forecasts_of_earlier_sessions_too(served: ServedForecaster, walked: Path) -> None:
    prices = read_table(walked / "data/prices.parquet")
    last, more = served.predict(None, prices), served.predict(None, prices, {"since": "2002-07-01"})
    pd.testing.assert_frame_equal(
        more[more["origin"].isin(last["origin"])].groupby("ticker").tail(3).reset_index(drop=True), last
    )
