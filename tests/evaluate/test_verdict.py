"""The verdict takes its comparisons from the rows of the score table that they belong to."""

import re

import numpy as np
import pandas as pd

from pipeline.evaluate.verdict import verdict
from pipeline.forecaster.forecasts import NETWORK
from pipeline.scoring.columns import POOLED
from pipeline.scoring.verdict import Verdict
from tests.results import BANDS, BASELINES, CLOSE, SCORES


def made(scores: pd.DataFrame = SCORES, bands: pd.DataFrame = BANDS) -> Verdict:
    return verdict(scores, bands, BASELINES, CLOSE, NETWORK, 0.9, BASELINES)


def test_the_network_is_compared_with_each_baseline_at_the_nearest_and_the_farthest_horizon() -> None:
    found = made()
    assert [(each.target, each.horizon, each.model) for each in found.comparisons] == [
        ("price", 1, "drift"), ("price", 3, "drift"), ("variance", 1, "har"), ("variance", 3, "har"),
    ]  # fmt: skip
    first = found.nearest("price")
    assert (first.skill, first.p_value, first.n, first.outcome) == (0.1, 0.01, 100, "better")


def test_the_best_simple_model_is_that_of_validation_with_its_own_skill_and_p_value() -> None:
    best = made().best_simple["variance"]
    assert (best.model, best.skill, best.p_value) == ("ridge", -0.1, 0.8)
    assert best.outcome == "no significant difference"


def test_only_simple_models_with_a_significant_skill_are_better_than_the_baseline() -> None:
    assert made().better_than_baseline == {"price": [], "variance": []}
    better = SCORES.assign(p_value=SCORES["p_value"].where(SCORES["model"] != "ridge", 0.01))
    better["p_value"] = better["p_value"].where(better["model"] != "network 2", 0.01)
    assert made(better).better_than_baseline == {"price": ["ridge"], "variance": ["ridge"]}


def test_what_is_undefined_is_none() -> None:
    found = made(SCORES.assign(skill=np.nan, p_value=np.nan))
    assert {(each.skill, each.p_value, each.outcome) for each in found.comparisons} == {(None, None, "undefined")}


def test_the_band_is_told_beside_one_of_constant_width() -> None:
    assert re.findall(r"[\d.]+%", made().band) == ["90%", "90%", "91.0%", "95.0%"]
    assert " of 99 test values" in made().band
    thirds = pd.concat([BANDS, BANDS[BANDS["method"] == NETWORK].assign(method="constant", coverage=0.97)])
    thirds = thirds.drop_duplicates(["method", "horizon", "slice"])
    assert re.findall(r"[\d.]+%", made(bands=thirds).band)[2:] == ["91.0%"] * 4 + ["97.0%"] * 3


def test_tickers_are_counted_without_the_pool_and_one_is_named() -> None:
    several = pd.concat([SCORES, SCORES.assign(ticker="B"), SCORES.assign(ticker=POOLED)])
    found = made(several, BANDS.assign(ticker=POOLED))
    assert (found.tickers, found.name) == (2, "2 tickers")
    assert (made().tickers, made().name) == (1, "A")
