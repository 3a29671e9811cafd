"""A series that is no price runs the whole pipeline: its own name, its own unit, its own steps, its gaps."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipeline.forecaster import samples as table
from pipeline.forecaster.preparation import Preparation
from pipeline.io.artifacts import read_record, read_table
from pipeline.scoring.verdict import Verdict
from tests.conftest import samples_in, walk_heat
from tests.imports import ROOT
from tests.test_leakage import same


def words(html: str) -> str:
    """What a page says: without styles and scripts, but with the charts' specifications."""
    return re.sub(r"<style>.*?</style>|<script>.*?</script>", "", html, flags=re.DOTALL)


@pytest.mark.parametrize("name", ["explore", "forecast"])
def test_a_report_speaks_of_it_by_name_and_unit_and_never_of_a_close_or_a_session(name: str, walked_heat: Path) -> None:
    said = words((walked_heat / f"reports/{name}.html").read_text())
    assert "heat, °C" in said
    assert "hour" in said
    assert not re.findall(r"\b(close|closes|session|sessions|return|returns)\b", said, re.IGNORECASE)


def test_the_verdict_and_the_summary_do_too(walked_heat: Path) -> None:
    verdict = read_record(walked_heat / "data/verdict.json", Verdict)
    assert "the next heat of 2 tickers" in verdict.headline
    assert "same as one season earlier" in verdict.headline
    assert "size of the next move" not in verdict.headline
    command = [sys.executable, "-m", "pipeline"]
    done = subprocess.run(command, cwd=walked_heat, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True)
    assert re.search(r"heat +1 hour ", done.stdout)
    for sentence in (verdict.headline, *verdict.evidence, verdict.band):
        assert sentence in " ".join(done.stdout.split())
    assert "in units of each ticker's usual change" in " ".join(done.stdout.split())


def test_gaps_are_no_origin_and_no_target_and_the_forecast_goes_on_beyond_the_last_hour(walked_heat: Path) -> None:
    rows = samples_in(walked_heat)
    gaps = rows["last"].isna()
    assert gaps.sum() == 2 * 18
    assert set(rows.loc[gaps, "split"]) == {"warmup"}
    known = rows[rows["split"].isin(["train", "validation"])]
    assert known[["price_1", "price_2", "price_3", "price_1_baseline"]].notna().all(axis=None)
    predictions = read_table(walked_heat / "data/predictions.parquet")
    ahead = predictions[predictions["split"] == "future"].groupby("ticker")["date"].max()
    assert (ahead == pd.Timestamp("2020-01-01") + pd.Timedelta(hours=902)).all()
    unknown = predictions[predictions["actual"].isna() & (predictions["date"] < "2020-02-07 12:00")]
    assert len(unknown) > 0
    assert set(unknown["split"]) == {"purged"}


def test_the_seasonal_naive_forecast_is_what_is_departed_from_and_judged_against(walked_heat: Path) -> None:
    rows = samples_in(walked_heat)
    rows = rows[rows["split"] == "train"]
    keys = ["model", "horizon", "ticker", "origin"]
    baselines = read_table(walked_heat / "data/benchmark.parquet").set_index(keys).sort_index()
    for h in (1, 2, 3):
        own = baselines.loc[("seasonal_naive", h)].reindex(pd.MultiIndex.from_frame(rows[["ticker", "date"]]))
        np.testing.assert_array_equal(own["predicted"], rows[table.baseline_column("price", h)])


def test_each_series_is_scaled_by_its_own_spread(walked_heat: Path) -> None:
    preparation = read_record(walked_heat / "data/preparation.json", Preparation)
    assert set(preparation.features) == set(preparation.price.scalers) == {"Oslo", "Rome"}
    heat = {ticker: own["heat"].scale for ticker, own in preparation.features.items()}
    first = {ticker: own[0].scale for ticker, own in preparation.price.scalers.items()}
    for scale in (heat, first):
        assert 7 < scale["Rome"] / scale["Oslo"] < 14


def test_changing_what_comes_after_validation_changes_nothing_before_it(
    walked_heat: Path, two_sensors: pd.DataFrame, tmp_path: Path
) -> None:
    rows = samples_in(walked_heat)
    t = rows.loc[rows["split"] == "validation", table.date_column(3)].max()
    later, changed = two_sensors["date"] > t, two_sensors.copy()
    rng = np.random.default_rng(0)
    changed.loc[later, "heat"] = rng.normal(0, 90, later.sum())
    changed.loc[later & (rng.random(len(changed)) < 0.02) & (changed["date"] < changed["date"].max()), "heat"] = np.nan
    walk_heat(tmp_path, changed, "scrape", "prepare", "benchmark", "train", "predict", "evaluate")

    def known(folder: Path, name: str) -> pd.DataFrame:
        found = read_table(folder / f"data/{name}.parquet")
        return found[found["origin"] <= t]

    baselines = [table.baseline_column("price", h) for h in (1, 2, 3)]
    always = ["ticker", "date", "last", *table.feature_columns(rows), *baselines]
    same(*(own.loc[own["date"] <= t, always] for own in (rows, samples_in(tmp_path))))
    forecast = ["ticker", "origin", "horizon", "date", "last", "predicted"]
    same(*(known(folder, "predictions")[forecast] for folder in (walked_heat, tmp_path)))
    same(*(known(folder, "forecasts") for folder in (walked_heat, tmp_path)))
    assert (walked_heat / "data/model/price/1.keras").read_bytes() == (
        tmp_path / "data/model/price/1.keras"
    ).read_bytes()
