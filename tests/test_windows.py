"""A window ends at its origin, holds one ticker's complete rows, and nothing later."""

import numpy as np

from pipeline.forecaster.windows import origins, windows

TICKERS = np.array(["A"] * 6 + ["B"] * 5)
COMPLETE = np.array([0, 0, 1, 1, 1, 1, 0, 1, 1, 1, 1], dtype=bool)


def test_windows_start_when_enough_rows_of_the_ticker_are_complete() -> None:
    assert origins(TICKERS, COMPLETE, 3).tolist() == [4, 5, 9, 10]
    assert origins(TICKERS, COMPLETE, 1).tolist() == [2, 3, 4, 5, 7, 8, 9, 10]
    assert origins(TICKERS, COMPLETE, 5).tolist() == []


def test_an_incomplete_row_interrupts() -> None:
    complete = np.array([1, 1, 0, 1, 1, 1], dtype=bool)
    assert origins(np.array(["A"] * 6), complete, 2).tolist() == [1, 4, 5]


def test_a_window_is_the_rows_up_to_its_origin_in_order() -> None:
    features = np.arange(22, dtype=np.float32).reshape(11, 2)
    found = windows(features, np.array([4, 10]), 3)
    assert found.shape == (2, 3, 2)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found[0], features[2:5])
    np.testing.assert_array_equal(found[1], features[8:11])
