"""Scaled departures become prices and log variances again: those that they were made of."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipeline.artifacts import read_record
from pipeline.forecaster import departures, targets
from pipeline.forecaster.preparation import Preparation
from pipeline.tables import samples as table
from studies.study import samples_in

STEPS = (1, 2, 3)


def scaled(rows: pd.DataFrame, name: str) -> targets.Floats:
    return table.scaled_of(rows, name).astype(np.float64)


def of(folder: Path) -> tuple[pd.DataFrame, Preparation]:
    """Its complete rows, and how they were made."""
    rows = samples_in(folder)
    return rows[rows["split"] != "warmup"], read_record(folder / "data/preparation.json", Preparation)


@pytest.mark.parametrize(("name", "column"), [("price", "last"), ("variance", "log_variance")])
def test_the_true_departures_give_what_came(walked: Path, name: str, column: str) -> None:
    rows, preparation = of(walked)
    known = rows["split"].isin(["train", "validation"])
    truth = targets.ahead(samples_in(walked), column, 3)[rows.index]
    found = departures.values(rows, scaled(rows, name), preparation, name, STEPS)
    assert found.dtype == np.float64
    np.testing.assert_allclose(found[known], truth[known], rtol=1e-5)


def test_tickers_scaled_alone_have_their_own_scale_back(walked_heat: Path) -> None:
    rows, preparation = of(walked_heat)
    train = rows["split"] == "train"
    truth = targets.ahead(samples_in(walked_heat), "last", 3)[rows.index]
    found = departures.values(rows, scaled(rows, "price"), preparation, "price", STEPS)
    np.testing.assert_allclose(found[train], truth[train], rtol=1e-5, atol=1e-5)
    one = departures.values(rows, np.ones((len(rows), 3)), preparation, "price", STEPS)
    baseline = rows[[table.baseline("price", h) for h in (1, 2, 3)]].to_numpy()
    spread = {name: (one - baseline)[(rows["ticker"] == name).to_numpy()].mean() for name in ("Oslo", "Rome")}
    assert spread["Rome"] == pytest.approx(10 * spread["Oslo"], rel=0.3)


def test_no_departure_is_exactly_the_baseline(walked: Path) -> None:
    rows, preparation = of(walked)
    nothing = np.zeros((len(rows), 3))
    assert (departures.values(rows, nothing, preparation, "price", STEPS) == rows[["last"]].to_numpy()).all()
    baseline = rows[[table.baseline("variance", h) for h in (1, 2, 3)]].to_numpy()
    np.testing.assert_array_equal(departures.values(rows, nothing, preparation, "variance", STEPS), baseline)
