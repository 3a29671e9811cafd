"""Evaluate scores the network and the baselines on the same days and reaches a verdict for each target."""

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipeline.evaluate.metrics import MEASURES
from pipeline.forecaster.bands import Bands
from pipeline.forecaster.forecaster import Forecaster
from pipeline.forecaster.preparation import ALL as EVERY
from pipeline.io.artifacts import read_json, read_record, read_table
from pipeline.scoring.columns import ALL, POOLED
from pipeline.scoring.summary import markdown
from pipeline.scoring.verdict import Verdict
from tests.conftest import walk

KEYS = ["model", "target", "split", "horizon", "ticker", "slice"]


def test_the_network_and_its_reference_are_scored_on_the_same_days(walked: Path) -> None:
    found = read_table(walked / "data/scores.parquet")
    assert set(found["model"]) == {"network", "network 1", "network 2", "persistence", "drift", "har"}
    counts = found.groupby(KEYS[1:])["n"].nunique()
    assert (counts == 1).all()
    splits = found.groupby("ticker")["split"].agg(set)
    both = {"validation", "test"}
    assert splits.to_dict() == {"AAA": both, "BBB": {"validation"}, POOLED: both}  # BBB ends before the test period


def test_the_scores_are_those_of_the_predictions(walked: Path) -> None:
    own = read_table(walked / "data/predictions.parquet").query("ticker == 'AAA' and split == 'test' and horizon == 2")
    scores = read_table(walked / "data/scores.parquet").set_index(KEYS)
    key = ("price", "test", 2, "AAA", ALL)
    assert scores.loc[("network", *key), "mse"] == pytest.approx(((own["actual"] - own["predicted"]) ** 2).mean())
    assert scores.loc[("persistence", *key), "mse"] == pytest.approx(((own["actual"] - own["last"]) ** 2).mean())


def test_the_metrics_are_those_of_the_tables(walked: Path) -> None:
    found, scores = read_json(walked / "reports/metrics.json"), read_table(walked / "data/scores.parquet")
    own = scores.set_index(KEYS).loc[("network", "variance", "test", 3, POOLED, ALL)]
    assert found["test"]["variance"]["h3"] == own[list(MEASURES)].to_dict()
    bands = read_table(walked / "data/bands.parquet").set_index(["method", "horizon", "ticker", "slice"])
    assert found["interval"]["coverage"] == bands.loc[("network", 1, POOLED, ALL), "coverage"]


def test_without_variance_only_the_value_is_judged_and_its_bands_follow_its_changes(walked_heat: Path) -> None:
    verdict = read_record(walked_heat / "data/verdict.json", Verdict)
    assert list(verdict.best_simple) == ["price"]
    assert len(verdict.evidence) == 2
    assert (verdict.baselines, verdict.band_method) == ({"price": "seasonal_naive"}, "current")


def test_the_summary_is_that_of_the_verdict(walked: Path) -> None:
    verdict = read_record(walked / "data/verdict.json", Verdict)
    assert (walked / "reports/summary.md").read_text() == markdown(verdict)


def test_a_missing_open_leaves_a_verdict_over_the_other_days(tmp_path: Path, two_tickers: pd.DataFrame) -> None:
    prices = two_tickers[two_tickers["ticker"] == "AAA"].copy()
    prices.loc[[120, 460], "open"] = np.nan
    walk(tmp_path, prices, "scrape", "prepare", "benchmark", "train", "predict", "evaluate", train={"members": 1})
    scores = read_table(tmp_path / "data/scores.parquet").set_index(KEYS)
    own = scores.loc[("network", "variance", "test", 1, "AAA", ALL)]
    assert 40 < own["n"] < 75
    assert own[["skill", "p_value"]].notna().all()


def test_bands_are_in_the_predictions_and_held_as_often_as_their_table_says(walked: Path) -> None:
    own = read_table(walked / "data/predictions.parquet").query("split == 'test' and horizon == 2 and ticker == 'AAA'")
    held = own["actual"].between(own["lower"], own["upper"]).mean()
    bands = read_table(walked / "data/bands.parquet").set_index(["method", "horizon", "ticker", "slice"])
    assert held == bands.loc[("network", 2, "AAA", ALL), "coverage"]
    assert {"constant", "current", "har", "network"} == set(bands.index.get_level_values("method"))


def test_a_lower_coverage_gives_narrower_bands_and_changes_no_forecast(walked: Path, tmp_path: Path) -> None:
    shutil.copytree(walked / "data", tmp_path / "data")
    walk(tmp_path, pd.DataFrame(), "evaluate", evaluate={"coverage": 0.5})
    before, after = (read_table(folder / "data/predictions.parquet") for folder in (walked, tmp_path))
    narrower = (after["upper"] - after["lower"]) < (before["upper"] - before["lower"])
    assert narrower[before["split"].isin(["test", "future"])].all()
    pd.testing.assert_series_equal(before["predicted"], after["predicted"])


def test_the_bands_of_the_predictions_are_the_quantiles_of_bands_json(walked: Path) -> None:
    found, bands = read_table(walked / "data/predictions.parquet"), read_record(walked / "data/bands.json", Bands)
    assert (bands.coverage, bands.method) == (0.9, "network")
    paths = np.exp(found["variance_predicted"].to_numpy()).reshape(-1, 3).cumsum(axis=1)
    half = found["last"] * np.sqrt(paths).ravel() * found["horizon"].map(dict(enumerate(bands.quantiles[EVERY], 1)))
    banded = found["upper"].notna()
    assert banded.equals(found["split"].isin(["test", "future"]))  # earlier origins knew nothing of validation
    np.testing.assert_allclose((found["upper"] - found["predicted"])[banded], half[banded], rtol=1e-9)


def test_the_next_forecasts_are_those_of_the_forecaster_that_was_fitted(
    walked: Path, two_tickers: pd.DataFrame
) -> None:
    found = parsed(walked)
    expected = Forecaster.load(walked / "data").forecast(two_tickers)
    assert found["ticker"].tolist() == ["AAA"] * 3 + ["BBB"] * 3
    pd.testing.assert_frame_equal(found[expected.columns.tolist()], expected, check_dtype=False, rtol=1e-6)
    last = two_tickers.groupby("ticker").last()
    assert found["last"].tolist() == last["close"].repeat(3).tolist()
    assert found["origin"].tolist() == last["date"].repeat(3).tolist()
    har = read_table(walked / "data/benchmark.parquet").query("model == 'har' and target == 'variance'")
    key = ["ticker", "origin", "horizon"]
    of_har = har.set_index(key)["predicted"].reindex(pd.MultiIndex.from_frame(found[key]))
    np.testing.assert_allclose(found["har_volatility"], np.exp(of_har / 2), rtol=1e-12)


def test_what_is_not_forecast_is_empty_in_the_next_forecasts(walked_heat: Path) -> None:
    found = parsed(walked_heat)
    assert len(found) == 6
    assert found[["volatility", "har_volatility"]].isna().all(axis=None)
    assert found["forecast"].notna().all()


@pytest.mark.parametrize("name", ["preparation.json", "bands.json", "model/price/1.keras", "model/variance/2.keras"])
def test_the_fingerprint_follows_every_file_of_the_forecaster(name: str, walked: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(walked, tmp_path / "folder")
    walk(folder, pd.DataFrame(), "evaluate")
    assert (folder / "reports/next.csv").read_bytes() == (walked / "reports/next.csv").read_bytes()
    path = folder / "data" / name
    if name == "bands.json":  # written by the stage itself
        walk(folder, pd.DataFrame(), "evaluate", evaluate={"coverage": 0.8})
    else:
        path.write_bytes(path.read_bytes() + b"\n")
        walk(folder, pd.DataFrame(), "evaluate")
    assert parsed(folder)["fingerprint"].nunique() == 1
    assert parsed(folder)["fingerprint"].iloc[0] != parsed(walked)["fingerprint"].iloc[0]


def parsed(folder: Path) -> pd.DataFrame:
    """The forecasts of the next steps in a folder."""
    return pd.read_csv(folder / "reports/next.csv", parse_dates=["origin", "date"])
