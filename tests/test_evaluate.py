"""Evaluate scores the network and the baselines on the same days and reaches a verdict for each target."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipeline.artifacts import read_json, read_table
from pipeline.errors import UserError
from pipeline.scores import POOLED
from tests.conftest import walk


def test_the_network_and_its_reference_are_scored_on_the_same_days(walked: Path) -> None:
    found = read_table(walked / "data/scores.parquet")
    assert set(found["model"]) == {"network", "persistence", "drift", "har"}
    assert set(found["ticker"]) == {"AAA", "BBB", POOLED}
    counts = found.groupby(["target", "split", "horizon", "ticker"])["n"].nunique()
    assert (counts == 1).all()
    splits = found.groupby("ticker")["split"].unique().map(len)
    assert splits.to_dict() == {"AAA": 3, "BBB": 2, POOLED: 3}  # BBB ends before the test period


def test_the_scores_are_those_of_the_predictions(walked: Path) -> None:
    predictions = read_table(walked / "data/predictions.parquet")
    own = predictions[
        (predictions["ticker"] == "AAA") & (predictions["split"] == "test") & (predictions["horizon"] == 2)
    ]
    scores = read_table(walked / "data/scores.parquet").set_index(["model", "target", "split", "horizon", "ticker"])
    key = ("price", "test", 2, "AAA")
    assert scores.loc[("network", *key), "mse"] == pytest.approx(((own["actual"] - own["predicted"]) ** 2).mean())
    assert scores.loc[("persistence", *key), "mse"] == pytest.approx(((own["actual"] - own["last"]) ** 2).mean())


def test_metrics_hold_a_verdict_for_each_target(walked: Path) -> None:
    found = read_json(walked / "reports/metrics.json")
    assert sorted(found["verdict"]) == ["price", "variance"]
    assert sorted(found["test"]["variance"]) == ["h1", "h2", "h3"]


def test_without_variance_only_the_price_is_judged_and_without_baseline_by_persistence(
    tmp_path: Path, two_tickers: pd.DataFrame
) -> None:
    prices = two_tickers[two_tickers["ticker"] == "AAA"]
    prepare = {"target": "level", "baseline": "none", "variance": "none", "features": ["close"], "scaling": "minmax"}
    benchmark = {"models": ["persistence"]}
    walk(
        tmp_path,
        prices,
        "scrape",
        "prepare",
        "benchmark",
        "train",
        "evaluate",
        "plot",
        prepare=prepare,
        benchmark=benchmark,
    )
    found = read_json(tmp_path / "reports/metrics.json")
    assert list(found["verdict"]) == ["price"]
    assert "loses to persistence" in found["verdict"]["price"]  # two epochs on raw prices
    assert not (tmp_path / "reports/forecast/variance.png").exists()


def test_a_benchmark_without_the_reference_is_refused(tmp_path: Path, two_tickers: pd.DataFrame) -> None:
    prices = two_tickers[two_tickers["ticker"] == "AAA"]
    walk(tmp_path, prices, "scrape", "prepare", "benchmark", benchmark={"models": ["drift", "har"]})
    with pytest.raises(UserError, match=r"^params.yaml: benchmark.models: found drift, har; persistence must be among"):
        walk(tmp_path, prices, "evaluate")


def test_a_missing_open_leaves_a_verdict_over_the_other_days(tmp_path: Path, two_tickers: pd.DataFrame) -> None:
    prices = two_tickers[two_tickers["ticker"] == "AAA"].copy()
    prices.loc[[120, 460], "open"] = np.nan
    walk(tmp_path, prices, "scrape", "prepare", "benchmark", "train", "evaluate", "plot")
    found = read_json(tmp_path / "reports/metrics.json")
    assert "undefined" not in "".join(found["verdict"].values())
    assert 40 < found["test"]["variance"]["h1"]["n"] < 75
