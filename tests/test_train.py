"""Train writes every member's model, losses and answers, the last origins included."""

from pathlib import Path

import pandas as pd
import pytest

from pipeline.artifacts import read_table
from pipeline.errors import UserError
from tests.conftest import walk


def test_every_member_answers_at_every_origin_the_last_one_included(walked: Path) -> None:
    rows, found = read_table(walked / "data/rows.parquet"), read_table(walked / "data/outputs.parquet")
    assert found["member"].unique().tolist() == [1, 2]
    for ticker, own in found.groupby("ticker"):
        theirs = rows[(rows["ticker"] == ticker) & (rows["split"] != "warmup")]
        assert own["origin"].max() == theirs["date"].max()
        assert own["origin"].nunique() == len(theirs) - 4  # a window of 5 needs 4 rows before
    assert found[["price", "variance"]].notna().all(axis=None)


def test_members_differ_and_each_has_its_file_and_history(walked: Path) -> None:
    found = read_table(walked / "data/outputs.parquet").groupby("member")["variance"].sum()
    assert found[1] != found[2]
    assert sorted(path.name for path in (walked / "data/model").iterdir()) == ["1.keras", "2.keras"]
    assert read_table(walked / "data/history.parquet").groupby("member").size().to_dict() == {1: 2, 2: 2}


def test_the_first_member_does_not_depend_on_how_many_there_are(walked: Path, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data/rows.parquet").write_bytes((walked / "data/rows.parquet").read_bytes())
    walk(tmp_path, pd.DataFrame(), "train", train={"members": 1})
    assert (tmp_path / "data/model/1.keras").read_bytes() == (walked / "data/model/1.keras").read_bytes()


def test_a_window_longer_than_the_data_is_named(walked: Path, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data/rows.parquet").write_bytes((walked / "data/rows.parquet").read_bytes())
    with pytest.raises(
        UserError, match=r"^params.yaml: train.window: found 400, which leaves no sample for train; accepted: "
    ):
        walk(tmp_path, pd.DataFrame(), "train", train={"window": 400})


def test_a_fit_that_diverges_names_the_learning_rate(walked: Path, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data/rows.parquet").write_bytes((walked / "data/rows.parquet").read_bytes())
    with pytest.raises(UserError, match=r"^params.yaml: train.learning_rate: found 1e\+30, with which the loss grows "):
        walk(tmp_path, pd.DataFrame(), "train", train={"optimizer": "sgd", "learning_rate": 1e30, "epochs": 3})
    assert not (tmp_path / "data/model").exists()
