"""Rows hold what tables/rows says for every kind of target, and the scaler can undo them."""

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from pipeline import targets
from pipeline.artifacts import read_json, read_table
from pipeline.errors import UserError
from pipeline.tables import rows as table
from tests.conftest import FEATURES, walk


def test_every_session_is_a_row_with_the_features_asked_for(walked: Path, two_tickers: pd.DataFrame) -> None:
    rows = read_table(walked / "data/rows.parquet")
    assert len(rows) == len(two_tickers)
    assert table.features_of(rows) == [table.feature(name) for name in FEATURES]
    assert table.targets_of(rows) == ["price", "variance"]
    assert table.horizon_of(rows) == 3
    assert set(rows["split"]) == set(table.SPLITS)


@pytest.mark.parametrize("target", ["return", "level", "difference"])
@pytest.mark.parametrize("baseline", ["persistence", "drift", "none"])
@pytest.mark.parametrize("scaling", ["standard", "minmax"])
def test_the_target_leads_back_to_the_price(
    target: targets.Kind, baseline: str, scaling: str, tmp_path: Path, two_tickers: pd.DataFrame
) -> None:
    changes: dict[str, Any] = {"target": target, "baseline": baseline, "scaling": scaling, "variance": "none"}
    walk(tmp_path, two_tickers, "scrape", "prepare", prepare=changes)
    rows, scaler = read_table(tmp_path / "data/rows.parquet"), read_json(tmp_path / "data/scaler.json")
    assert table.targets_of(rows) == ["price"]
    own = rows[~rows["split"].isin(["warmup", "future"])]
    future = own["date_1"].map(two_tickers[two_tickers["ticker"] == "AAA"].set_index("date")["close"])
    own, future = own[own["ticker"] == "AAA"], future[own["ticker"] == "AAA"].to_numpy()
    last, volatility = own["last"].to_numpy(), own["volatility"].to_numpy()
    back = targets.price(target, own[["price_1"]].to_numpy(), last, volatility)[:, 0]
    np.testing.assert_allclose(back, future, rtol=1e-9)
    numbers = scaler["scalers"]["price"]["price_1"]
    departure = own["price_1_scaled"] * numbers["scale"] + numbers["center"]
    np.testing.assert_allclose(own["price_1_baseline"] + departure, own["price_1"], rtol=1e-5, atol=1e-4)
    assert (numbers["center"] == 0) or baseline == "none"


def test_shares_that_leave_nothing_are_refused(tmp_path: Path, two_tickers: pd.DataFrame) -> None:
    with pytest.raises(UserError, match=r"^params.yaml: prepare.validation, prepare.test: found 0.6 and 0.5"):
        walk(tmp_path, two_tickers, "scrape", "prepare", prepare={"validation": 0.6, "test": 0.5})
    assert not (tmp_path / "data/rows.parquet").exists()


def test_an_unknown_feature_is_refused(tmp_path: Path, two_tickers: pd.DataFrame) -> None:
    with pytest.raises(UserError, match=r"^params.yaml: prepare.features: found 'macd'; accepted: "):
        walk(tmp_path, two_tickers, "scrape", "prepare", prepare={"features": ["macd"]})


def test_a_column_the_source_does_not_give_is_named(tmp_path: Path, two_tickers: pd.DataFrame) -> None:
    with pytest.raises(
        UserError, match=r"^params.yaml: prepare.features: dividends is missing in 100.0% of the train sessions of AAA"
    ):
        walk(tmp_path, two_tickers, "scrape", "prepare", prepare={"features": ["dividends"]})


def test_the_longest_horizon_is_prepared_in_silence(tmp_path: Path, two_tickers: pd.DataFrame) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error", pd.errors.PerformanceWarning)
        walk(tmp_path, two_tickers, "scrape", "prepare", prepare={"horizon": 22})
    assert table.horizon_of(read_table(tmp_path / "data/rows.parquet")) == 22
