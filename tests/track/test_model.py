"""The recorded model needs neither this repository nor pickle, and forecasts as the pipeline does."""

import json
import re
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipeline import PINS
from pipeline.forecaster.bands import Bands
from pipeline.forecaster.preparation import Preparation
from pipeline.io.artifacts import read_record, read_table
from pipeline.track import model
from tests.commands import run
from tests.imports import ROOT, files, listed, packages

KEY = ["ticker", "origin", "horizon"]
VERSIONS = json.loads((ROOT / "versions.json").read_text())


def parts(walked: Path) -> tuple[Preparation, Bands]:
    return read_record(walked / "data/preparation.json", Preparation), read_record(walked / "data/bands.json", Bands)


def save(walked: Path, folder: Path) -> Path:
    """Save the model of a folder in which the pipeline ran."""
    model.save(folder, walked / "data", *parts(walked), VERSIONS)
    return folder


@pytest.fixture(scope="module")
def saved(walked: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save(walked, tmp_path_factory.mktemp("saved") / "model")


def test_the_code_of_a_model_is_what_the_forecaster_imports() -> None:
    assert set(listed([f"pipeline/{part}" for part in model.CODE])) == files("pipeline.forecaster.forecaster")


def test_the_requirements_are_what_the_forecaster_imports_in_the_versions_of_the_lock() -> None:
    lines = model.requirements(VERSIONS)
    names = {re.split("==|;", line)[0] for line in lines}
    assert names == packages("pipeline.forecaster.forecaster") | {"mlflow", "tensorflow-cpu"}
    assert f"numpy=={VERSIONS['numpy']}" in lines


def test_a_model_is_made_of_text_tables_and_networks_and_nothing_is_pickled(saved: Path) -> None:
    names = [path for path in saved.rglob("*") if path.is_file()]
    assert {path.suffix for path in names} == {"", ".py", ".json", ".keras", ".yaml", ".txt"}
    assert [path.name for path in names if not path.suffix] == ["MLmodel"]
    for path in names:
        assert not re.match(rb"\x80[\x02-\x05]", path.read_bytes()), path  # how a pickle begins


def test_unused_columns_of_prices_are_optional(walked: Path) -> None:
    columns = {column.name: column.required for column in model.signature(*parts(walked)).inputs}
    assert columns.pop("adj_close") is False
    assert columns == dict.fromkeys(("ticker", "date", "open", "high", "low", "close", "volume"), True)


def test_what_promotion_compares_is_stored(walked: Path) -> None:
    train = read_table(walked / "data/samples/train.parquet")
    described = model.described(parts(walked)[0], train)
    assert described["tickers"] == "AAA, BBB"
    assert described["variance"] == "har"
    last = train.loc[train["split"] == "train", "date_3"].max()
    assert pd.Timestamp(described["fitted_until"]) == last


LOAD = """
import os, sys
import keras, mlflow  # both change the environment and load numpy
before = dict(os.environ)
import pandas as pd
model = mlflow.pyfunc.load_model(sys.argv[1])
prices = pd.read_parquet(sys.argv[2])
model.predict(prices).to_parquet("last.parquet")
prices = prices.drop(columns="adj_close", errors="ignore")
model.predict(prices, params={"since": sys.argv[3]}).to_parquet("since.parquet")
assert dict(os.environ) == before
import pipeline.forecaster.forecaster
print(pipeline.__file__)
"""


@pytest.mark.parametrize("environment", [pytest.param("as it is", marks=pytest.mark.slow), "pinned"])
def test_a_process_without_the_repository_gets_the_forecasts_of_the_pipeline(
    environment: str, saved: Path, walked: Path, tmp_path: Path
) -> None:
    predictions = read_table(walked / "data/predictions.parquet").rename(columns={"predicted": "forecast"})
    origins = np.sort(predictions["origin"].unique())
    variables = {"PYTHONPATH": "", **(PINS if environment == "pinned" else {})}
    words = (str(saved), str(walked / "data/prices.parquet"), str(origins[-30])[:10])
    done = run(tmp_path, sys.executable, "-P", "-c", LOAD, *words, **variables)
    assert done.returncode == 0, done.stderr
    assert Path(done.stdout.splitlines()[-1]).is_relative_to(saved)

    last, since = pd.read_parquet(tmp_path / "last.parquet"), pd.read_parquet(tmp_path / "since.parquet")
    assert len(last) == 2 * 3
    assert since["origin"].min() == origins[-30]
    for found in (last, since):
        expected = found[KEY].merge(predictions, how="left", on=KEY, validate="one_to_one")
        expected["volatility"] = np.exp(expected["variance_predicted"] / 2)
        for name in ("forecast", "lower", "upper", "volatility"):
            both = expected[name].notna()  # there is no band before test
            assert both.any()
            tolerance = 0 if environment == "pinned" else 1e-6
            np.testing.assert_allclose(found[name][both], expected[name][both], rtol=tolerance)
