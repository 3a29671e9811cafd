"""What is said of forecasts, on forecasts of which it is true and on forecasts of which it is not."""

import re

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from pipeline.plot import figures
from pipeline.report import charts
from pipeline.scoring.columns import ALL, POOLED, TERCILES
from pipeline.series import SeriesInfo

CLOSE = SeriesInfo("close", "USD", "session", priced=True)
HEAT = SeriesInfo("heat", "°C", "hour", priced=False)
DATES = pd.Series(pd.date_range("2001-01-01", periods=301).as_unit("us"))
RNG = np.random.default_rng(0)
PRICES = 100 * np.exp(np.cumsum(RNG.normal(0, 0.01, 301)))
SMALL = RNG.normal(0, 0.1, 300)


def forecast(predicted: np.ndarray, values: np.ndarray = PRICES) -> pd.DataFrame:
    return pd.DataFrame({
        "date": DATES[1:].to_numpy(),
        "actual": values[1:],
        "predicted": predicted,
        "lower": predicted - 2,
        "upper": predicted + 2,
        "persistence": values[:-1],
    })  # fmt: skip


FOLLOWING, DEPARTING = forecast(PRICES[:-1] + SMALL), forecast(PRICES[1:] + SMALL)


@pytest.mark.parametrize(
    ("own", "said"), [(FOLLOWING, "follows"), (DEPARTING, "departs from")], ids=["follows", "departs"]
)
def test_a_forecast_that_follows_the_last_value_is_told_from_one_that_departs_from_it(
    own: pd.DataFrame, said: str
) -> None:
    figure = figures.predicted(own, HEAT, 60, 0.9, 1000)
    assert f" {said} the last heat" in figure.sentence
    pd.testing.assert_frame_equal(figure.rows["forecasts"], own)


def test_distances_of_a_forecast_are_means_over_all_though_the_line_is_downsampled() -> None:
    own = DEPARTING
    pairs = [("predicted", "persistence"), ("predicted", "actual"), ("actual", "persistence")]
    away, missed, moved = (f"{(own[one] - own[other]).abs().mean():.3g} USD" for one, other in pairs)
    figure = figures.predicted(own, CLOSE, 60, 0.9, 50)
    assert re.findall(r"[\d.]+ USD", figure.sentence) == [away, missed, moved]
    assert len(figure.rows["forecasts"]) == 50


def test_the_last_sessions_are_shown_at_first_and_all_can_be_chosen() -> None:
    figure = figures.predicted(FOLLOWING, CLOSE, 60, 0.9, 1000)
    assert figure.start is not None
    assert figure.date_ranges is not None
    assert figure.start["brush"]["x"][0]["month"] == 8  # 60 days before the end of October
    assert list(figure.date_ranges)[-1] == "all"


def variances(share: float) -> pd.DataFrame:
    """Log variances, of which forecasts know a share."""
    own = np.random.default_rng(1).normal(-9, 1, 300)
    noise = np.random.default_rng(2).normal(-9, 1, 300)
    rows = {"date": DATES[1:], "variance_actual": own, "variance_predicted": share * own + (1 - share) * noise}
    return pd.DataFrame(rows).reset_index(drop=True)


@pytest.mark.parametrize(("share", "said"), [(0.7, " more about "), (0.0, " no more about ")])
def test_a_forecast_of_volatility_is_compared_with_the_session_before(share: float, said: str) -> None:
    own = variances(share)
    if not share:  # a volatility that stays, which the session before tells
        own["variance_actual"] = own["variance_actual"].rolling(10, min_periods=1).mean()
    actual = own["variance_actual"].to_numpy()
    with_forecast = np.corrcoef(own["variance_predicted"], actual)[0, 1]
    with_before = np.corrcoef(actual[:-1], actual[1:])[0, 1]
    figure = figures.volatility(own, CLOSE, 60, 1000)
    assert said in figure.sentence
    assert re.findall(r"-?\d\.\d\d", figure.sentence) == [f"{with_forecast:.2f}", f"{with_before:.2f}"]
    np.testing.assert_allclose(figure.rows["forecasts"]["actual"] ** 2, np.exp(actual))


def test_a_forecast_of_volatility_that_is_always_the_same_says_no_more() -> None:
    own = variances(0.5).assign(variance_predicted=-9.0, variance_actual=-9.0)
    assert " no more about " in figures.volatility(own, CLOSE, 60, 1000).sentence


KNOWN = pd.DataFrame({"date": DATES[:3], "value": [98.0, 99.0, 100.0]})


def ahead(values: list[float], widths: list[float]) -> pd.DataFrame:
    middle, half = np.array(values), np.array(widths) / 2
    return pd.DataFrame({
        "date": DATES[3 : 3 + len(values)], "value": middle, "lower": middle - half, "upper": middle + half
    })  # fmt: skip


@pytest.mark.parametrize("widths", [[2.0, 4.0], [4.0, 2.0]])
def test_the_farthest_band_is_compared_with_the_next_one(widths: list[float]) -> None:
    says = figures.next_forecast(KNOWN, ahead([101.0, 102.0], widths), CLOSE, 0.9).sentence
    low, high = 102 - widths[1] / 2, 102 + widths[1] / 2
    assert "2001-01-05 is 102 USD (+2.00%)" in says
    assert f"90% band goes from {low:g} USD to {high:g} USD." in says
    assert re.findall(r"(\d) USD wide|session (\d) USD", says) == [(f"{widths[1]:g}", ""), ("", f"{widths[0]:g}")]


def test_a_forecast_of_one_step_has_one_band_and_one_of_another_series_no_percentage() -> None:
    says = figures.next_forecast(KNOWN, ahead([102.0], [2.0]), HEAT, 0.95).sentence
    assert re.findall(r"[\d.]+ (?:°C|USD)|\d+%", says) == ["102 °C", "95%", "101 °C", "103 °C"]


@pytest.mark.parametrize("values", [[102.0], [101.0, 102.0]])
def test_a_forecast_without_a_band_is_told_without(values: list[float]) -> None:
    says = figures.next_forecast(KNOWN, ahead(values, [np.nan] * len(values)), CLOSE, 0.9).sentence
    assert says.endswith("102 USD (+2.00%).")
    assert "band" not in says


def residuals(missed: np.ndarray, series: SeriesInfo = HEAT, values: np.ndarray = PRICES) -> str:
    """What is said of forecasts that miss by so much, from too low to too high."""
    return figures.residuals(forecast(values[1:] - missed, values), series, 100)["residuals"].sentence


@pytest.mark.parametrize(("shift", "said"), [(0.5, "too low"), (-0.5, "too high"), (0.0, "no significant bias")])
def test_forecasts_that_are_too_low_are_told_from_those_that_are_too_high(shift: float, said: str) -> None:
    missed = SMALL + shift
    p = stats.ttest_1samp(missed, 0).pvalue
    says = residuals(missed)
    assert said in says
    assert f"{missed.mean():.3g} °C (t test, p {'<0.0001' if p < 0.0001 else f'{p:.4f}'})" in says


def test_forecasts_that_never_miss_have_no_bias_and_those_that_always_miss_by_as_much_have_one() -> None:
    assert "no significant bias" in residuals(np.zeros(300))
    assert "too low" in residuals(np.ones(300), values=np.arange(301.0))


def test_the_largest_residual_is_told_with_its_date() -> None:
    missed = SMALL.copy()
    missed[77] = -9
    assert re.search(r"largest residual, -9 °C, .*2001-03-20\.$", residuals(missed))


def test_residuals_of_prices_are_in_percent_of_the_last_price() -> None:
    own = forecast(PRICES[1:] - 0.01 * PRICES[:-1])
    values = figures.residuals(own, CLOSE, 1000)["residuals"].rows["values"]["value"]
    np.testing.assert_allclose(values, 0.01)
    assert re.search(r"too low .* mean residual is \+0\.\d\d%", residuals(SMALL + 0.5, CLOSE))


def test_residuals_have_a_figure_over_time_of_their_distribution_and_memory() -> None:
    found = figures.residuals(FOLLOWING, CLOSE, 100)
    assert list(found) == ["residuals", "residual_distribution", "residual_autocorrelation"]
    assert len(found["residuals"].rows["values"]) == 100
    assert len(found["residual_autocorrelation"].rows["lags"]) == 30


def test_residuals_that_follow_from_those_before_are_told_from_those_that_do_not() -> None:
    def says(missed: np.ndarray) -> str:
        return figures.residuals(forecast(PRICES[1:] - missed), HEAT, 100)["residual_autocorrelation"].sentence

    assert "no clear link with earlier ones" in says(SMALL)
    related = np.convolve(SMALL, np.ones(5), "same")
    assert "tend to be followed by high ones" in says(related)


def test_what_never_came_is_passed_over() -> None:
    own = forecast(PRICES[1:] - SMALL - 0.5)
    own.loc[[3, 50], "actual"] = np.nan
    found = figures.residuals(own, HEAT, 1000)
    assert found["residuals"].sentence.startswith("Forecasts are too low")
    assert "of 298 residuals" in found["residual_distribution"].sentence


FALLING, RISEN = [5.0, 4.0, 3.0, 2.0], [5.0, 2.0, 3.0, 4.0]  # losses on validation


def history(*members: list[float]) -> pd.DataFrame:
    """Of members with these losses on validation, while that on train falls."""
    parts = [
        {"member": number, "epoch": epoch, "loss": 10.0 - epoch, "val_loss": loss}
        for number, own in enumerate(members, 1)
        for epoch, loss in enumerate(own, 1)
    ]
    return pd.DataFrame(parts)


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ([RISEN], ["epoch 2 of 4.", "overfit"]),
        ([RISEN, RISEN], ["epoch 2 of 4, in 2 networks", "overfit"]),
        ([FALLING], ["epoch 4 of 4.", "more epochs may help"]),
        ([FALLING, RISEN, RISEN], ["epoch 2 to 4 of 4, in 3 networks", "in 1 of them", "more epochs may help"]),
        ([[5.0]], ["epoch 1 of 1.", "does not show a trend"]),
    ],
    ids=["risen", "both risen", "still falling", "one of three still falling", "one epoch"],
)
def test_a_loss_that_still_falls_is_told_from_one_that_has_risen(members: list[list[float]], said: list[str]) -> None:
    figure = figures.loss(history(*members), "close")
    assert all(words in figure.sentence for words in said)
    assert ("overfit" in figure.sentence) == ("overfit" in said)
    assert len(figure.rows["epochs"]) == sum(map(len, members))


def test_a_network_whose_loss_on_train_rose_too_is_not_said_to_overfit() -> None:
    own = history(RISEN).assign(loss=[5.0, 2.0, 3.0, 4.0])
    assert "epoch 2 of 4" in figures.loss(own, "close").sentence
    assert "overfit" not in figures.loss(own, "close").sentence


def skills(**targets: list[tuple[float | None, float | None, float | None]]) -> pd.DataFrame:
    """skills: by target, skill and bounds at horizons 1, 2, ..."""
    names = {"price": "close", "variance": "log variance"}
    rows = [(names[name], h, *own) for name, found in targets.items() for h, own in enumerate(found, 1)]
    return pd.DataFrame(rows, columns=["target", "horizon", "skill", "skill_low", "skill_high"])


ABOVE, AROUND, BELOW = (0.2, 0.1, 0.3), (0.05, -0.1, 0.2), (-0.2, -0.3, -0.1)


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ([ABOVE, ABOVE, AROUND], "better than the baseline at 2 of 3 horizons."),
        ([BELOW, AROUND, BELOW], "better than the baseline at 0 of 3 horizons, and significantly worse at 2."),
        ([(None, None, None)], "better than the baseline at 0 of 1 horizons."),
    ],
    ids=["above", "below", "undefined"],
)
def test_an_interval_of_skill_above_0_is_told_from_one_around_or_below_it(found: list, said: str) -> None:
    figure = figures.by_horizon(skills(price=found), CLOSE)
    assert figure.sentence == f"The forecast of the close is significantly {said}"
    assert charts.columns(figure.rows["skills"])["low"] == [low for _, low, _ in found]


def test_each_target_is_told_and_drawn_by_horizon() -> None:
    figure = figures.by_horizon(skills(price=[BELOW, AROUND], variance=[ABOVE, ABOVE]), CLOSE)
    close, variance = figure.sentence.split(". ")
    assert "close" in close
    assert "at 0 of 2 horizons, and significantly worse at 1" in close
    assert "log variance" in variance
    assert "at 2 of 2 horizons" in variance
    assert figure.rows["skills"].to_numpy().tolist()[0] == ["close", 1, *BELOW]
    assert figure.rows["skills"]["group"].tolist() == [1, 2, 1, 2]


def scores(skills: dict[str, dict[str, float]], target: str = "price", n: int = 250) -> pd.DataFrame:
    """skills: by ticker and slice."""
    return pd.DataFrame(
        [(target, ticker, part, n, own) for ticker, found in skills.items() for part, own in found.items()],
        columns=["target", "ticker", "slice", "n", "skill"],
    )


YEARS = {ALL: 0.5, "2001": 0.1, "2002": -0.2, "2003": 0.3, TERCILES[0]: 0.9}


def test_years_in_which_skill_is_above_0_are_counted_and_those_with_few_forecasts_are_not() -> None:
    few = scores({"AAA": {"2000": 0.99}}, n=19)
    figure = figures.by_year(pd.concat([few, scores({"AAA": YEARS}), scores({"AAA": YEARS}, "variance")]), CLOSE)
    assert figure is not None
    for sentence in figure.sentence.split(". "):
        assert "in 2 of 3 years, with a skill from -0.200 to +0.300" in sentence
    assert figure.rows["skills"]["group"].tolist() == ["2001", "2002", "2003"] * 2


def test_tickers_with_skill_above_0_are_counted_and_ranked() -> None:
    own = scores({"AAA": YEARS, "BBB": {ALL: -0.1}, "CCC": {ALL: 0.2}, POOLED: {ALL: 0.9}, "DDD": {ALL: np.nan}})
    figure = figures.by_ticker(own, CLOSE)
    assert figure is not None
    assert "close" in figure.sentence
    assert "for 2 of 3 tickers, with a median skill of +0.200" in figure.sentence
    ranked = figure.rows["skills"].sort_values("rank")
    assert ranked["ticker"].tolist() == ["BBB", "CCC", "AAA"]
    assert ranked["rank"].tolist() == [1, 2, 3]


def test_one_year_or_one_ticker_alone_has_no_figure() -> None:
    assert figures.by_year(scores({"AAA": {ALL: 0.5, "2001": 0.1}}), CLOSE) is None
    assert figures.by_ticker(scores({"AAA": YEARS, POOLED: {ALL: 0.9}}), CLOSE) is None


def terciles(*shares: float) -> dict[str, float]:
    return dict(zip(TERCILES, shares, strict=True))


@pytest.mark.parametrize(
    ("own", "said"),
    [
        ([0.91, 0.9, 0.89], "about the same in calm and in turbulent times:"),
        ([0.61, 0.6, 0.59], "not the one asked for:"),
        ([0.99, 0.9, 0.82], "depends on volatility, but less than"),
        ([0.99, 0.9, 0.7], "depends on volatility as much as"),
    ],
)
def test_a_band_that_holds_steadily_is_told_from_one_that_depends_on_volatility(own: list[float], said: str) -> None:
    figure = figures.coverage(terciles(*own), terciles(0.99, 0.93, 0.8), 0.9, CLOSE)
    assert said in figure.sentence
    assert re.findall(r"[\d.]+%", figure.sentence) == [f"{min(own):.1%}", f"{max(own):.1%}", "80.0%", "99.0%"]
    assert len(figure.rows["parts"]) == 6
    assert figure.rows["nominal"]["coverage"].tolist() == [0.9]


def test_a_band_of_too_few_forecasts_is_said_to_be_so() -> None:
    figure = figures.coverage({}, {}, 0.9, CLOSE)
    assert figure.sentence == "The volatility of too few forecasts is known."
    assert figure.rows["parts"].empty
