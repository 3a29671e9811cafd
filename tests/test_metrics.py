"""metrics.json has the form that DVC and MLflow compare: validation first, no NaN, every horizon, the references."""

import numpy as np
import pandas as pd

from pipeline.metrics import metrics
from pipeline.sentences import verdict_of
from pipeline.slices import THIRDS
from pipeline.tables.forecasts import NETWORK
from pipeline.tables.scores import POOLED
from tests.results import BANDS, CLOSE, REFERENCES, SCORES


def made(scores: pd.DataFrame = SCORES, bands: pd.DataFrame = BANDS) -> dict:
    return metrics(verdict_of(scores, bands, REFERENCES, CLOSE, NETWORK, 0.9), scores, bands)


def test_validation_comes_first() -> None:
    assert list(made()) == ["validation", "test", "models", "bands", "ways"]


def test_a_cell_has_the_networks_measures_and_those_it_is_compared_with() -> None:
    found = made()["test"]["price"]["h2"]
    assert (found["n"], found["mse"], found["skill"], found["p_value"]) == (100, 8, 0.2, 0.01)
    assert found["reference"] == {"model": "drift", "mse": 10.0, "rmse": 0.5, "mae": 0.5, "r2": 0.5, "r2_return": 0.5}
    assert found["best"]["model"] == "ridge"
    assert "qlike" not in found
    assert "direction" not in made()["test"]["variance"]["h2"]


def test_the_members_are_told_by_how_far_they_lie_apart() -> None:
    found = made()["test"]["variance"]["h1"]["members"]
    assert found == {
        "mean": 0.1,
        "std": np.std([0.05, 0.15], ddof=1),
        "min": 0.05,
        "max": 0.15,
        "skill": {"1": 0.05, "2": 0.15},
    }
    alone = SCORES[~SCORES["model"].str.startswith("network ")]
    assert "members" not in made(alone)["test"]["variance"]["h1"]


def test_every_model_is_listed_the_best_first_and_no_member() -> None:
    assert list(made()["models"]["variance"]) == ["ridge", NETWORK, "har"]


def test_bands_are_told_beside_constant_ones_and_beside_those_calibrated_where_training_stopped() -> None:
    found = made()["bands"]
    assert found["nominal"] == 0.9
    assert found["h1"]["thirds"] == dict.fromkeys(THIRDS, 0.91)
    assert [found["h1"][name]["coverage"] for name in ("constant", "shared")] == [0.95, 0.88]
    alone = made(bands=BANDS[BANDS["calibrated"] == "later"])["bands"]["h1"]["shared"]
    assert alone["coverage"] is None  # too few to calibrate on there


def test_every_way_of_making_bands_is_listed_the_best_first() -> None:
    ranked = BANDS.assign(interval_score=BANDS["scale"].map({NETWORK: 3.2, "constant": 4.0}))
    later = ranked["calibrated"] == "later"
    found = made(bands=ranked.assign(interval_score=ranked["interval_score"].where(later, 3.3)))["ways"]
    assert list(found) == [NETWORK, f"{NETWORK}: stopping half", "constant"]
    assert found["constant"]["coverage"] == 0.95


def test_what_is_undefined_is_null() -> None:
    found = made(SCORES.assign(skill=np.nan, p_value=np.nan))
    assert found["test"]["price"]["h1"]["members"]["skill"] == {"1": None, "2": None}
    assert found["test"]["price"]["h1"]["skill"] is None


def test_several_tickers_are_told_pooled() -> None:
    several = pd.concat([SCORES, SCORES.assign(ticker="B"), SCORES.assign(ticker=POOLED, mse=7.0)])
    found = made(several, pd.concat([BANDS, BANDS.assign(ticker=POOLED, coverage=0.5)]))
    assert found["test"]["price"]["h1"]["mse"] == 7
    assert found["bands"]["h1"]["coverage"] == 0.5
