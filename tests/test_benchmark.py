"""Every baseline forecasts from every origin, and the one departed from is the very same in the rows."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipeline.artifacts import read_table
from pipeline.errors import UserError
from pipeline.tables import rows as table
from tests.conftest import walk


def test_each_model_forecasts_every_horizon_from_every_complete_row(walked: Path) -> None:
    rows, found = read_table(walked / "data/rows.parquet"), read_table(walked / "data/baselines.parquet")
    complete = (rows["split"] != "warmup").sum()
    assert found.groupby("model").size().to_dict() == dict.fromkeys(["drift", "har", "persistence"], 3 * complete)
    assert found["predicted"].notna().all()


def test_the_network_departs_from_the_baseline_it_is_judged_against(walked: Path) -> None:
    rows = read_table(walked / "data/rows.parquet")
    found = read_table(walked / "data/baselines.parquet").set_index(["model", "horizon"])
    complete = rows[rows["split"] != "warmup"]
    for h in (1, 2, 3):
        np.testing.assert_array_equal(found.loc[("har", h), "predicted"], complete[table.baseline("variance", h)])
        np.testing.assert_array_equal(found.loc[("persistence", h), "predicted"], complete["last"])
        assert (complete[table.baseline("price", h)] == 0).all()


def test_a_model_of_what_is_not_forecast_is_named(tmp_path: Path, two_tickers: pd.DataFrame) -> None:
    with pytest.raises(UserError, match=r"^params.yaml: benchmark.models: found har, which forecasts the variance; "):
        walk(tmp_path, two_tickers, "scrape", "prepare", "benchmark", prepare={"variance": "none"})
