"""metrics.json holds a few numbers of the network, in the form that DVC and MLflow compare."""

import numpy as np
import pandas as pd
import pytest

from pipeline.evaluate.metrics import metrics
from pipeline.evaluate.verdict import verdict
from pipeline.forecaster.forecasts import NETWORK
from pipeline.scoring.columns import POOLED
from tests.results import BANDS, BASELINES, CLOSE, SCORES


def made(scores: pd.DataFrame = SCORES, bands: pd.DataFrame = BANDS, baselines: dict[str, str] = BASELINES) -> dict:
    return metrics(verdict(scores, bands, baselines, CLOSE, NETWORK, 0.9, baselines), scores, bands)


def test_the_network_is_told_at_the_nearest_and_the_farthest_horizon_validation_first() -> None:
    found = made()
    assert list(found) == ["validation", "test", "interval"]
    for split in ("validation", "test"):
        assert {target: list(cells) for target, cells in found[split].items()} == {
            "price": ["h1", "h3"],
            "variance": ["h1", "h3"],
        }
    assert found["test"]["price"]["h3"] == pytest.approx({"mse": 12.0, "r2": 0.5, "skill": 0.3, "p_value": 0.01})
    assert found["interval"] == {"coverage": 0.91, "score": 0.25}


def test_one_step_ahead_is_the_nearest_and_the_farthest() -> None:
    found = made(SCORES[SCORES["horizon"] == 1], BANDS[BANDS["horizon"] == 1])
    assert list(found["test"]["price"]) == ["h1"]


def test_without_the_variance_there_is_but_the_price() -> None:
    found = made(SCORES[SCORES["target"] == "price"], baselines={"price": "drift"})
    assert {target: list(cells) for target, cells in found["test"].items()} == {"price": ["h1", "h3"]}


def test_what_is_undefined_is_null() -> None:
    assert made(SCORES.assign(skill=np.nan))["test"]["price"]["h1"]["skill"] is None


def test_several_tickers_are_told_pooled() -> None:
    several = pd.concat([SCORES.assign(mse=1.0), SCORES.assign(ticker="B"), SCORES.assign(ticker=POOLED, mse=7.0)])
    found = made(several, pd.concat([BANDS, BANDS.assign(ticker=POOLED, coverage=0.5)]))
    assert [cell["mse"] for cell in found["test"]["price"].values()] == [7, 7]
    assert found["interval"]["coverage"] == 0.5
