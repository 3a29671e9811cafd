"""Scaled departures become prices and log variances again: those that they were made of."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipeline import departures, targets
from pipeline.artifacts import read_json, read_table
from pipeline.tables import rows as table


def scaled(rows: pd.DataFrame, name: str) -> targets.Floats:
    return table.scaled_of(rows, name).astype(np.float64)


def of(folder: Path) -> tuple[pd.DataFrame, dict]:
    """Its complete rows, and its scaler."""
    rows = read_table(folder / "data/rows.parquet")
    return rows[rows["split"] != "warmup"], read_json(folder / "data/scaler.json")


@pytest.mark.parametrize(("name", "column"), [("price", "last"), ("variance", "log_variance")])
def test_the_true_departures_give_what_came(walked: Path, name: str, column: str) -> None:
    rows, scaler = of(walked)
    known = rows["split"].isin(["train", "validation"])
    truth = targets.ahead(read_table(walked / "data/rows.parquet"), column, 3)[rows.index]
    found = departures.values(rows, scaled(rows, name), scaler, name)
    assert found.dtype == np.float64
    np.testing.assert_allclose(found[known], truth[known], rtol=1e-5)


def test_tickers_scaled_alone_have_their_own_scale_back(walked_heat: Path) -> None:
    rows, scaler = of(walked_heat)
    train = rows["split"] == "train"
    truth = targets.ahead(read_table(walked_heat / "data/rows.parquet"), "last", 3)[rows.index]
    found = departures.values(rows, scaled(rows, "price"), scaler, "price")
    np.testing.assert_allclose(found[train], truth[train], rtol=1e-5, atol=1e-5)
    one = departures.values(rows, np.ones((len(rows), 3)), scaler, "price")
    baseline = rows[[table.baseline("price", h) for h in (1, 2, 3)]].to_numpy()
    spread = {name: (one - baseline)[(rows["ticker"] == name).to_numpy()].mean() for name in ("Oslo", "Rome")}
    assert spread["Rome"] == pytest.approx(10 * spread["Oslo"], rel=0.3)


def test_no_departure_is_exactly_the_baseline(walked: Path) -> None:
    rows, scaler = of(walked)
    nothing = np.zeros((len(rows), 3))
    assert (departures.values(rows, nothing, scaler, "price") == rows[["last"]].to_numpy()).all()
    baseline = rows[[table.baseline("variance", h) for h in (1, 2, 3)]].to_numpy()
    np.testing.assert_array_equal(departures.values(rows, nothing, scaler, "variance"), baseline)
