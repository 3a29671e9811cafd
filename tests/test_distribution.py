"""What is said of tails, extremes and groups, on values of which it is true and on values of which it is not."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from pipeline import charts
from pipeline.figures import distribution
from pipeline.figures.distribution import boxes, histogram, quantiles
from pipeline.subject import Subject

CLOSE = Subject("close", "USD", "session", priced=True)
HEAT = Subject("heat", "°C", "hour", priced=False)
COUNT = 20_000
GROUPS = ("low", "middle", "high")

DRAWS: dict[str, Callable[[np.random.Generator], np.ndarray]] = {
    "normal": lambda rng: rng.normal(0, 0.01, COUNT),
    "heavy": lambda rng: rng.standard_t(3, COUNT) * 0.01,
    "uniform": lambda rng: rng.uniform(-0.01, 0.01, COUNT),
    "exponential": lambda rng: rng.exponential(0.01, COUNT),
}
VALUES = {name: pd.Series(draw(np.random.default_rng(0))) for name, draw in DRAWS.items()}
CONSTANT = pd.Series(np.full(60, 5.0))


@pytest.mark.parametrize(
    ("name", "often"), [("normal", "about as often as"), ("heavy", "more often than"), ("uniform", "less often than")]
)
def test_extremes_are_counted_beside_those_of_a_normal_distribution(name: str, often: str) -> None:
    own = VALUES[name]
    far = (np.abs(stats.zscore(own)) > 3).sum()
    said = (
        f"Extremes come {often} under a normal distribution: {far} of 20,000 returns lie beyond 3 deviations (54 under "
        f"the normal); excess kurtosis {own.kurt():.1f}, skew {own.skew():+.2f}."
    )
    assert histogram(own, CLOSE, "returns", "return").says == said


@pytest.mark.parametrize("name", VALUES)
def test_the_bars_and_the_normal_curve_both_cover_one(name: str) -> None:
    rows = histogram(VALUES[name], CLOSE, "returns", "return").rows
    bars, curve = rows["bars"], rows["normal"]
    assert ((bars["to"] - bars["from"]) * bars["density"]).sum() == pytest.approx(1)
    assert (bars["from"].iloc[0], bars["to"].iloc[-1]) == (VALUES[name].min(), VALUES[name].max())
    if name == "normal":
        assert np.trapezoid(curve["density"], curve["x"]) == pytest.approx(1, abs=0.005)


@pytest.mark.parametrize(("count", "bars"), [(30, 10), (400, 20), (20_000, 80)])
def test_more_values_have_more_bars(count: int, bars: int) -> None:
    assert len(histogram(VALUES["normal"][:count], CLOSE, "returns", "return").rows["bars"]) == bars


def test_gaps_change_nothing() -> None:
    own = VALUES["heavy"][:500]
    gaps = own.reindex(range(-10, 600))
    assert histogram(gaps, CLOSE, "returns", "return").says == histogram(own, CLOSE, "returns", "return").says
    assert quantiles(gaps, CLOSE, "returns", "r", 99).says == quantiles(own, CLOSE, "returns", "r", 99).says


def test_values_that_are_all_the_same_have_neither_extremes_nor_tails() -> None:
    figure = histogram(CONSTANT, HEAT, "values", "heat")
    assert figure.says == "All values are the same."
    assert figure.rows["normal"].empty
    assert ((figure.rows["bars"]["to"] - figure.rows["bars"]["from"]) * figure.rows["bars"]["density"]).sum() == 1
    assert quantiles(CONSTANT, HEAT, "values", "heat", 99).says == "All values are the same."


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("normal", "Both tails are about the normal distribution's"),
        ("heavy", "Both tails are heavier than the normal distribution's"),
        ("uniform", "Both tails are lighter than the normal distribution's"),
        (
            "exponential",
            "The lower tail is lighter than the normal distribution's, the upper one heavier than the normal "
            "distribution's",
        ),
    ],
)
def test_tails_are_told_from_those_of_a_normal_distribution(name: str, said: str) -> None:
    own = VALUES[name]
    low, high = np.quantile(own, [0.01, 0.99])
    expected = stats.norm(own.mean(), own.std(ddof=0)).ppf([0.01, 0.99])
    assert quantiles(own, CLOSE, "returns", "return", 400).says == (
        f"{said}: one in a hundred returns is below {low:+.2%} ({expected[0]:+.2%} under the normal), one above "
        f"{high:+.2%} ({expected[1]:+.2%})."
    )


def test_normal_values_lie_on_the_line_and_heavy_tails_depart_from_it() -> None:
    normal, heavy = (quantiles(VALUES[name], CLOSE, "returns", "r", 400).rows["dots"] for name in ("normal", "heavy"))
    assert (normal["own"] - normal["normal"]).abs().max() < 0.006
    assert heavy["own"].iloc[0] < 2 * heavy["normal"].iloc[0] < 0 < 2 * heavy["normal"].iloc[-1] < heavy["own"].iloc[-1]


def test_dots_are_the_values_at_their_plotting_positions_and_the_line_joins_their_ends() -> None:
    own = pd.Series([3.0, 1.0, 2.0, 10.0])
    rows = quantiles(own, HEAT, "values", "heat", 400).rows
    expected = stats.norm(4, own.std(ddof=0)).ppf([0.125, 0.375, 0.625, 0.875])
    assert rows["dots"]["own"].tolist() == [1, 2, 3, 10]
    np.testing.assert_allclose(rows["dots"]["normal"], expected)
    np.testing.assert_allclose(rows["normal"], np.outer(expected[[0, -1]], [1, 1]))


def test_many_dots_are_thinned_to_as_many_as_allowed_with_both_ends() -> None:
    dots = quantiles(VALUES["heavy"], CLOSE, "returns", "r", 400).rows["dots"]
    assert len(dots) == 400
    assert dots["own"].iloc[[0, -1]].tolist() == [VALUES["heavy"].min(), VALUES["heavy"].max()]


def grouped(values: pd.Series, places: pd.Series, subject: Subject = HEAT) -> distribution.Figure:
    return boxes(values, places, GROUPS, "level", subject, 100)


PLACES = pd.Series(np.arange(300) % 3)
NOISE = pd.Series(np.random.default_rng(0).normal(0, 1, 300))


def test_groups_whose_middles_differ_are_named() -> None:
    values = 5 * PLACES + NOISE
    low, _, high = values.groupby(PLACES).median()
    says = grouped(values, PLACES).says
    assert says.startswith("The values differ by level (Kruskal–Wallis p <0.0001, hours taken as independent): ")
    assert f"highest in high, median {high:.3g} °C, lowest in low, {low:.3g} °C; " in says


def test_groups_whose_middles_do_not_differ_are_not_told_apart() -> None:
    p = stats.kruskal(*(own for _, own in NOISE.groupby(PLACES))).pvalue
    said = f"The middle of the values is not told apart by level (Kruskal–Wallis p {p:.4f}, hours taken as independent)"
    assert p > 0.05
    assert grouped(NOISE, PLACES).says.startswith(said)


def test_where_values_spread_most_and_least_is_said_though_middles_are_the_same() -> None:
    values = NOISE * PLACES.map({0: 1, 1: 9, 2: 3})
    widths = values.groupby(PLACES).quantile(0.75) - values.groupby(PLACES).quantile(0.25)
    told = f"they spread most in middle, half of them within {widths[1]:.3g} °C, and least in low, {widths[0]:.3g} °C."
    assert grouped(values, PLACES).says.endswith(told)


def test_a_month_of_losses_is_told_from_the_others_and_a_year_without_one_is_not() -> None:
    dates = pd.Series(pd.bdate_range("2001-01-01", "2004-12-31"))
    returns = pd.Series(np.random.default_rng(0).normal(0, 0.01, len(dates)))
    months = dates.dt.month - 1

    def says(values: pd.Series) -> str:
        return boxes(values, months, charts.MONTHS, "month", CLOSE, 100).says

    assert "lowest in Sep, -2." in says(returns - 0.02 * (months == 8))
    assert says(returns).startswith("The middle of the returns is not told apart by month")


def test_values_of_one_group_are_compared_with_nothing() -> None:
    assert grouped(NOISE, PLACES * 0).says == "All values are of one level."
    assert grouped(NOISE[:1], PLACES[:1]).says == "All values are of one level."


def test_values_that_are_all_the_same_do_not_differ_by_group() -> None:
    says = grouped(pd.Series(np.full(300, 5.0)), PLACES).says
    assert says.startswith("The middle of the values is not told apart by level (Kruskal–Wallis p 1.0000")


def test_boxes_are_quartiles_with_whiskers_to_what_lies_within_one_and_a_half_ranges() -> None:
    part = pd.Series([-4.0, -2.0, 1.0, 2.0, 3.0, 4.0, 5.0, 11.0, 12.0])
    figure = grouped(part, pd.Series(np.zeros(9)))
    assert figure.rows["boxes"].to_numpy().tolist() == [["low", -4.0, 1.0, 3.0, 5.0, 11.0, 9]]
    assert figure.rows["outliers"].to_numpy().tolist() == [["low", 12.0]]
    farther = grouped(part.replace({-4.0: -5.1, 12.0: 11.1}), pd.Series(np.zeros(9)))
    assert farther.rows["boxes"].to_numpy().tolist() == [["low", -2.0, 1.0, 3.0, 5.0, 11.0, 9]]
    assert farther.rows["outliers"].to_numpy().tolist() == [["low", -5.1], ["low", 11.1]]


def test_every_value_known_is_in_one_box_in_the_order_of_groups() -> None:
    values = NOISE.where(np.arange(300) % 7 > 0)
    drawn = grouped(values, PLACES).rows["boxes"]
    assert drawn["group"].tolist() == list(GROUPS)
    assert drawn["n"].sum() == values.count()
    np.testing.assert_allclose(drawn["median"], values.groupby(PLACES).median())
    ordered = drawn[["low", "q1", "median", "q3", "high"]].to_numpy()
    assert (np.diff(ordered, axis=1) >= 0).all()


def test_a_group_without_values_has_no_box() -> None:
    assert grouped(NOISE.where(PLACES != 1), PLACES).rows["boxes"]["group"].tolist() == ["low", "high"]


def test_outliers_are_no_more_than_allowed_and_the_farthest_are_among_them() -> None:
    outliers = boxes(VALUES["heavy"], pd.Series(np.arange(COUNT) % 3), GROUPS, "level", CLOSE, 100).rows["outliers"]
    assert len(outliers) == 100
    assert {VALUES["heavy"].min(), VALUES["heavy"].max()} <= set(outliers["value"])


def test_few_normal_values_seldom_seem_to_have_other_tails() -> None:
    draws = [pd.Series(np.random.default_rng(seed).normal(size=300)) for seed in range(40)]
    says = [quantiles(own, HEAT, "values", "heat", 100).says for own in draws]
    assert sum(text.startswith("Both tails are about the normal distribution's") for text in says) > 30


def test_values_equal_but_for_rounding_are_the_same() -> None:
    same = pd.Series([0.1 + 0.2, 0.3] * 50)
    assert histogram(same, HEAT, "values", "heat").says == "All values are the same."
    assert quantiles(same, HEAT, "values", "heat", 100).says == "All values are the same."
