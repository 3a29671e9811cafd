"""Slices are whole: each forecast is in its year and in one third of its ticker and split."""

import numpy as np
import pandas as pd

from pipeline.slices import ALL, THIRDS, slices, thirds

DATES = pd.date_range("2001-12-01", periods=90)
YEARS, EACH = DATES.year.to_numpy(), np.repeat([0.0, 1.0, 2.0], 30)


def test_years_and_thirds_share_the_forecasts_out() -> None:
    found = {name: int(chosen.sum()) for name, chosen in slices(YEARS, EACH, sliced=True)}
    assert found == {ALL: 90, "2001": 31, "2002": 59, **dict.fromkeys(THIRDS, 30)}


def test_unsliced_there_is_but_the_whole() -> None:
    assert [name for name, _ in slices(YEARS, EACH, sliced=False)] == [ALL]


def test_thirds_are_equal_and_by_ticker_and_split() -> None:
    rows = pd.DataFrame({"ticker": ["A"] * 60 + ["B"] * 30, "split": (["train"] * 30 + ["test"] * 30) + ["test"] * 30})
    volatility = pd.Series(np.random.default_rng(0).gamma(2, 1, 90) * np.repeat([1, 10, 100], 30))
    found = thirds(rows, volatility)
    for start in (0, 30, 60):
        own = found[start : start + 30]
        assert own.value_counts().to_dict() == {0.0: 10, 1.0: 10, 2.0: 10}
        assert volatility[own[own == 0].index].max() < volatility[own[own == 1].index].min()


def test_what_has_no_volatility_is_in_no_third() -> None:
    rows = pd.DataFrame({"ticker": "A", "split": "test"}, index=range(4))
    assert thirds(rows, pd.Series([1.0, np.nan, 2.0, 3.0])).isna().tolist() == [False, True, False, False]
