"""Evaluate scores the network and the baselines on the same days and reaches a verdict for each target."""

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipeline.artifacts import read_json, read_record, read_table, write_table
from pipeline.errors import UserError
from pipeline.forecaster.bands import Bands
from pipeline.forecaster.preparation import ALL
from pipeline.scores import POOLED
from pipeline.tables import forecasts as forecasts_table
from pipeline.verdict import Verdict
from tests.conftest import walk


def test_the_network_and_its_reference_are_scored_on_the_same_days(walked: Path) -> None:
    found = read_table(walked / "data/scores.parquet")
    assert set(found["model"]) == {"network", "network 1", "network 2", "persistence", "drift", "har"}
    assert set(found["ticker"]) == {"AAA", "BBB", POOLED}
    counts = found.groupby(["target", "split", "horizon", "ticker", "slice"])["n"].nunique()
    assert (counts == 1).all()
    splits = found.groupby("ticker")["split"].unique().map(len)
    assert splits.to_dict() == {"AAA": 3, "BBB": 2, POOLED: 3}  # BBB ends before the test period


def test_the_scores_are_those_of_the_predictions(walked: Path) -> None:
    predictions = read_table(walked / "data/predictions.parquet")
    own = predictions[
        (predictions["ticker"] == "AAA") & (predictions["split"] == "test") & (predictions["horizon"] == 2)
    ]
    keys = ["model", "target", "split", "horizon", "ticker", "slice"]
    scores = read_table(walked / "data/scores.parquet").set_index(keys)
    key = ("price", "test", 2, "AAA", "all")
    assert scores.loc[("network", *key), "mse"] == pytest.approx(((own["actual"] - own["predicted"]) ** 2).mean())
    assert scores.loc[("persistence", *key), "mse"] == pytest.approx(((own["actual"] - own["last"]) ** 2).mean())


def test_metrics_hold_a_verdict_for_each_target(walked: Path) -> None:
    found = read_json(walked / "reports/metrics.json")
    assert list(read_record(walked / "data/verdict.json", Verdict).sentences) == ["price", "variance", "simpler"]
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
        "predict",
        "evaluate",
        "plot",
        prepare=prepare,
        benchmark=benchmark,
        train={"members": 1},
    )
    told = read_record(tmp_path / "data/verdict.json", Verdict)
    assert list(told.sentences) == ["price", "simpler"]
    assert "loses to persistence" in told.sentences["price"]  # two epochs on raw prices
    assert not (tmp_path / "reports/forecast/variance.png").exists()


def test_a_benchmark_without_the_reference_is_refused(tmp_path: Path, two_tickers: pd.DataFrame) -> None:
    prices = two_tickers[two_tickers["ticker"] == "AAA"]
    walk(tmp_path, prices, "scrape", "prepare", "benchmark", benchmark={"models": ["drift", "har"]})
    with pytest.raises(UserError, match=r"^params.yaml: benchmark.models: found drift, har; persistence must be among"):
        walk(tmp_path, prices, "evaluate")


def test_a_missing_open_leaves_a_verdict_over_the_other_days(tmp_path: Path, two_tickers: pd.DataFrame) -> None:
    prices = two_tickers[two_tickers["ticker"] == "AAA"].copy()
    prices.loc[[120, 460], "open"] = np.nan
    walk(
        tmp_path, prices, "scrape", "prepare", "benchmark", "train", "predict", "evaluate", "plot", train={"members": 1}
    )
    found = read_json(tmp_path / "reports/metrics.json")
    told = read_record(tmp_path / "data/verdict.json", Verdict)
    assert "undefined" not in "".join(told.sentences.values())
    assert 40 < found["test"]["variance"]["h1"]["n"] < 75


def test_bands_are_in_the_predictions_and_held_as_often_as_the_metrics_say(walked: Path) -> None:
    own = read_table(walked / "data/predictions.parquet").query("split == 'test' and horizon == 2 and ticker == 'AAA'")
    held = own["actual"].between(own["lower"], own["upper"]).mean()
    bands = read_table(walked / "data/bands.parquet").set_index(["scale", "calibrated", "horizon", "ticker", "slice"])
    assert held == bands.loc[("network", "later", 2, "AAA", "all"), "coverage"]
    assert {"constant", "current", "har", "network"} == set(bands.index.get_level_values("scale"))
    metrics = read_json(walked / "reports/metrics.json")["bands"]
    assert metrics["h2"]["coverage"] == bands.loc[("network", "later", 2, POOLED, "all"), "coverage"]
    assert metrics["h2"]["shared"]["coverage"] == bands.loc[("network", "stopping", 2, POOLED, "all"), "coverage"]


def test_a_higher_coverage_gives_wider_bands_and_changes_no_forecast(walked: Path, tmp_path: Path) -> None:
    shutil.copytree(walked / "data", tmp_path / "data")
    walk(tmp_path, pd.DataFrame(), "evaluate", evaluate={"coverage": 0.5})
    before, after = (read_table(folder / "data/predictions.parquet") for folder in (walked, tmp_path))
    assert ((after["upper"] - after["lower"]) < (before["upper"] - before["lower"])).all()
    pd.testing.assert_series_equal(before["predicted"], after["predicted"])


def test_a_coverage_that_validation_is_too_short_for_is_refused(walked: Path, tmp_path: Path) -> None:
    shutil.copytree(walked / "data", tmp_path / "data")
    with pytest.raises(UserError, match=r"^params.yaml: evaluate.coverage: found 0.9999, but the later half"):
        walk(tmp_path, pd.DataFrame(), "evaluate", evaluate={"coverage": 0.9999})


def test_the_spread_is_that_of_the_members(walked: Path, tmp_path: Path) -> None:
    found = read_table(walked / "data/predictions.parquet")
    assert (found["spread"] > 0).all()
    shutil.copytree(walked / "data", tmp_path / "data")
    forecasts = read_table(tmp_path / "data/forecasts.parquet")
    one = forecasts[forecasts["model"] == "network"]
    write_table(tmp_path / "data/forecasts.parquet", one, forecasts_table.SCHEMA)
    walk(tmp_path, pd.DataFrame(), "evaluate")
    assert read_table(tmp_path / "data/predictions.parquet")["spread"].isna().all()
    assert "members" not in read_json(tmp_path / "reports/metrics.json")["test"]["price"]["h1"]


def test_the_bands_of_the_predictions_are_the_quantiles_of_bands_json(walked: Path) -> None:
    found, bands = read_table(walked / "data/predictions.parquet"), read_record(walked / "data/bands.json", Bands)
    assert (bands.coverage, bands.scale) == (0.9, "network")
    paths = np.exp(found["variance_predicted"].to_numpy()).reshape(-1, 3).cumsum(axis=1)
    half = found["last"] * np.sqrt(paths).ravel() * found["horizon"].map(dict(enumerate(bands.quantiles[ALL], 1)))
    np.testing.assert_allclose(found["upper"] - found["predicted"], half, rtol=1e-9)
