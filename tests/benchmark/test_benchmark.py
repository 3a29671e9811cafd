"""Every simple model forecasts from every origin, and the network's baseline is the same as the simple model."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.forecaster import samples as table
from pipeline.io.artifacts import read_table
from pipeline.io.errors import UserError
from pipeline.models import registry
from tests.conftest import HEAT, UNPINNED, ran, samples_in, walk, walk_markets
from tests.imports import ROOT
from tests.series import made_prices
from tests.test_leakage import corrupted, same


def test_each_model_forecasts_every_horizon_from_every_complete_row(walked: Path) -> None:
    rows, found = samples_in(walked), read_table(walked / "data/benchmark.parquet")
    complete = (rows["split"] != "warmup").sum()
    assert found.groupby("model").size().to_dict() == dict.fromkeys(["drift", "har", "persistence"], 3 * complete)
    assert found["predicted"].notna().all()


@pytest.mark.parametrize("folder", ["walked", "walked_markets"])
def test_the_networks_baseline_is_the_simple_model_of_the_same_name(
    folder: str, request: pytest.FixtureRequest
) -> None:
    """Fitted on all tickers together, or by ticker."""
    walked = request.getfixturevalue(folder)
    rows = samples_in(walked)
    found = read_table(walked / "data/benchmark.parquet").set_index(["model", "horizon"])
    complete = rows[rows["split"] != "warmup"]
    for h in (1, 2, 3):
        np.testing.assert_array_equal(
            found.loc[("har", h), "predicted"], complete[table.baseline_column("variance", h)]
        )
        np.testing.assert_array_equal(found.loc[("persistence", h), "predicted"], complete["last"])
        assert (complete[table.baseline_column("price", h)] == 0).all()


VARIANCE = ["ewma", "har", "har_yearly", "lhar", "lhar_yearly", "gjr_garch"]


def test_a_model_of_the_variance_that_is_fitted_by_ticker_forecasts_as_for_each_ticker_alone(
    two_markets: pd.DataFrame, tmp_path: Path
) -> None:
    models = {"models": ["persistence", *VARIANCE]}
    stages, alone = ("scrape", "prepare", "benchmark"), []
    walk_markets(tmp_path / "both", two_markets, *stages, benchmark=models)
    for ticker, own in two_markets.groupby("ticker"):
        walk_markets(tmp_path / str(ticker), own, *stages, benchmark=models, prepare={"pool": "together"})
        alone.append(read_table(tmp_path / str(ticker) / "data/benchmark.parquet"))
    key = ["model", "ticker", "origin", "horizon"]
    found = read_table(tmp_path / "both/data/benchmark.parquet")
    assert set(found["model"]) == {*models["models"]}
    same(*(table.sort_values(key) for table in (found, pd.concat(alone))))


def test_a_model_of_a_target_that_is_not_forecast_is_rejected(tmp_path: Path, two_tickers: pd.DataFrame) -> None:
    with pytest.raises(UserError, match=r"^params.yaml: benchmark.models: found har, which forecasts the variance; "):
        walk(tmp_path, two_tickers, "scrape", "prepare", "benchmark", prepare={"variance": "none"})


ALL = registry.NAMES


@pytest.fixture(scope="module")
def full(two_tickers: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which every model forecast two made tickers."""
    folder = tmp_path_factory.mktemp("full")
    walk(folder, two_tickers, "scrape", "prepare", "benchmark", benchmark={"models": list(ALL)})
    return folder


def test_every_model_forecasts_from_every_complete_origin(full: Path) -> None:
    rows, found = samples_in(full), read_table(full / "data/benchmark.parquet")
    complete = (rows["split"] != "warmup").groupby(rows["ticker"]).sum()
    for model in ALL:
        assert set(found.loc[found["model"] == model, "target"]) == {
            own.target for own in registry.models_of(model, ["price", "variance"])
        }
        lacking = 4 * len(complete) if model in ("ridge", "boosting") else 0  # the first origins have no window of 5
        for _, own in found[found["model"] == model].groupby("target"):
            assert len(own) == 3 * (complete.sum() - lacking)
            assert not own.duplicated(["ticker", "origin", "horizon"]).any()
    assert np.isfinite(found["predicted"]).all()
    assert set(found["model"]) == set(ALL)


def test_two_runs_give_the_same_bytes(full: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = (full / "data/benchmark.parquet").read_bytes()
    monkeypatch.chdir(full)
    ran("benchmark")
    assert (full / "data/benchmark.parquet").read_bytes() == before


def forecasts(folder: Path, prices: pd.DataFrame, models: list[str]) -> pd.DataFrame:
    """Return samples of several years; the first two are train."""
    shares = {"validation": 0.45, "test": 0.15}
    walk(folder, prices, "scrape", "prepare", "benchmark", prepare=shares, benchmark={"models": models})
    return read_table(folder / "data/benchmark.parquet")


@pytest.fixture(scope="module")
def long_tickers() -> pd.DataFrame:
    return pd.concat([made_prices("AAA", 1300, seed=1), made_prices("BBB", 1200, seed=2)], ignore_index=True)


@pytest.fixture(scope="module")
def clean(long_tickers: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    return forecasts(tmp_path_factory.mktemp("clean"), long_tickers, list(ALL))


YEARLY = ["har_yearly", "lhar_yearly"]


def felt(clean: pd.DataFrame, other: pd.DataFrame, t: pd.Timestamp) -> set[str]:
    """Return the models whose forecasts after t changed, and check that none up to t did."""
    for origin in (clean, other):
        assert origin["origin"].max() > t
    same(*(own[own["origin"] <= t] for own in (clean, other)))
    later = [own[own["origin"] > t].reset_index(drop=True) for own in (clean, other)]
    return set(later[0].loc[later[0]["predicted"] != later[1]["predicted"], "model"])


def test_what_comes_after_train_changes_no_models_forecast_before(
    clean: pd.DataFrame, long_tickers: pd.DataFrame, tmp_path: Path
) -> None:
    t = pd.Timestamp("2003-02-14")
    other = forecasts(tmp_path, corrupted(long_tickers, t, seed=1), list(ALL))
    assert felt(clean, other, t) == set(ALL)


@given(st.integers(550, 1190))
@settings(max_examples=8, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_comes_after_any_date_changes_no_forecast_of_the_yearly_models_before(
    clean: pd.DataFrame, long_tickers: pd.DataFrame, tmp_path: Path, session: int
) -> None:
    t = long_tickers.loc[session, "date"]
    other = forecasts(tmp_path, corrupted(long_tickers, t, seed=session), YEARLY)
    assert felt(clean[clean["model"].isin(YEARLY)], other, t) == set(YEARLY)


def test_ridge_and_boosting_forecast_a_series_that_has_no_variance(tmp_path: Path, two_sensors: pd.DataFrame) -> None:
    two_sensors.to_csv(tmp_path / "own.csv", index=False)
    changes = {**HEAT, "benchmark": {"models": ["seasonal_naive", "ridge", "boosting"], "window": 24}}
    walk(tmp_path, two_sensors, "scrape", "prepare", "benchmark", **changes)
    found, rows = read_table(tmp_path / "data/benchmark.parquet"), samples_in(tmp_path)
    assert set(found["target"]) == {"price"}
    found = found[found["horizon"] == 1].pivot_table(index=["ticker", "origin"], columns="model", values="predicted")
    ahead = rows.assign(actual=rows.groupby("ticker")["last"].shift(-1)).set_index(["ticker", "date"])
    test = ahead.loc[ahead["split"] == "test", "actual"].dropna()
    errors = found.loc[test.index].sub(test, axis=0).pow(2).mean()
    assert errors["ridge"] < 0.5 * errors["seasonal_naive"]
    assert errors["boosting"] < 0.8 * errors["seasonal_naive"]


@pytest.mark.parametrize("model", ["ewma", "har_yearly", "lhar", "lhar_yearly", "gjr_garch"])
def test_a_model_of_the_variance_needs_one(model: str, tmp_path: Path, two_tickers: pd.DataFrame) -> None:
    with pytest.raises(UserError, match=rf"^params.yaml: benchmark.models: found {model}, which forecasts the var"):
        walk(
            tmp_path,
            two_tickers,
            "scrape",
            "prepare",
            "benchmark",
            prepare={"variance": "none"},
            benchmark={"models": [model]},
        )


def test_packages_of_unused_models_are_not_loaded(walked: Path) -> None:
    code = (
        "import runpy, sys; runpy.run_module('pipeline.benchmark', run_name='__main__')\n"
        "sys.exit(bool({'arch', 'sklearn'} & set(sys.modules)))"
    )
    environment = {**UNPINNED, "PYTHONPATH": str(ROOT)}
    assert subprocess.run([sys.executable, "-c", code], cwd=walked, env=environment, check=False).returncode == 0
