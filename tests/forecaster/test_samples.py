"""A window ends at its origin and has complete rows of one ticker. The halves of validation share no target."""

import numpy as np
import pandas as pd

from pipeline.forecaster import samples as table
from pipeline.forecaster.samples import origins, stopping_mask, windows

SPLITS = ["warmup"] * 2 + ["train"] * 4 + ["warmup"] + ["train"] * 2 + ["purged", "test"]
ROWS = pd.DataFrame({"ticker": ["A"] * 6 + ["B"] * 5, "split": SPLITS})


def test_windows_need_enough_rows_of_the_ticker_without_warm_up() -> None:
    assert origins(ROWS, 3).tolist() == [4, 5, 9, 10]
    assert origins(ROWS, 1).tolist() == [2, 3, 4, 5, 7, 8, 9, 10]
    assert origins(ROWS, 5).tolist() == []


def test_no_window_contains_a_warm_up_row() -> None:
    rows = pd.DataFrame({"ticker": "A", "split": ["train", "train", "warmup", "train", "train", "train"]})
    assert origins(rows, 2).tolist() == [1, 4, 5]


def test_a_window_is_the_rows_up_to_its_origin_in_order() -> None:
    features = np.arange(22, dtype=np.float32).reshape(11, 2)
    found = windows(features, np.array([4, 10]), 3)
    assert found.shape == (2, 3, 2)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found[0], features[2:5])
    np.testing.assert_array_equal(found[1], features[8:11])


def test_early_stopping_sees_only_targets_of_the_earlier_half_of_validation(two_tickers_rows: pd.DataFrame) -> None:
    found = two_tickers_rows
    stops, validation = found[stopping_mask(found)], found[found["split"] == "validation"]
    firsts = np.unique(validation[table.date_column(1)])
    assert set(stops["split"]) == {"validation"}
    assert (stops[table.date_column(3)] < firsts[len(firsts) // 2]).all()
    assert 0 < len(stops) < len(validation) / 2
