"""Predict forecasts with every member from every origin, including the last ones."""

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from pipeline.forecaster import network
from pipeline.forecaster import samples as table
from pipeline.forecaster.preparation import ALL, Preparation
from pipeline.io.artifacts import read_record, read_table, write_table
from pipeline.io.errors import UserError
from tests.conftest import samples_in, walk


def test_every_member_forecasts_from_every_origin_including_the_last(walked: Path) -> None:
    rows, found = samples_in(walked), read_table(walked / "data/forecasts.parquet")
    assert set(found["model"]) == {"network", "network 1", "network 2"}
    assert set(found["target"]) == {"price", "variance"}
    for (ticker, _, _), own in found.groupby(["ticker", "model", "target"]):
        theirs = rows[(rows["ticker"] == ticker) & (rows["split"] != "warmup")]
        assert own["origin"].max() == theirs["date"].max()
        assert own["origin"].nunique() == len(theirs) - 4  # a window of 5 needs 4 rows before
        assert len(own) == 3 * own["origin"].nunique()
    assert found["predicted"].notna().all()


def test_the_forecast_is_the_baseline_plus_the_output_of_the_saved_models(walked: Path) -> None:
    rows = samples_in(walked)
    preparation = read_record(walked / "data/preparation.json", Preparation)
    model = network.model_from_bytes("1.keras", (walked / "data/model/variance/1.keras").read_bytes())
    own = rows[(rows["ticker"] == "AAA")].tail(5)
    seen = own[table.feature_columns(rows)].to_numpy(np.float32)
    scale = np.array([scaler.scale for scaler in preparation.targets["variance"].scalers[ALL]])
    baseline = own.iloc[-1][[table.baseline_column("variance", h) for h in (1, 2, 3)]].to_numpy(np.float64)
    (outputs,) = network.Ensemble([model]).predict(seen, np.array([4]))
    expected = baseline + scale * outputs[0]
    found = read_table(walked / "data/forecasts.parquet").query("model == 'network 1' and target == 'variance'")
    found = found[(found["ticker"] == "AAA") & (found["origin"] == own["date"].iloc[-1])]
    np.testing.assert_array_equal(found["predicted"], expected)


def test_a_window_that_leaves_no_test_sample_is_named(walked: Path, tmp_path: Path) -> None:
    shutil.copytree(walked / "data", tmp_path / "data")
    path = tmp_path / "data/samples/test.parquet"
    rows, schema = read_table(path), pq.read_schema(path)
    write_table(path, rows.assign(split=rows["split"].replace("test", "purged")), schema)
    with pytest.raises(UserError, match=r"^params.yaml: train.window: found 5, which leaves no sample for test; "):
        walk(tmp_path, pd.DataFrame(), "predict")
