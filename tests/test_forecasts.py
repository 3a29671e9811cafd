"""What is said of forecasts, on forecasts of which it is true and on forecasts of which it is not."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from pipeline.figures import forecasts
from pipeline.subject import Subject

CLOSE = Subject("close", "USD", "session", priced=True)
HEAT = Subject("heat", "°C", "hour", priced=False)
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


SHADOWING, DEPARTING = forecast(PRICES[:-1] + SMALL), forecast(PRICES[1:] + SMALL)


@pytest.mark.parametrize(
    ("own", "said"),
    [(SHADOWING, "The forecast shadows the last "), (DEPARTING, "The forecast departs from the last ")],
    ids=["shadows", "departs"],
)
@pytest.mark.parametrize("subject", [CLOSE, HEAT], ids=["prices", "another series"])
def test_a_forecast_that_shadows_the_last_value_is_told_from_one_that_departs_from_it(
    own: pd.DataFrame, said: str, subject: Subject
) -> None:
    figure = forecasts.predicted(own, subject, 60, 0.9, 1000)
    assert figure.says.startswith(f"{said}{subject.name}: on average it lies ")
    pd.testing.assert_frame_equal(figure.rows["forecasts"], own)


def test_distances_of_a_forecast_are_means_over_all_though_the_line_is_thinned() -> None:
    own = DEPARTING
    pairs = [("predicted", "persistence"), ("predicted", "actual"), ("actual", "persistence")]
    away, missed, moved = (f"{(own[one] - own[other]).abs().mean():.3g} USD" for one, other in pairs)
    figure = forecasts.predicted(own, CLOSE, 60, 0.9, 50)
    assert figure.says.endswith(
        f": on average it lies {away} from the last close, and misses the next one by {missed}, as the last one does "
        f"by {moved}."
    )
    assert len(figure.rows["forecasts"]) == 50


def test_the_last_sessions_are_shown_at_first_and_all_can_be_chosen() -> None:
    figure = forecasts.predicted(SHADOWING, CLOSE, 60, 0.9, 1000)
    assert figure.start is not None
    assert figure.spans is not None
    assert figure.start["brush"]["x"][0]["month"] == 8  # 60 days before the end of October
    assert list(figure.spans)[-1] == "all"
    short = forecasts.predicted(SHADOWING.tail(3), CLOSE, 60, 0.9, 1000)
    assert short.start is not None
    assert short.start["brush"] == forecasts.spans(SHADOWING["date"].tail(3))["all"]


def variances(share: float) -> pd.DataFrame:
    """Log variances, of which forecasts know a share."""
    own = np.random.default_rng(1).normal(-9, 1, 300)
    noise = np.random.default_rng(2).normal(-9, 1, 300)
    rows = {"date": DATES[1:], "variance_actual": own, "variance_predicted": share * own + (1 - share) * noise}
    return pd.DataFrame(rows).reset_index(drop=True)


@pytest.mark.parametrize(("share", "said"), [(0.7, "more than"), (0.0, "no more than")])
def test_a_forecast_of_volatility_is_compared_with_the_session_before(share: float, said: str) -> None:
    own = variances(share)
    if not share:  # a volatility that stays, which the session before tells
        own["variance_actual"] = own["variance_actual"].rolling(10, min_periods=1).mean()
    actual = own["variance_actual"].to_numpy()
    with_forecast = np.corrcoef(own["variance_predicted"], actual)[0, 1]
    with_before = np.corrcoef(actual[:-1], actual[1:])[0, 1]
    figure = forecasts.volatility(own, CLOSE, 60, 1000)
    assert figure.says == (
        f"The forecast says {said} the session before: its correlation with the log variance that came is "
        f"{with_forecast:.2f}, that of the session before {with_before:.2f}."
    )
    np.testing.assert_allclose(figure.rows["forecasts"]["actual"] ** 2, np.exp(actual))


def test_a_forecast_of_volatility_that_is_always_the_same_says_no_more() -> None:
    own = variances(0.5).assign(variance_predicted=-9.0, variance_actual=-9.0)
    assert forecasts.volatility(own, CLOSE, 60, 1000).says.startswith("The forecast says no more than the session ")


KNOWN = pd.DataFrame({"date": DATES[:3], "value": [98.0, 99.0, 100.0]})


def ahead(values: list[float], widths: list[float]) -> pd.DataFrame:
    middle, half = np.array(values), np.array(widths) / 2
    return pd.DataFrame({
        "date": DATES[3 : 3 + len(values)], "value": middle, "lower": middle - half, "upper": middle + half
    })  # fmt: skip


@pytest.mark.parametrize(
    ("widths", "how"), [([2.0, 4.0], "wider"), ([4.0, 2.0], "no wider")], ids=["wider", "no wider"]
)
def test_the_farthest_band_is_compared_with_the_next_one(widths: list[float], how: str) -> None:
    says = forecasts.beyond(KNOWN, ahead([101.0, 102.0], widths), CLOSE, 0.9).says
    low, high = 102 - widths[1] / 2, 102 + widths[1] / 2
    assert says == (
        f"For 2001-01-05 the forecast is 102 USD (+2.00%), with a 90% band from {low:g} USD to {high:g} USD, {how} "
        f"than that of the next session ({widths[1]:g} USD, {widths[0]:g} USD)."
    )


def test_a_forecast_of_one_step_has_one_band_and_one_of_another_series_no_percentage() -> None:
    said = "For 2001-01-04 the forecast is 102 °C, with a 95% band from 101 °C to 103 °C."
    assert forecasts.beyond(KNOWN, ahead([102.0], [2.0]), HEAT, 0.95).says == said


@pytest.mark.parametrize("values", [[102.0], [101.0, 102.0]])
def test_a_forecast_without_a_band_is_told_without(values: list[float]) -> None:
    says = forecasts.beyond(KNOWN, ahead(values, [np.nan] * len(values)), CLOSE, 0.9).says
    assert says.endswith(" the forecast is 102 USD (+2.00%).")


def residuals(shift: float, subject: Subject = HEAT) -> str:
    """What is said of forecasts that lie too low by `shift` and miss by a tenth."""
    return forecasts.residuals(forecast(PRICES[1:] - shift - SMALL), subject, 100)["residuals"].says


@pytest.mark.parametrize(
    ("shift", "said"),
    [
        (0.5, "Forecasts lie too low (mean residual 0."),
        (-0.5, "Forecasts lie too high (mean residual -0."),
        (0.0, "Forecasts show no bias beyond chance (mean residual "),
    ],
)
def test_forecasts_that_lie_too_low_are_told_from_those_that_lie_too_high(shift: float, said: str) -> None:
    missed = SMALL + shift
    p = stats.ttest_1samp(missed, 0).pvalue
    says = residuals(shift)
    assert says.startswith(said)
    assert f"(mean residual {missed.mean():.3g} °C, p {'<0.0001' if p < 0.0001 else f'{p:.4f}'})" in says


def test_the_largest_residual_is_told_with_its_date() -> None:
    own = forecast(PRICES[1:] - SMALL)
    own.loc[77, "predicted"] = own.loc[77, "actual"] + 9
    assert forecasts.residuals(own, HEAT, 100)["residuals"].says.endswith(
        "; the largest residual, -9 °C, is of 2001-03-20."
    )


def test_residuals_of_prices_are_in_percent_of_the_last_price() -> None:
    own = forecast(PRICES[1:] - 0.01 * PRICES[:-1])
    values = forecasts.residuals(own, CLOSE, 1000)["residuals"].rows["values"]["value"]
    np.testing.assert_allclose(values, 0.01)
    assert "too low (mean residual +0." in residuals(0.5, CLOSE)


def test_residuals_have_a_figure_over_time_of_their_distribution_tails_and_memory() -> None:
    found = forecasts.residuals(SHADOWING, CLOSE, 100)
    assert list(found) == ["residuals", "residual_distribution", "residual_quantiles", "residual_memory"]
    assert len(found["residuals"].rows["values"]) == len(found["residual_quantiles"].rows["dots"]) == 100
    assert len(found["residual_memory"].rows["lags"]) == 30
    assert all("residual" in figure.title.lower() for figure in found.values())


def test_residuals_that_follow_from_those_before_are_told_from_those_that_do_not() -> None:
    def says(missed: np.ndarray) -> str:
        return forecasts.residuals(forecast(PRICES[1:] - missed), HEAT, 100)["residual_memory"].says

    assert says(SMALL).startswith("The residuals are not told apart from noise: ")
    assert says(np.convolve(SMALL, np.ones(5), "same")).startswith(
        "The residuals are correlated with those before: +0."
    )


def test_a_perfect_forecast_has_no_bias() -> None:
    assert residuals(0.0).startswith("Forecasts show no bias")
    perfect = forecasts.residuals(forecast(PRICES[1:]), HEAT, 100)
    assert perfect["residuals"].says.startswith("Forecasts show no bias beyond chance (mean residual 0 °C, p 1.")


def test_what_never_came_is_passed_over() -> None:
    own = forecast(PRICES[1:] - SMALL - 0.5)
    own.loc[[3, 50], "actual"] = np.nan
    found = forecasts.residuals(own, HEAT, 1000)
    assert found["residuals"].says.startswith("Forecasts lie too low")
    assert "of 298 residuals" in found["residual_distribution"].says


def test_forecasts_that_always_miss_by_as_much_are_said_to_be_too_low() -> None:
    rising = np.arange(301.0)
    says = forecasts.residuals(forecast(rising[:-1], rising), HEAT, 100)["residuals"].says
    assert says.startswith("Forecasts lie too low (mean residual 1")
