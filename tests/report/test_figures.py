"""What both pages say of distributions and autocorrelations, and how long lines are drawn."""

import re

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.signal import lfilter

from pipeline.report import charts, figures
from pipeline.series import SeriesInfo
from tests.series import made_heat

CLOSE = SeriesInfo("close", "USD", "session", priced=True)
HEAT = SeriesInfo("heat", "°C", "hour", priced=False)
NOISE = pd.Series(np.random.default_rng(0).normal(0, 0.01, 2000))
RNG = np.random.default_rng(0)
VALUES = {
    "normal": pd.Series(RNG.normal(0, 0.01, 20_000)),
    "heavy": pd.Series(RNG.standard_t(3, 20_000) * 0.01),
    "uniform": pd.Series(RNG.uniform(-0.01, 0.01, 20_000)),
}


def histogram(values: pd.Series) -> figures.Figure:
    return figures.histogram(values, CLOSE, "returns", "return")


@pytest.mark.parametrize(
    ("name", "often"),
    [("normal", "about as frequent as"), ("heavy", "more frequent than"), ("uniform", "less frequent than")],
)
def test_extremes_are_compared_with_a_normal_distribution(name: str, often: str) -> None:
    values = VALUES[name]
    count = (np.abs(stats.zscore(values)) > 3).sum()
    text = histogram(values).sentence
    assert f" {often} " in text
    assert f"{count} of 20,000 returns" in text
    assert f"would have about 54 (excess kurtosis {values.kurt():.1f}, skew {values.skew():+.2f};" in text


@pytest.mark.parametrize("count", range(15))
def test_the_binomial_test_is_that_of_scipy(count: int) -> None:
    values = np.linspace(-1, 1, 2000)
    values[1000 - count : 1000 + count : 2] = 50  # 5.4 are expected
    text, normal = histogram(pd.Series(values)).sentence, 2 * stats.norm.sf(3)
    assert f"{count} of 2,000 returns" in text
    for often, alternative in (("more", "greater"), ("less", "less")):
        p = stats.binomtest(count, 2000, normal, alternative).pvalue
        assert (f" {often} frequent than " in text) == (p < 0.025)


@pytest.mark.parametrize("name", VALUES)
def test_the_area_of_the_bars_and_of_the_normal_curve_is_1(name: str) -> None:
    bars, curve = histogram(VALUES[name]).rows.values()
    assert ((bars["to"] - bars["from"]) * bars["density"]).sum() == pytest.approx(1)
    assert (bars["from"].iloc[0], bars["to"].iloc[-1]) == (VALUES[name].min(), VALUES[name].max())
    if name == "normal":
        assert np.trapezoid(curve["density"], curve["x"]) == pytest.approx(1, abs=0.005)


@pytest.mark.parametrize(("count", "bars"), [(30, 10), (400, 20), (20_000, 80)])
def test_more_values_have_more_bars(count: int, bars: int) -> None:
    assert len(histogram(VALUES["normal"][:count]).rows["bars"]) == bars


def test_missing_values_do_not_change_the_histogram() -> None:
    own = VALUES["heavy"][:500]
    assert histogram(own.reindex(range(-10, 600))).sentence == histogram(own).sentence


@pytest.mark.parametrize("values", [[5.0], [5.0] * 60, [0.1 + 0.2, 0.3] * 50], ids=["one", "same", "but for rounding"])
def test_equal_values_have_no_extremes(values: list[float]) -> None:
    figure = histogram(pd.Series(values))
    assert figure.sentence == "All returns are the same."
    assert figure.rows["normal"].empty
    assert len(figure.rows["bars"]) == 10


def test_a_correlation_is_pearsons_over_shared_rows_and_0_if_one_is_constant() -> None:
    one, other = NOISE[:50], (NOISE[:50] + NOISE[50:100].to_numpy()).where(np.arange(50) > 9)
    assert figures.correlation(one, other) == pytest.approx(stats.pearsonr(one[10:], other[10:]).statistic)
    assert figures.correlation(one, 0 * one + 0.1) == 0
    assert figures.correlation(one, np.nan * one) == 0


def following(share: float) -> pd.Series:
    """An AR(1)."""
    return pd.Series(lfilter([1], [1, -share], NOISE))


def sentence(values: pd.Series, lags: int = 40, series: SeriesInfo = CLOSE) -> str:
    return figures.autocorrelation_figure(values, lags, series, series.quantities).sentence


def test_noise_is_hardly_correlated_with_earlier_values() -> None:
    assert "say almost nothing about whether later ones" in sentence(NOISE)


@pytest.mark.parametrize("part", range(5))
def test_the_largest_of_many_autocorrelations_of_short_noise_is_not_significant(part: int) -> None:
    figure = figures.autocorrelation_figure(NOISE[300 * part : 300 * part + 300], 40, CLOSE, "returns")
    assert figure.rows["lags"]["acf"].abs().max() > 0.1
    assert "no clear link" in figure.sentence
    assert f"{figure.rows['lags'].set_index('lag')['acf'].abs().max():.2f}, between" in figure.sentence


@pytest.mark.parametrize("share", [0.5, -0.5])
def test_values_of_an_ar1_are_correlated_with_earlier_ones(share: float) -> None:
    values = following(share)
    followed = f"followed by {'high' if share > 0 else 'low'} ones 1 session later"
    assert f"{followed} (autocorrelation {values.autocorr(1):+.2f})" in sentence(values)


def test_a_daily_season_is_found_in_hourly_values_and_not_in_noise() -> None:
    daily = made_heat("Oslo", 1500, seed=1)["heat"]
    assert re.search(r"and by high ones 24 hours later \(\+0\.\d\d\)", sentence(daily, 48, HEAT))
    assert "and by high ones" not in sentence(NOISE, 48, HEAT)


def test_the_lags_outside_the_bounds_of_random_values_are_counted() -> None:
    figure = figures.autocorrelation_figure(following(0.5), 40, CLOSE, "returns")
    bound = 1.96 / np.sqrt(2000)
    assert figure.rows["noise"]["bound"].tolist() == [-bound, bound]
    outside = (figure.rows["lags"]["acf"].abs() > bound).sum()
    assert f": {outside} of 40 (about 5% if values were purely random, white noise)" in figure.sentence


@pytest.mark.parametrize("values", [0 * NOISE, NOISE[:3], NOISE[:0]], ids=["constant", "few", "none"])
def test_too_few_different_values_have_no_autocorrelation(values: pd.Series) -> None:
    assert "too few different returns" in sentence(values)


SEEDS = [np.random.default_rng(seed).normal(size=1000) for seed in range(20)]
STAYING = {share: [lfilter([1], [1, -share], own) for own in SEEDS] for share in (0.5, 0.9, 0.97)}


@pytest.mark.parametrize(
    "draws", [[np.diff(own[:200]) for own in SEEDS], *STAYING.values()], ids=["changes of noise", *map(str, STAYING)]
)
def test_noise_and_persistent_series_seldom_seem_to_have_a_season(draws: list[np.ndarray]) -> None:
    assert sum("and by high ones" in sentence(pd.Series(own), 60, HEAT) for own in draws) <= 2


LONG = np.random.default_rng(0).normal(0, 1, 5000)


def rows(values: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame({"at": np.arange(len(values)), "value": values})


def downsampled(own: pd.DataFrame, value: str, max_points: int) -> pd.DataFrame:
    return own.iloc[figures.shape_points(own[value].to_numpy(float), max_points)]


@pytest.mark.parametrize("count", [0, 1, 2, 99, 100])
def test_short_series_are_not_downsampled(count: int) -> None:
    short = rows(LONG[:count])
    pd.testing.assert_frame_equal(downsampled(short, "value", 100), short)
    pd.testing.assert_frame_equal(figures.evenly(short, 100), short)


@pytest.mark.parametrize("max_points", [3, 10, 500, 4999])
def test_a_line_has_as_many_rows_as_allowed_in_order_with_its_ends(max_points: int) -> None:
    kept = downsampled(rows(LONG), "value", max_points)
    assert len(kept) == max_points
    assert kept["at"].is_monotonic_increasing
    assert kept["at"].iloc[[0, -1]].tolist() == [0, 4999]
    pd.testing.assert_frame_equal(kept, rows(LONG).loc[kept.index])


@pytest.mark.parametrize("seed", range(5))
def test_downsampling_keeps_peaks(seed: int) -> None:
    values = np.sin(np.arange(5000) / 500)
    peaks = np.random.default_rng(seed).choice(np.arange(50, 4950, 100), 4, replace=False)
    values[peaks] += [20, -20, 30, -30]
    assert set(peaks) <= set(downsampled(rows(values), "value", 200)["at"])


def test_downsampling_keeps_wide_gaps_and_not_narrow_ones() -> None:
    values = LONG.copy()
    values[1000:2000] = values[3000] = np.nan
    kept = downsampled(rows(values), "value", 100)
    assert kept.loc[kept["value"].isna(), "at"].tolist() == [1000]
    assert kept["value"].count() == 100


def test_only_wide_gaps_are_added_to_the_maximum_of_points() -> None:
    values = np.where(np.arange(5000) % 500 < 200, np.nan, LONG)
    kept = downsampled(rows(values), "value", 100)
    assert (kept["value"].count(), kept["value"].isna().sum()) == (100, 10)


def test_downsampling_keeps_a_few_values_between_gaps() -> None:
    values = np.full(5000, np.nan)
    values[[0, 7, 4999]] = 1.0
    assert downsampled(rows(values), "value", 100)["value"].count() == 3


def test_a_line_without_any_value_is_one_gap() -> None:
    assert len(downsampled(rows(np.full(5000, np.nan)), "value", 100)) == 1


@pytest.mark.parametrize("max_points", [2, 3, 100, 4999])
def test_dots_are_at_equal_distances_from_the_first_to_the_last(max_points: int) -> None:
    positions = figures.evenly(rows(LONG), max_points)["at"].to_numpy()
    assert len(set(positions)) == max_points
    assert (positions[0], positions[-1]) == (0, 4999)
    assert np.ptp(np.diff(positions)) <= 1


def days(count: int, freq: str = "D") -> pd.Series:
    return pd.Series(pd.date_range("2001-01-01", periods=count, freq=freq).as_unit("us"))


def test_date_ranges_to_choose_have_enough_dates() -> None:
    assert list(figures.date_ranges(days(900))) == ["1 month", "3 months", "1 year", "all"]
    assert list(figures.date_ranges(days(900, "h"))) == ["1 day", "1 week", "1 month", "all"]
    assert list(figures.date_ranges(days(2))) == ["all"]
    assert figures.date_ranges(days(2)[:1])["all"]["x"] == [charts.vega_date(pd.Timestamp("2001-01-01"))] * 2


def test_the_range_of_one_year_begins_a_year_before_the_last_date() -> None:
    dates = days(900)
    begin, end = figures.date_ranges(dates)["1 year"]["x"]
    assert end == charts.vega_date(dates.iloc[-1])
    assert begin == charts.vega_date(dates.iloc[-1] - pd.DateOffset(years=1) + pd.Timedelta(days=1))
