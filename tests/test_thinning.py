"""Thinned lines look like the lines they are of: ends, peaks and wide gaps stay, and what is short is left alone."""

import numpy as np
import pandas as pd
import pytest

from pipeline import thinning

NOISE = np.random.default_rng(0).normal(0, 1, 5000)


def rows(values: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame({"at": np.arange(len(values)), "value": values})


@pytest.mark.parametrize("count", [0, 1, 2, 99, 100])
def test_what_is_short_is_left_as_it_is(count: int) -> None:
    short = rows(NOISE[:count])
    pd.testing.assert_frame_equal(thinning.line(short, "value", 100), short)
    pd.testing.assert_frame_equal(thinning.evenly(short, 100), short)


@pytest.mark.parametrize("most", [3, 10, 500, 4999])
def test_a_line_has_as_many_rows_as_allowed_in_order_with_its_ends(most: int) -> None:
    found = thinning.line(rows(NOISE), "value", most)
    assert len(found) == most
    assert found["at"].is_monotonic_increasing
    assert found["at"].iloc[[0, -1]].tolist() == [0, 4999]
    pd.testing.assert_frame_equal(found, rows(NOISE).loc[found.index])


@pytest.mark.parametrize("seed", range(5))
def test_peaks_of_a_line_stay(seed: int) -> None:
    values = np.sin(np.arange(5000) / 500)
    peaks = np.random.default_rng(seed).choice(np.arange(50, 4950, 100), 4, replace=False)
    values[peaks] += [20, -20, 30, -30]
    assert set(peaks) <= set(thinning.line(rows(values), "value", 200)["at"])


def test_a_wide_gap_of_a_line_stays_and_a_narrow_one_goes() -> None:
    values = NOISE.copy()
    values[1000:2000] = values[3000] = np.nan
    found = thinning.line(rows(values), "value", 100)
    assert found.loc[found["value"].isna(), "at"].tolist() == [1000]
    assert found["value"].count() == 100


def test_no_more_than_the_wide_gaps_come_beside_what_is_allowed() -> None:
    values = NOISE.copy()
    for start in range(100, 5000, 500):
        values[start : start + 200] = np.nan
    found = thinning.line(rows(values), "value", 100)
    assert (found["value"].count(), found["value"].isna().sum()) == (100, 10)


def test_few_values_between_gaps_all_stay() -> None:
    values = np.full(5000, np.nan)
    values[[0, 7, 4999]] = 1.0
    assert thinning.line(rows(values), "value", 100)["value"].count() == 3


def test_a_line_without_any_value_is_one_gap() -> None:
    assert len(thinning.line(rows(np.full(5000, np.nan)), "value", 100)) == 1


@pytest.mark.parametrize("most", [2, 3, 100, 4999])
def test_dots_are_at_equal_distances_from_the_first_to_the_last(most: int) -> None:
    found = thinning.evenly(rows(NOISE), most)["at"].to_numpy()
    assert len(set(found)) == most
    assert (found[0], found[-1]) == (0, 4999)
    assert np.ptp(np.diff(found)) <= 1
