"""Train writes the model and the losses of every member, and uses train and validation only."""

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipeline.forecaster import samples
from pipeline.io.artifacts import read_table
from pipeline.io.errors import UserError
from pipeline.train.fitting import datasets
from tests.conftest import samples_in, walk


def test_members_differ_and_each_has_its_file_and_history(walked: Path) -> None:
    one, two = sorted((walked / "data/model").iterdir())
    assert (one.name, two.name) == ("1.keras", "2.keras")
    assert one.read_bytes() != two.read_bytes()
    assert read_table(walked / "data/history.parquet").groupby("member").size().to_dict() == {1: 2, 2: 2}


@pytest.fixture
def folder(walked: Path, tmp_path: Path) -> Path:
    """A folder with the samples that train may read, and no others."""
    shutil.copytree(walked / "data/samples", tmp_path / "data/samples", ignore=shutil.ignore_patterns("test*"))
    return tmp_path


def test_train_needs_no_file_of_test(walked: Path, folder: Path) -> None:
    walk(folder, pd.DataFrame(), "train")
    for name in ("data/model/1.keras", "data/history.parquet"):
        assert (folder / name).read_bytes() == (walked / name).read_bytes()


def test_the_first_member_does_not_depend_on_how_many_there_are(walked: Path, folder: Path) -> None:
    walk(folder, pd.DataFrame(), "train", train={"members": 1})
    assert (folder / "data/model/1.keras").read_bytes() == (walked / "data/model/1.keras").read_bytes()


def test_a_window_longer_than_the_data_is_named(folder: Path) -> None:
    line = r"^params.yaml: train.window: found 400, which leaves no sample for train; accepted: a smaller one$"
    with pytest.raises(UserError, match=line):
        walk(folder, pd.DataFrame(), "train", train={"window": 400})


def test_a_fit_that_diverges_names_the_learning_rate(folder: Path) -> None:
    with pytest.raises(UserError, match=r"^params.yaml: train.learning_rate: found 1e\+30, for which the loss is not "):
        walk(folder, pd.DataFrame(), "train", train={"optimizer": "sgd", "learning_rate": 1e30, "epochs": 3})
    assert not (folder / "data/model").exists()


def test_early_stopping_uses_no_calibration_sample_even_if_a_gap_costs_windows(
    tmp_path: Path, two_tickers: pd.DataFrame
) -> None:
    prices = two_tickers[two_tickers["ticker"] == "AAA"].copy()
    prices.loc[prices["date"] == "2002-06-20", "open"] = np.nan
    dates = {"validation": "2002-06-03", "test": "2002-10-01", "horizon": 1}
    walk(tmp_path, prices, "scrape", "prepare", prepare=dates)
    rows = samples_in(tmp_path)
    stopping = datasets(rows, 22)[1].origins
    calibrated = samples.calibration_mask(rows).to_numpy()[stopping]
    assert len(stopping)
    assert not calibrated.any()
