"""Train writes the model and the losses of every member, and uses train and validation only."""

import shutil
from pathlib import Path

import pandas as pd
import pytest

from pipeline.io.artifacts import read_table
from pipeline.io.errors import UserError
from tests.conftest import walk


def test_members_differ_and_each_has_its_file_and_history(walked: Path) -> None:
    files = {path.relative_to(walked / "data/model").as_posix(): path for path in walked.glob("data/model/*/*")}
    assert set(files) == {"price/1.keras", "price/2.keras", "variance/1.keras", "variance/2.keras"}
    assert len({path.read_bytes() for path in files.values()}) == 4
    epochs = read_table(walked / "data/history.parquet").groupby(["target", "member"]).size()
    assert epochs.to_dict() == {(target, member): 2 for target in ("price", "variance") for member in (1, 2)}


@pytest.fixture
def folder(walked: Path, tmp_path: Path) -> Path:
    """A folder with the samples that train may read, and no others."""
    shutil.copytree(walked / "data/samples", tmp_path / "data/samples", ignore=shutil.ignore_patterns("test*"))
    return tmp_path


def test_train_needs_no_file_of_test(walked: Path, folder: Path) -> None:
    walk(folder, pd.DataFrame(), "train")
    for name in ("data/model/price/1.keras", "data/model/variance/2.keras", "data/history.parquet"):
        assert (folder / name).read_bytes() == (walked / name).read_bytes()


def test_the_first_member_does_not_depend_on_how_many_there_are(walked: Path, folder: Path) -> None:
    walk(folder, pd.DataFrame(), "train", train={"members": 1})
    for name in ("data/model/price/1.keras", "data/model/variance/1.keras"):
        assert (folder / name).read_bytes() == (walked / name).read_bytes()


def test_a_window_longer_than_the_data_is_named(folder: Path) -> None:
    line = r"^params.yaml: train.window: found 400, which leaves no sample for train; accepted: a smaller one$"
    with pytest.raises(UserError, match=line):
        walk(folder, pd.DataFrame(), "train", train={"window": 400})


def test_a_fit_that_diverges_names_the_learning_rate(folder: Path) -> None:
    with pytest.raises(UserError, match=r"^params.yaml: train.learning_rate: found 1e\+30, for which the loss is not "):
        walk(folder, pd.DataFrame(), "train", train={"optimizer": "sgd", "learning_rate": 1e30, "epochs": 3})
    assert not (folder / "data/model").exists()


def test_a_price_that_is_not_forecast_costs_no_epoch_and_the_variance_is_forecast_as_before(
    walked: Path, folder: Path
) -> None:
    walk(folder, pd.DataFrame(), "train", train={"forecast_price": False})
    assert set(read_table(folder / "data/history.parquet")["target"]) == {"variance"}
    name = "data/model/variance/1.keras"
    assert (folder / name).read_bytes() == (walked / name).read_bytes()
    assert len(list(folder.glob("data/model/price/*"))) == 2  # as they start, so they repeat the baseline


@pytest.mark.parametrize(
    ("prepare", "line"),
    [({"variance": "none"}, "the variance is not forecast either"), ({"baseline": "none"}, "no other forecast")],
)
def test_that_nothing_is_left_to_forecast_is_said(
    prepare: dict[str, str], line: str, tmp_path: Path, two_tickers: pd.DataFrame
) -> None:
    walk(tmp_path, two_tickers, "scrape", "prepare", prepare=prepare)
    with pytest.raises(UserError, match=rf"^params.yaml: train.forecast_price: found false, but .*{line}"):
        walk(tmp_path, two_tickers, "train", train={"forecast_price": False})
