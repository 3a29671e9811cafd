"""Fixtures that several files share, named for what they are."""

import pipeline  # isort: skip  # pins the CPU code paths before anything loads numpy

import contextlib
import importlib
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from ruamel.yaml import YAML

from pipeline import samples
from pipeline.sources import sample
from tests.imports import ROOT
from tests.series import made_prices

assert pipeline.PINNED, "numpy was imported before the CPU code paths were pinned"

FEATURES = ["variance_session", "variance_week", "return_session", "high_low", "close_location", "volume_month"]


@pytest.fixture(scope="session")
def sample_prices() -> pd.DataFrame:
    """The S&P 500 of the sample."""
    return sample.prices()


@pytest.fixture(scope="session")
def two_tickers() -> pd.DataFrame:
    """Prices of two made tickers, the second one shorter."""
    return pd.concat([made_prices("AAA", 500, seed=1), made_prices("BBB", 420, seed=2)], ignore_index=True)


@pytest.fixture(scope="session")
def two_tickers_rows(two_tickers: pd.DataFrame) -> pd.DataFrame:
    """Their rows in splits, unscaled, horizon 3."""
    return rows_of(two_tickers, horizon=3)


def rows_of(
    prices: pd.DataFrame, horizon: int, features: list[str] = FEATURES, validation: float = 0.15
) -> pd.DataFrame:
    """Rows in splits, unscaled; sessions after the last are the business days that follow."""
    ends = prices.groupby("ticker")["date"].max()
    following = {str(name): pd.bdate_range(end, periods=horizon + 1)[1:].as_unit("us") for name, end in ends.items()}
    return samples.in_splits(samples.unscaled(prices, "close", features, following), validation, 0.15)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to be in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


SMALL: dict[str, dict[str, Any]] = {
    "scrape": {"calendar": "24/5"},
    "explore": {"lags": 10},
    "prepare": {"horizon": 3, "features": FEATURES},
    "train": {"window": 5, "units": [4], "epochs": 2, "members": 2},
    "plot": {"sessions": 30},
}


def small_params(**changes: dict[str, Any]) -> dict[str, Any]:
    """The repository's params.yaml with SMALL over it, and `changes` over that."""
    whole = YAML(typ="safe").load(ROOT / "params.yaml")
    return {name: {**whole[name], **SMALL.get(name, {}), **changes.get(name, {})} for name in whole}


def walk(folder: Path, prices: pd.DataFrame, *stages: str, **changes: dict[str, Any]) -> None:
    """Run stages in a folder on these prices, in this process."""
    folder.mkdir(exist_ok=True)
    with contextlib.chdir(folder), pytest.MonkeyPatch.context() as patch:
        patch.setattr(sample, "prices", lambda: prices)
        YAML().dump(small_params(**changes), Path("params.yaml"))
        for stage in stages:
            importlib.import_module(f"pipeline.stages.{stage}").main()


@pytest.fixture(scope="session")
def walked(two_tickers: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which every stage but track ran on two made tickers, small."""
    folder = tmp_path_factory.mktemp("walked")
    walk(folder, two_tickers, "scrape", "explore", "prepare", "benchmark", "train", "evaluate", "plot")
    return folder
