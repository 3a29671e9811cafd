"""Figures of the data and their sentences, on series that have a property and on series that do not."""

import json
import re
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.signal import lfilter

from pipeline.explore import figures
from pipeline.explore.summary import quantities, stationarity_words, summary
from pipeline.prices import OHLC
from pipeline.report import charts
from pipeline.report.figures import Figure
from pipeline.series import SeriesInfo
from tests.series import made_prices, made_report

CLOSE = SeriesInfo("close", "USD", "session", priced=True)
HEAT = SeriesInfo("heat", "°C", "day", priced=False)
HOURLY = SeriesInfo("heat", "°C", "hour", priced=False)
STEPS = np.random.default_rng(0).normal(0, 1, 600)
UNKNOWN = {"adf": np.nan, "kpss": np.nan, "stationarity": ""}


def days(count: int, freq: str = "D") -> pd.Series:
    return pd.Series(pd.date_range("2001-01-01", periods=count, freq=freq).as_unit("us"))


def over_time(values: Any, series: SeriesInfo = HEAT, numbers: dict | None = None, volume: float = 1000.0) -> Figure:
    dates, own = days(len(values)), pd.Series(np.asarray(values, dtype=float))
    numbers = numbers or summary(dates, own, priced=series.priced)
    rows = pd.DataFrame({"date": dates, series.name: own} | ({"volume": volume} if series.priced else {}))
    return figures.values_over_time(rows, numbers, series, 100)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (np.cumsum(STEPS), "It does not seem to stay around a level"),
        (
            lfilter([1], [1, -0.5], STEPS),
            "It seems to stay around a level (two tests: ADF p <0.0001, small if it stays; KPSS p 0.",
        ),
        (STEPS[:29], "It is too short or too constant"),
        (np.full(60, 5.0), "It is too short or too constant"),
    ],
    ids=["walk", "level", "short", "constant"],
)
def test_a_stationary_series_is_distinguished_from_a_random_walk(values: np.ndarray, expected: str) -> None:
    assert expected in over_time(values).sentence
    if np.ptp(values) > 0:
        assert expected in over_time(np.exp(values / 100), CLOSE).sentence


@pytest.mark.parametrize("p", [0.01, 0.5])
def test_tests_that_do_not_agree_leave_the_level_unclear(p: float) -> None:
    numbers = {"adf": p, "kpss": p, "stationarity": stationarity_words(p, p)}
    says = over_time(STEPS, numbers=numbers).sentence
    assert "unclear" in says
    assert re.search(rf"ADF p {p:.4f}, .* KPSS p {p:.4f}, ", says)


def test_the_sentence_on_prices_has_their_change_and_from_one_year_on_the_annual_change() -> None:
    two_years = 100 * 1.21 ** (np.arange(732) / 731)
    assert "from 100 USD to 121 USD (+21.0%, +10.0% a year)." in over_time(two_years, CLOSE, UNKNOWN).sentence
    assert "from 100 USD to 104.888 USD (+4.9%)." in over_time(two_years[:184], CLOSE, UNKNOWN).sentence


def test_the_sentence_on_other_values_has_their_range_and_mean_without_gaps() -> None:
    says = over_time([np.nan, -3, 0, np.nan, 6, np.nan], numbers=UNKNOWN).sentence
    assert re.findall(r"-?\d °C", says) == ["-3 °C", "6 °C", "1 °C"]


def test_only_prices_have_a_volume_and_long_lines_are_downsampled() -> None:
    priced = over_time(np.exp(STEPS / 100), CLOSE)
    assert {name: len(rows) for name, rows in priced.rows.items()} == {"values": 100, "volumes": 100}
    assert priced.title == "The close and the volume"
    for alone in (over_time(STEPS[:50]), *(over_time(np.exp(STEPS[:50]), CLOSE, volume=none) for none in (0, np.nan))):
        assert set(alone.rows) == {"values"}
        assert "volume" not in alone.title


def bars(ups: int, downs: int, even: int) -> pd.DataFrame:
    close = np.array([10.1] * ups + [9.9] * downs + [10.0] * even)
    return pd.DataFrame({"date": days(len(close)), "open": 10.0, "high": 10.5, "low": 9.5, "close": close})


@pytest.mark.parametrize(("ups", "downs"), [(6, 3), (3, 6), (4, 4)])
def test_sessions_that_closed_above_and_below_their_open_are_counted(ups: int, downs: int) -> None:
    says = figures.candlesticks(bars(ups, downs, 10 - ups - downs), CLOSE, 100).sentence
    assert f"above the open in {ups}0.0% of 10 sessions, and below it in {downs}0.0%" in says


def test_the_widest_session_is_named() -> None:
    own = bars(5, 5, 0)
    own.loc[3, ["high", "low"]] = [12.0, 8.0]
    says = figures.candlesticks(own, CLOSE, 100).sentence
    assert re.search(r"10\.53% in a typical session, and 50\.0% .*\(2001-01-04\)", says)


def test_only_the_last_candlesticks_can_be_chosen_and_120_are_shown_at_first() -> None:
    own = made_prices("AAA", 900, seed=0)
    own.loc[3, "high"] = np.nan
    figure = figures.candlesticks(own[["date", *OHLC]].dropna(), CLOSE, 500)
    shown = figure.rows["sessions"]["date"]
    assert shown.tolist() == own["date"].tail(500).tolist()
    assert "of 899 sessions" in figure.sentence
    assert figure.start is not None
    assert figure.start["brush"]["x"] == [charts.vega_date(shown.iloc[-120]), charts.vega_date(shown.iloc[-1])]


def test_density_is_the_number_of_steps_in_a_millisecond() -> None:
    assert figures.density(days(901)) == pytest.approx(1 / 86_400_000, rel=0.01)
    assert figures.density(days(1)) == 1


CALM = pd.Series(np.random.default_rng(0).normal(0, 0.01, 600))
STORMS = CALM * np.where(np.arange(600) // 100 % 2, 5, 1)


@pytest.mark.parametrize(
    ("series", "what"),
    [(CLOSE, "Volatility"), (HEAT, "Standard deviation of the heat")],
    ids=["prices", "another series"],
)
def test_volatility_that_changes_a_lot_is_distinguished_from_one_that_changes_little(
    series: SeriesInfo, what: str
) -> None:
    calm, storms = (figures.volatility(days(600), own, series, 100).sentence for own in (CALM, STORMS))
    assert calm.startswith(f"{what} changes little: 90% of the time")
    assert storms.startswith(f"{what} changes a lot: 90% of the time")
    assert "changes little" in figures.volatility(days(600), 0 * CALM, series, 100).sentence


def test_the_last_volatility_is_of_22_sessions_and_annualised() -> None:
    dates = days(600, "B")
    figure = figures.volatility(dates, STORMS, CLOSE, 1000)
    years = (dates.iloc[-1] - dates.iloc[0]) / pd.Timedelta(days=365.25)
    rolling = STORMS.rolling(22).std().dropna() * np.sqrt(600 / years)
    np.testing.assert_allclose(figure.rows["values"]["value"], rolling)
    share = (rolling < rolling.iloc[-1]).mean()
    assert figure.sentence.endswith(f"{rolling.iloc[-1]:.1%}, higher than {share:.0%} of the time.")


def test_a_deviation_is_known_with_a_few_missing_values_and_not_with_many() -> None:
    few, many = CALM.where(np.arange(600) % 10 > 0), CALM.where(np.arange(600) % 2 > 0)
    assert "changes little" in figures.volatility(days(600), few, HEAT, 100).sentence
    assert "too few days" in figures.volatility(days(600), many, HEAT, 100).sentence


def test_too_few_steps_have_no_rolling_deviation() -> None:
    assert "too few days" in figures.volatility(days(20), CALM[:20], HEAT, 100).sentence
    assert "too few hours" in figures.volatility(days(100, "h"), CALM[:100], HOURLY, 100).sentence


def drawdown(*prices: float) -> Figure:
    return figures.drawdown(days(len(prices)), pd.Series(prices), CLOSE, 100)


@pytest.mark.parametrize("prices", [(1.0, 2.0, 3.0), (5.0, 5.0), (5.0,)], ids=["rise", "constant", "one"])
def test_prices_that_only_rose_never_fell(prices: tuple[float, ...]) -> None:
    assert "never fell" in drawdown(*prices).sentence


def test_a_recovered_fall_has_its_dates() -> None:
    figure = drawdown(100, 120, 90, 60, 90, 130, 117)
    assert re.findall(r"[\d.]+%|\d{4}-\d\d-\d\d", figure.sentence) == [
        "50.0%", "2001-01-02", "2001-01-04", "2001-01-06", "57%", "25.0%"
    ]  # fmt: skip
    np.testing.assert_allclose(figure.rows["values"]["value"], [0, 0, -0.25, -0.5, -0.25, 0, -0.1])


def test_a_fall_may_not_be_recovered_yet() -> None:
    assert "not recovered yet" in drawdown(100, 120, 60, 119, 80).sentence


def data_quality(series: SeriesInfo = CLOSE, **found: Any) -> Figure:
    return figures.data_quality(days(1000), made_report(**found), series)


def test_the_sentence_says_that_nothing_is_missing_or_odd() -> None:
    figure = data_quality(jumps=[])
    assert figure.sentence == (
        "There are 1,000 sessions with a value. Nothing in them looks odd. No session is missing or dropped."
    )
    assert figure.rows["days"].empty
    assert json.dumps(charts.columns(figure.rows["days"]), allow_nan=False)


def test_missing_and_odd_dates_are_counted_by_kind_and_drawn_on_their_day() -> None:
    figure = data_quality(
        missing_sessions=["2001-02-01", "2002-12-31"],
        unexpected_sessions=["2001-03-03"],
        dropped=[{"date": "2001-01-31", "reason": "volume below zero", "numbers": ""}],
        jumps=[{"date": "2001-05-05", "factor": 2.0}, {"date": "2001-06-06", "factor": 0.5}],
    )
    for words in (
        "1,000 sessions",
        "odd among them: 2 with a jump, 1 unexpected.",
        "Not usable: 2 missing, 1 dropped.",
    ):
        assert words in figure.sentence
    drawn = figure.rows["days"].set_index("date")
    assert drawn.loc["2001-02-01", ["kind", "year", "day"]].tolist() == ["missing", 2001, 32]
    assert drawn.loc["2002-12-31", ["kind", "year", "day"]].tolist() == ["missing", 2002, 365]
    assert set(drawn["kind"]) <= set(charts.KINDS)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ({"null_values": ["2001-02-01"]}, "1 missing, 1 without a value."),
        ({"dropped": [{"date": "2001-02-01", "reason": "", "numbers": ""}]}, "1 missing, 1 dropped."),
    ],
    ids=["without a value", "dropped"],
)
def test_dropped_rows_and_rows_without_a_value_do_not_count_as_missing_too(found: dict, expected: str) -> None:
    figure = data_quality(missing_sessions=["2001-02-01", "2001-02-02"], **found)
    assert figure.sentence.endswith(expected)
    assert figure.rows["days"]["date"].tolist() == ["2001-02-02", "2001-02-01"]


def test_hours_of_one_day_are_counted_each_and_drawn_once() -> None:
    hours = [f"2001-02-01 {hour:02}:00" for hour in range(5)]
    figure = data_quality(HOURLY, missing_sessions=hours)
    assert "Not usable: 5 missing." in figure.sentence
    assert figure.rows["days"]["date"].tolist() == ["2001-02-01"]


def test_each_year_has_a_line_from_its_first_day_with_a_value_to_its_last() -> None:
    assert data_quality().rows["spans"].to_numpy().tolist() == [[2001, 1, 366], [2002, 1, 366], [2003, 1, 271]]


GROUPS = ("low", "middle", "high")


def grouped(values: pd.Series, places: pd.Series, series: SeriesInfo = HOURLY) -> Figure:
    return figures.box_plots(values, places, GROUPS, "level", series, 100)


PLACES = pd.Series(np.arange(300) % 3)
LEVELS = pd.Series(np.random.default_rng(0).normal(0, 1, 300))


def test_groups_that_differ_are_named_with_their_medians() -> None:
    values = 5 * PLACES + LEVELS
    low, _, high = values.groupby(PLACES).median()
    says = grouped(values, PLACES).sentence
    assert says.startswith("The values differ by level (Kruskal-Wallis test, p <0.0001:")
    assert f"highest in high (median {high:.3g} °C) and lowest in low ({low:.3g} °C)." in says


def test_groups_from_one_distribution_do_not_differ_significantly() -> None:
    p = stats.kruskal(*(own for _, own in LEVELS.groupby(PLACES))).pvalue
    assert p > 0.05
    assert f"do not differ significantly by level (Kruskal-Wallis test, p {p:.4f}:" in grouped(LEVELS, PLACES).sentence


def test_equal_values_share_their_rank_in_the_test_of_kruskal_and_wallis() -> None:
    tied = LEVELS.round() + (PLACES == 1) * (np.arange(300) % 11 == 0)
    p = stats.kruskal(*(own for _, own in tied.groupby(PLACES))).pvalue
    assert f"(Kruskal-Wallis test, p {p:.4f}:" in grouped(tied, PLACES).sentence


def test_the_groups_that_vary_most_and_least_are_named_even_if_medians_are_equal() -> None:
    values = LEVELS * PLACES.map({0: 1, 1: 9, 2: 3})
    widths = values.groupby(PLACES).quantile(0.75) - values.groupby(PLACES).quantile(0.25)
    widest, narrowest = f"{widths[1]:.3g} °C", f"{widths[0]:.3g} °C"
    assert re.search(
        rf"most in middle \(.* {widest}\), and least in low \({narrowest}\)\.$", grouped(values, PLACES).sentence
    )


def test_a_month_of_losses_is_named() -> None:
    dates = pd.Series(pd.bdate_range("2001-01-01", "2004-12-31"))
    returns, months = np.random.default_rng(0).normal(0, 0.01, len(dates)), dates.dt.month - 1
    figure = figures.box_plots(returns - 0.02 * (months == 8), months, charts.MONTHS, "month", CLOSE, 100)
    assert "lowest in Sep (-2." in figure.sentence


def test_values_of_one_group_are_not_compared() -> None:
    assert grouped(LEVELS, PLACES * 0).sentence == "All values belong to one level."
    assert grouped(LEVELS[:1], PLACES[:1]).sentence == "All values belong to one level."


def test_equal_values_do_not_differ_by_group() -> None:
    says = grouped(0 * LEVELS + 5, PLACES).sentence
    assert "do not differ significantly by level (Kruskal-Wallis test, p 1.0000:" in says
    assert "vary most" not in says


def test_boxes_are_quartiles_and_whiskers_reach_at_most_one_and_a_half_interquartile_ranges() -> None:
    part = pd.Series([-4.0, -2.0, 1.0, 2.0, 3.0, 4.0, 5.0, 11.0, 12.0])
    figure = grouped(part, pd.Series(np.zeros(9)))
    assert figure.rows["boxes"].to_numpy().tolist() == [["low", -4.0, 1.0, 3.0, 5.0, 11.0, 9]]
    assert figure.rows["outliers"].to_numpy().tolist() == [["low", 12.0]]
    farther = grouped(part.replace({-4.0: -5.1, 12.0: 11.1}), pd.Series(np.zeros(9)))
    assert farther.rows["boxes"].to_numpy().tolist() == [["low", -2.0, 1.0, 3.0, 5.0, 11.0, 9]]
    assert farther.rows["outliers"].to_numpy().tolist() == [["low", -5.1], ["low", 11.1]]


def test_every_known_value_is_in_one_box_and_a_group_without_values_has_none() -> None:
    values = LEVELS.where(np.arange(300) % 7 > 0)
    drawn = grouped(values, PLACES).rows["boxes"]
    assert drawn["group"].tolist() == list(GROUPS)
    assert drawn["n"].sum() == values.count()
    np.testing.assert_allclose(drawn["median"], values.groupby(PLACES).median())
    assert grouped(values.where(PLACES != 1), PLACES).rows["boxes"]["group"].tolist() == ["low", "high"]


def test_outliers_are_limited_and_include_the_farthest() -> None:
    heavy = pd.Series(np.random.default_rng(0).standard_t(3, 20_000))
    outliers = grouped(heavy, pd.Series(np.arange(20_000) % 3)).rows["outliers"]["value"]
    assert len(outliers) == 100
    assert {heavy.min(), heavy.max()} <= set(outliers)


GARCH = quantities(made_prices("AAA", 3000, seed=1)["close"], priced=True)


def test_clustering_is_found_in_garch_returns() -> None:
    says = figures.clustering(GARCH, 60, CLOSE).sentence
    (lags,) = re.findall(r"^Large moves follow large moves: .* correlated for (\d+) sessions\.", says)
    assert says.endswith("can be forecast.")
    assert 5 <= int(lags) < 60


def test_squares_that_are_correlated_at_every_lag_may_stay_so_for_more() -> None:
    assert "correlated for 6 sessions or more." in figures.clustering(GARCH, 6, CLOSE).sentence


def test_shuffled_returns_do_not_cluster() -> None:
    shuffled = pd.Series(np.random.default_rng(0).permutation(GARCH.dropna()))
    assert figures.clustering(shuffled, 60, CLOSE).sentence.startswith("There is no sign that large moves follow")


@pytest.mark.parametrize("seed", range(8))
def test_clustering_is_found_in_six_years_even_if_one_lag_is_inside_the_bounds(seed: int) -> None:
    returns = quantities(made_prices("AAA", 1500, seed=seed)["close"], priced=True)
    assert figures.clustering(returns, 60, CLOSE).sentence.startswith("Large moves follow large moves: ")


def test_volatility_that_lasts_two_sessions_clusters_little() -> None:
    shocks = np.random.default_rng(0).normal(size=(2, 3000))
    loud = 1 + 2 * (shocks[1] > 1.5)
    says = figures.clustering(pd.Series(shocks[0] * np.maximum(loud, np.roll(loud, 1))), 60, CLOSE).sentence
    assert "only for a short time" in says


@pytest.mark.parametrize("values", [0 * GARCH, GARCH[:3], GARCH[:0]], ids=["constant", "few", "none"])
def test_too_few_different_returns_do_not_cluster(values: pd.Series) -> None:
    assert "too few" in figures.clustering(values, 40, CLOSE).sentence


def panel(shared: float, count: int = 6, steps: int = 500) -> pd.DataFrame:
    """Tickers of one factor, correlated by `shared`."""
    rng = np.random.default_rng(0)
    own = np.sqrt(1 - shared) * rng.normal(size=(steps, count))
    every = np.sqrt(shared) * rng.normal(size=(steps, 1))
    return pd.DataFrame(every + own, columns=[f"T{number:03}" for number in range(count)])


@pytest.mark.parametrize(
    ("shared", "expected"), [(0.8, "move together"), (0.35, "move together a little"), (0.0, "hardly move together")]
)
def test_tickers_that_move_together_are_distinguished_from_those_that_do_not(shared: float, expected: str) -> None:
    values = panel(shared)
    middle = np.median(np.corrcoef(values.T)[np.triu_indices(6, 1)])
    says = figures.correlations(values, CLOSE).sentence
    assert f" {expected}: " in says
    assert f" {middle:+.2f} over 15 pairs." in says


def test_two_tickers_can_move_in_opposite_directions() -> None:
    one = panel(0.5, 1)["T000"]
    says = figures.correlations(pd.DataFrame({"AAA": one, "BBB": -one}), CLOSE).sentence
    assert "opposite directions" in says
    assert "-1.00 (AAA and BBB)" in says


def test_two_equal_tickers_have_the_highest_correlation() -> None:
    twins = panel(0.3).assign(GOOGL=lambda rows: rows["T002"]).rename(columns={"T002": "GOOG"})
    assert re.search(
        r"highest is \+1.00 \((GOOG and GOOGL|GOOGL and GOOG)\)", figures.correlations(twins, CLOSE).sentence
    )


@pytest.mark.parametrize(("count", "shown"), [(3, 3), (40, 40), (41, 40), (90, 40)])
def test_a_heat_map_has_a_cell_for_each_pair_of_at_most_40_tickers(count: int, shown: int) -> None:
    figure = figures.correlations(panel(0.5, count, 60), CLOSE)
    cells = figure.rows["cells"]
    assert len(cells) == shown**2
    assert cells["a"].nunique() == cells["b"].nunique() == shown
    assert f" over {count * (count - 1) // 2:,} pairs" in figure.sentence
    assert (f"{shown} of {count}" in figure.title) == (count > shown)
    np.testing.assert_allclose(cells.loc[cells["a"] == cells["b"], "correlation"], 1)


def test_tickers_correlations_are_pearsons_of_the_steps_they_share() -> None:
    values = panel(0.2, 4)
    values.loc[:99, "T000"] = np.nan
    found = figures.correlation_matrix(values)
    one, other = values.loc[100:, "T000"], values.loc[100:, "T001"]
    assert found.loc["T000", "T001"] == pytest.approx(stats.pearsonr(one, other).statistic)
    np.testing.assert_array_equal(found, found.T)
    assert list(found.index) == list(found.columns)


def test_similar_tickers_are_neighbours() -> None:
    rng = np.random.default_rng(0)
    factors = rng.normal(size=(300, 5))
    names = [f"{letter}{number}" for number in (1, 2) for letter in "ABCDE"]  # A1 B1 ... A2 B2 ...
    values = pd.DataFrame(np.tile(factors, 2) + 0.1 * rng.normal(size=(300, 10)), columns=names)
    order = [name[0] for name in figures.correlation_matrix(values).columns]
    assert order[::2] == order[1::2]
    assert sorted(order) == sorted("AABBCCDDEE")


@pytest.mark.parametrize("shared", [figures.MIN_SHARED - 1, figures.MIN_SHARED])
def test_tickers_that_share_too_few_steps_have_no_correlation(shared: int) -> None:
    values = panel(0.5, 2)
    values.loc[shared:, "T000"] = np.nan
    assert np.isnan(figures.correlation_matrix(values).loc["T000", "T001"]) == (shared < figures.MIN_SHARED)
    told = figures.correlations(values, CLOSE).sentence == "No two tickers share enough steps."
    assert told == (shared < figures.MIN_SHARED)


def test_a_constant_ticker_has_no_correlation_and_is_left_out_of_the_sentence() -> None:
    values = panel(0.5).assign(T003=0.0)
    assert figures.correlation_matrix(values)["T003"].isna().all()
    assert "over 10 pairs" in figures.correlations(values, HOURLY).sentence


def test_two_tickers_stay_in_their_order_and_one_alone_is_no_error() -> None:
    values = panel(0.5, 2)
    assert list(figures.correlation_matrix(values[["T001", "T000"]]).columns) == ["T001", "T000"]
    assert figures.correlation_matrix(values[["T000"]]).shape == (1, 1)
