"""The largest difference is relative to its column, works for every kind of output, and is infinite between shapes."""

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipeline.verify.differences import largest_difference, numbers


def test_the_column_that_differs_most_is_named(tmp_path: Path) -> None:
    table = pd.DataFrame({"ticker": ["A", "B"], "close": [1000.0, 2000.0], "skill": [0.1, np.nan]})
    for kind in ("parquet", "csv"):
        one, two = tmp_path / f"one.{kind}", tmp_path / f"two.{kind}"
        for path, own in ((one, table), (two, table.assign(close=[1000.0, 2000.2], skill=[0.1001, np.nan]))):
            own.to_parquet(path) if kind == "parquet" else own.to_csv(path, index=False)
        size, words = largest_difference(one, two)
        assert size == pytest.approx(1e-3)
        assert words == "the largest relative difference is 0.001, in skill"


def test_other_rows_and_other_gaps_are_infinitely_far(tmp_path: Path) -> None:
    table = pd.DataFrame({"close": [1.0, 2.0]})
    table.to_parquet(tmp_path / "one.parquet")
    for own in (
        table.iloc[:1],
        table.assign(close=[1.0, np.nan]),
        table.rename(columns={"close": "open"}),
        table.assign(open=1.0),
    ):
        own.to_parquet(tmp_path / "two.parquet")
        assert largest_difference(tmp_path / "one.parquet", tmp_path / "two.parquet")[0] == np.inf


def test_the_same_numbers_and_infinities_do_not_differ(tmp_path: Path) -> None:
    table = pd.DataFrame({"close": [1.0, np.inf, np.nan]})
    for name in ("one", "two"):
        table.to_parquet(tmp_path / f"{name}.parquet", compression="gzip" if name == "two" else None)
    assert largest_difference(tmp_path / "one.parquet", tmp_path / "two.parquet") == (0.0, "the numbers are the same")


def test_files_with_the_same_name_in_two_folders_are_compared_separately(tmp_path: Path) -> None:
    for name, value in (("one", 1), ("two", 5)):
        for folder in ("a", "b"):
            path = tmp_path / name / folder / "x.json"
            path.parent.mkdir(parents=True)
            path.write_text(json.dumps([value if folder == "a" else 1]))
    size, words = largest_difference(tmp_path / "one", tmp_path / "two")
    assert (size, words) == (4.0, "the largest relative difference is 4, in a/x.json 0")


def test_metrics_are_compared_by_their_path(tmp_path: Path) -> None:
    for name, skill in (("one", 0.1), ("two", 0.11)):
        (tmp_path / f"{name}.json").write_text(json.dumps({"test": {"skill": skill, "n": 5}, "says": "x"}))
    size, words = largest_difference(tmp_path / "one.json", tmp_path / "two.json")
    assert size == pytest.approx(0.1)
    assert words.endswith("in test.skill")


def test_the_weights_of_a_folder_of_models_are_compared(walked: Path, tmp_path: Path) -> None:
    folder = walked / "data/model/price"
    found = numbers(folder)
    assert {name.split()[0] for name in found} == {"1.keras", "2.keras"}
    assert sum(values.size for name, values in found.items() if name.startswith("1.")) > 100
    assert largest_difference(folder, folder)[0] == 0
    shutil.copytree(folder, tmp_path / "swapped")
    shutil.copy(folder / "2.keras", tmp_path / "swapped/1.keras")
    assert largest_difference(folder, tmp_path / "swapped")[0] > 0.01


def test_a_page_holds_no_numbers(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text("1")
    size, words = largest_difference(tmp_path / "a.html", tmp_path / "a.html")
    assert np.isnan(size)
    assert words == "a file of this type has no numbers to compare"
