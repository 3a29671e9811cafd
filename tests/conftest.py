"""Fixtures that several files share, named for what they are."""

import pipeline  # isort: skip  # pins the CPU code paths before anything loads numpy

import contextlib
import fcntl
import importlib
import os
import shutil
import subprocess
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from ruamel.yaml import YAML

from pipeline.forecaster import inputs
from pipeline.forecaster.preparation import ALL, Calendar, Preparation, Target
from pipeline.forecaster.samples import FILES, in_order
from pipeline.io.artifacts import read_table, write_bytes, write_csv
from pipeline.io.params import load
from pipeline.models import registry
from pipeline.models.model import Samples
from pipeline.prepare.splits import assign_splits
from pipeline.prices import SourceData, canonical
from pipeline.record import COLUMNS
from pipeline.scrape import sample
from pipeline.settings import SECTION_MODELS
from pipeline.vega.__main__ import script
from tests.budget import pytest_terminal_summary  # noqa: F401  # pytest looks for it here
from tests.imports import ROOT
from tests.series import made_heat, made_prices

assert pipeline.PINNED, "numpy was imported before the CPU code paths were pinned"

# The environment as a user has it: what a test starts must pin for itself.
UNPINNED = {name: value for name, value in os.environ.items() if name not in pipeline.PINS}

FEATURES = ["variance_session", "variance_week", "return_session", "high_low", "close_location", "volume_month"]


LONG = ["test_processor", "test_pipeline", "test_experiments", "test_network", "test_yahoo", "test_leakage"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files come first, so that no worker waits for another at the end."""
    items.sort(key=lambda item: LONG.index(item.path.stem) if item.path.stem in LONG else len(LONG))


@pytest.fixture(scope="session")
def sample_prices() -> pd.DataFrame:
    """The S&P 500 of the sample."""
    return canonical(sample.prices().prices)


@pytest.fixture(scope="session")
def two_tickers() -> pd.DataFrame:
    """Prices of two made tickers, the second one shorter."""
    return pd.concat([made_prices("AAA", 500, seed=1), made_prices("BBB", 420, seed=2)], ignore_index=True)


@pytest.fixture(scope="session")
def two_tickers_rows(two_tickers: pd.DataFrame) -> pd.DataFrame:
    """Their rows in splits, unscaled, horizon 3."""
    return rows_of(two_tickers, horizon=3)


CALENDARS = {ALL: Calendar(name="24/5", step="session")}


def rows_of(
    prices: pd.DataFrame, horizon: int, features: list[str] = FEATURES, validation: float = 0.15
) -> pd.DataFrame:
    """Rows in splits, unscaled; sessions after the last are the business days that follow."""
    needed = ["last", "log_variance", "volatility"]
    rows = inputs.unscaled_rows(prices, "close", features, CALENDARS, horizon, 5, needed)
    return assign_splits(rows, validation, 0.15, needed)[0]


def made_preparation(**fields: Any) -> Preparation:
    """Of returns and variances, three sessions ahead, where nothing has been fitted; but for these fields."""
    nothing = Target(baseline="persistence", coefficients={}, scalers={})
    made = {
        "column": "close",
        "target": "return",
        "horizon": 3,
        "season_length": 5,
        "scaling": "standard",
        "pool": "together",
        "ranged": True,
    }
    made |= {"features": {}, "price": nothing, "variance": nothing, "missing": {}, "calendars": {}, "units": {}}
    return Preparation(**{**made, **fields})


def samples_of(rows: pd.DataFrame, season_length: int = 5, window: int = 5) -> Samples:
    """What the simple models of return and variance are fitted on, where nothing has been scaled."""
    return Samples(rows, made_preparation(season_length=season_length), window)


def forecast_of(name: str, rows: pd.DataFrame, horizon: int, season_length: int = 5) -> np.ndarray:
    """What a simple model of one target, fitted on the rows of train, forecasts from all rows."""
    (model,), samples = registry.models_of(name, ["price", "variance"]), samples_of(rows, season_length)
    return model.forecast(model.fit(samples, range(1, horizon + 1)), samples)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to be in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


# Told whole, so that the tests do not follow what a user has made of params.yaml.
SMALL: dict[str, dict[str, Any]] = {
    "scrape": {"source": "sample", "path": "data/raw", "calendar": "24/5"},
    "explore": {"lags": 10},
    "prepare": {
        "exclude_tickers": [],
        "column": "close",
        "target": "return",
        "baseline": "persistence",
        "season_length": 5,
        "variance": "har",
        "horizon": 3,
        "features": FEATURES,
        "scaling": "standard",
        "pool": "together",
        "validation": 0.15,
        "test": 0.15,
    },
    "benchmark": {"models": ["persistence", "drift", "har"], "window": 5},
    "train": {
        "window": 5,
        "cell": "lstm",
        "units": [4],
        "bidirectional": False,
        "dropout": 0.0,
        "optimizer": "adamw",
        "learning_rate": 0.001,
        "weight_decay": 0.001,
        "loss": "mse",
        "forecast_price": True,
        "batch_size": 128,
        "epochs": 2,
        "patience": 12,
        "members": 2,
        "seed": 0,
    },
    "evaluate": {"coverage": 0.9},
    "plot": {"sessions": 30},
    "track": {"experiment": "closecast"},
}


def small_params(**changes: dict[str, Any]) -> dict[str, Any]:
    """SMALL with `changes` over it. Several markets have their own calendars."""
    params = {name: {**SMALL[name], **changes.get(name, {})} for name in SMALL}
    if "markets" in params["scrape"]:
        del params["scrape"]["calendar"]
    return params


def file_params(**changes: Any) -> dict[str, Any]:
    """Section scrape for a plain CSV of prices at own.csv."""
    return {
        "source": "file",
        "path": "own.csv",
        "ticker": "",
        "date_columns": ["date"],
        "date_format": "%Y-%m-%d",
        "columns": {name: name for name in ("ticker", "open", "high", "low", "close", "volume")},
        "unit": "EUR",
        "delimiter": ",",
        "decimal": ".",
        "thousands": "",
        "currency_symbols": "",
        "na_values": [""],
        "calendar": "24/5",
        "max_missing": 0.0,
        "invalid_rows": "reject",
        "duplicates": "reject",
        **changes,
    }


def committed(path: str) -> str:
    """A file as it was last committed: the default, whatever a user is trying in the working tree."""
    return subprocess.run(["git", "show", f"HEAD:{path}"], cwd=ROOT, capture_output=True, text=True, check=True).stdout


def samples_in(folder: Path) -> pd.DataFrame:
    """All samples that prepare wrote in this folder, sorted."""
    return in_order(read_table(*(folder / f"data/samples/{name}.parquet" for name in FILES)))


def scores_on_test(folder: Path, target: str, horizon: int = 1) -> pd.DataFrame:
    """The test scores of a folder with one ticker, by model."""
    scores = read_table(folder / "data/scores.parquet").query("split == 'test' and slice == 'all'")
    return scores[(scores["target"] == target) & (scores["horizon"] == horizon)].set_index("model")


def section_of(stage: str) -> Any:
    """The model of a stage's section of params.yaml, as `load` takes it; None where it has none."""
    return SECTION_MODELS.get(stage)


def ran(stage: str) -> None:
    """Run a stage in this process, in the current folder."""
    main, section = importlib.import_module(f"pipeline.{stage}.__main__").main, section_of(stage)
    main(load(stage, section)) if section else main()


@cache
def vega() -> bytes:
    """What stage vega writes: it takes a second, and is the same in every folder."""
    return script().encode()


def start_record(folder: Path) -> None:
    """A record without any forecast, as a clone has it, unless there is one."""
    path = folder / "reports/record.csv"
    if not path.exists():
        write_csv(path, pd.DataFrame(columns=COLUMNS))


def walk(folder: Path, prices: pd.DataFrame | SourceData, *stages: str, **changes: dict[str, Any]) -> None:
    """Run stages in a folder on these prices, in this process. What a page needs besides is there."""
    folder.mkdir(exist_ok=True)
    found = prices if isinstance(prices, SourceData) else SourceData(prices, units={})
    with contextlib.chdir(folder), pytest.MonkeyPatch.context() as patch:
        patch.setattr(sample, "prices", lambda: found)
        YAML().dump(small_params(**changes), Path("params.yaml"))
        if {"explore", "plot"} & set(stages):
            write_bytes(Path("reports/vega.js"), vega())
        if "plot" in stages:
            start_record(Path())
        if "track" in stages:
            shutil.copy(ROOT / "versions.json", folder)
        for stage in stages:
            ran(stage)


HEAT: dict[str, dict[str, Any]] = {
    "scrape": file_params(
        columns={"ticker": "ticker", "heat": "heat", "wind": "wind"},
        date_format="%Y-%m-%d %H:%M:%S",
        unit="°C",
        calendar="1h",
        max_missing=0.1,
    ),
    "prepare": {
        "column": "heat",
        "target": "level",
        "baseline": "seasonal_naive",
        "season_length": 24,
        "variance": "none",
        "features": ["heat", "wind"],
    },
    "benchmark": {"models": ["persistence", "seasonal_naive"]},
    "train": {"window": 24},
}


def walk_heat(folder: Path, heat: pd.DataFrame, *stages: str) -> None:
    """Run stages in a folder on this hourly series, which departs from the seasonal-naive forecast."""
    folder.mkdir(exist_ok=True)
    heat.to_csv(folder / "own.csv", index=False)
    walk(folder, heat, *stages, **HEAT)


def several_params(*markets: dict[str, Any], path: str = "data/raw") -> dict[str, Any]:
    """Section scrape for several markets with files in a folder."""
    return {"source": "several", "path": path, "markets": list(markets)}


MARKETS = {"AAA": "24/5", "BBB": "24/7"}  # the calendar of each
MARKET_DATES = {"validation": "2002-05-01", "test": "2002-08-01"}


@pytest.fixture(scope="session")
def two_markets() -> pd.DataFrame:
    """Prices of two made tickers: one on weekdays, the other on all days, from another start to another end."""
    daily = made_prices("BBB", 700, seed=2)
    daily["date"] = pd.date_range("2001-03-01", periods=len(daily)).as_unit("us")
    return pd.concat([made_prices("AAA", 500, seed=1), daily], ignore_index=True)


def walk_markets(folder: Path, prices: pd.DataFrame, *stages: str, **changes: dict[str, Any]) -> None:
    """Run stages in a folder on a market for each ticker of these prices, by its calendar of MARKETS."""
    (folder / "data/raw").mkdir(parents=True, exist_ok=True)
    markets = []
    for ticker, own in prices.groupby("ticker"):
        own.to_csv(folder / f"data/raw/{ticker}.csv", index=False)
        markets.append(file_params(path=f"{ticker}.csv", calendar=MARKETS[str(ticker)]))
    prepare = {**MARKET_DATES, "pool": "by_ticker", **changes.pop("prepare", {})}
    walk(folder, prices, *stages, **{"scrape": several_params(*markets), "prepare": prepare, **changes})


@pytest.fixture(scope="session")
def two_sensors() -> pd.DataFrame:
    """Two hourly series with gaps, of different spread."""
    oslo, rome = made_heat("Oslo", 900, seed=1), made_heat("Rome", 900, seed=2)
    return pd.concat([oslo, rome.assign(heat=10 * rome["heat"] + 50)], ignore_index=True)


def once(factory: pytest.TempPathFactory, name: str, fill: Callable[[Path], None]) -> Path:
    """A new folder, filled; where pytest has several workers, the first that asks for it fills it, the others copy."""
    folder = factory.mktemp(name)
    if "PYTEST_XDIST_WORKER" not in os.environ:
        fill(folder)
        return folder
    shared = factory.getbasetemp().parent / name
    with shared.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not shared.exists():
            fill(folder)
            shutil.copytree(folder, shared)
        else:
            shutil.copytree(shared, folder, dirs_exist_ok=True)
    return folder


EVERY = ("scrape", "explore", "prepare", "benchmark", "train", "predict", "evaluate", "plot")


@pytest.fixture(scope="session")
def walked_heat(two_sensors: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which every stage but vega and track ran on two hourly series."""
    return once(tmp_path_factory, "heat", lambda folder: walk_heat(folder, two_sensors, *EVERY))


@pytest.fixture(scope="session")
def walked(two_tickers: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which every stage but vega and track ran on two made tickers, small."""
    return once(tmp_path_factory, "walked", lambda folder: walk(folder, two_tickers, *EVERY))


@pytest.fixture(scope="session")
def walked_markets(two_markets: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which every stage but vega and track ran on two markets, fitted by ticker."""
    return once(tmp_path_factory, "markets", lambda folder: walk_markets(folder, two_markets, *EVERY))
