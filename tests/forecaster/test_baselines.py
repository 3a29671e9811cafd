"""The baselines have exactly the same bits however many other rows there are."""

import numpy as np
import pandas as pd
import pytest

from pipeline.forecaster import baselines
from pipeline.forecaster.baselines import seasonal_naive
from pipeline.forecaster.preparation import ALL
from pipeline.io.errors import UserError


def test_seasonal_naive_repeats_the_last_season() -> None:
    rows = pd.DataFrame({"ticker": "A", "last": np.tile([1.0, 2.0, 3.0, 4.0], 5)})
    found = seasonal_naive(rows, season_length=4, horizon=9)
    ahead = np.column_stack([rows["last"].shift(-h) for h in range(1, 10)])
    known = np.isfinite(ahead) & (np.arange(20) >= 3)[:, None]
    np.testing.assert_array_equal(found[known], ahead[known])
    assert np.isnan(found[0]).sum() == 7  # only one place of the first season is known
    assert np.isfinite(found[3:]).all()


def test_seasonal_naive_fills_a_gap_from_the_season_before() -> None:
    rows = pd.DataFrame({"ticker": "A", "last": [1.0, 2.0, 3.0, 4.0, np.nan, 6.0]})
    assert seasonal_naive(rows, season_length=2, horizon=2)[4:].tolist() == [[4.0, 3.0], [3.0, 6.0]]


COEFFICIENTS = {ALL: [[-0.9, 0.3, 0.4, 0.2], [-1.1, 0.25, 0.4, 0.21]]}


def test_har_is_the_sum_of_its_terms(two_tickers_rows: pd.DataFrame) -> None:
    rows = two_tickers_rows[two_tickers_rows["ticker"] == "AAA"]
    found = baselines.forecast("har", rows, COEFFICIENTS, 2, 5)
    means = [rows["log_variance"].rolling(n).mean().to_numpy() for n in (1, 5, 22)]
    for h in (0, 1):
        constant, *slopes = COEFFICIENTS[ALL][h]
        expected = constant + sum(slope * mean for slope, mean in zip(slopes, means, strict=True))
        np.testing.assert_allclose(found[:, h], expected, rtol=1e-12)


@pytest.mark.parametrize(
    ("name", "coefficients"),
    [("persistence", {}), ("drift", {"AAA": [[0.1, 0.0], [0.0, 0.2]]}), ("seasonal_naive", {}), ("har", COEFFICIENTS)],
)
def test_a_forecast_does_not_depend_on_how_many_rows_come_after(
    name: str, coefficients: baselines.Coefficients, two_tickers_rows: pd.DataFrame
) -> None:
    rows = two_tickers_rows[two_tickers_rows["ticker"] == "AAA"]
    whole = baselines.forecast(name, rows, coefficients, 2, 5)
    for count in (30, 31, 200):
        cut = baselines.forecast(name, rows.head(count), coefficients, 2, 5)
        np.testing.assert_array_equal(cut, whole[:count])


def test_each_ticker_may_have_coefficients_of_its_own(two_tickers_rows: pd.DataFrame) -> None:
    other = [[2 * value for value in own] for own in COEFFICIENTS[ALL]]
    both = baselines.forecast("har", two_tickers_rows, {"AAA": COEFFICIENTS[ALL], "BBB": other}, 2, 5)
    one = baselines.forecast("har", two_tickers_rows, COEFFICIENTS, 2, 5)
    second = (two_tickers_rows["ticker"] == "BBB").to_numpy()
    np.testing.assert_array_equal(both[~second], one[~second])
    np.testing.assert_allclose(both[second], 2 * one[second])


def test_a_ticker_without_coefficients_is_rejected(two_tickers_rows: pd.DataFrame) -> None:
    with pytest.raises(UserError, match=r"^BBB: found no fitted numbers for this ticker; accepted: AAA$"):
        baselines.forecast("drift", two_tickers_rows, {"AAA": [[0.1, 0.0]]}, 1, 5)
