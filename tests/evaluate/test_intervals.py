"""Bands hold as often as they promise, calibrated on the later half of validation alone."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from pipeline.evaluate import intervals
from pipeline.evaluate.intervals import CONSTANT, CURRENT, calibrated, coverage_p, measures, quantile, scales
from pipeline.forecaster.forecasts import NETWORK
from pipeline.forecaster.preparation import ALL as EVERY
from pipeline.io.errors import UserError
from pipeline.scoring.columns import POOLED, TERCILES


@pytest.mark.parametrize("n", [9, 19, 50, 377])
@pytest.mark.parametrize("coverage", [0.5, 0.8, 0.9])
def test_the_quantile_is_numpys_of_the_raised_level(n: int, coverage: float) -> None:
    scores = np.sort(np.random.default_rng(n).exponential(1, n))
    level = np.ceil(round((n + 1) * coverage, 9)) / n
    assert quantile(scores, coverage) == np.quantile(scores, level, method="inverted_cdf")


def test_exchangeable_errors_are_held_exactly_as_often_as_promised() -> None:
    """With n = 19 and 90 %, rank 18 of 20: the next one lies below with probability 18 / 20."""
    errors = np.abs(np.random.default_rng(0).standard_t(3, (20_000, 20)))
    held = [own[-1] <= quantile(np.sort(own[:-1]), 0.9) for own in errors]
    assert np.mean(held) == pytest.approx(0.9, abs=0.007)


def test_the_smallest_coverage_takes_the_smallest_score_and_too_large_a_one_has_none() -> None:
    scores = np.arange(1.0, 10.0)
    assert quantile(scores, 1e-12) == 1
    assert quantile(scores, 0.9) == 9
    assert np.isnan(quantile(scores, 0.91))


def test_measures_by_hand() -> None:
    """One held, one 0.5 above, one 0.25 below; alpha 0.2 makes each unit missed cost ten."""
    lower, upper = np.array([0.0, 0.0, 0.0]), np.array([1.0, 1.0, 2.0])
    found = measures(np.array([0.5, 1.5, -0.25]), lower, upper, 0.8)
    assert found["coverage"] == pytest.approx(1 / 3)
    assert found["width"] == pytest.approx(4 / 3)
    assert found["interval_score"] == pytest.approx((1 + (1 + 10 * 0.5) + (2 + 10 * 0.25)) / 3)


def test_the_interval_score_is_least_for_the_true_quantiles() -> None:
    actual = np.random.default_rng(1).normal(0, 1, 200_000)

    def score(z: float) -> float:
        return measures(actual, np.full_like(actual, -z), np.full_like(actual, z), 0.9)["interval_score"]

    best = stats.norm.ppf(0.95)
    assert score(best) < min(score(best - 0.2), score(best + 0.2))


def test_sound_bands_are_rejected_as_seldom_as_promised() -> None:
    """Exchangeable errors, 377 to calibrate on and 755 to test."""
    rng, rejected = np.random.default_rng(0), []
    for _ in range(600):
        errors = np.abs(rng.normal(0, 1, 377 + 755))
        missed = errors[377:] > quantile(np.sort(errors[:377]), 0.9)
        rejected.append(coverage_p(missed, 0.9, 377) < 0.05)
    assert 0.02 < np.mean(rejected) < 0.07


def test_a_band_that_is_too_narrow_or_too_wide_is_rejected() -> None:
    assert coverage_p(np.arange(755) < 160, 0.9, 377) < 0.001
    assert coverage_p(np.arange(755) < 75, 0.9, 377) > 0.9
    assert coverage_p(np.arange(755) < 20, 0.9, 377) < 0.001


def made(*tickers: str, n: int = 2000) -> pd.DataFrame:
    """Forecasts, horizon 2, of returns whose variance is known to the forecaster and changes a lot; each `change` 1."""
    parts = []
    for seed, ticker in enumerate(tickers):
        rng = np.random.default_rng(seed)
        g = np.log(1e-4) + np.cumsum(rng.normal(0, 0.03, n + 2))
        moves = 100 * rng.normal(0, 1, n + 2) * np.exp(g / 2)
        dates = pd.bdate_range("2000-01-03", periods=n + 2).as_unit("us")
        split = np.repeat(["train", "validation", "test"], [n // 2, n // 4, n - n // 2 - n // 4])
        own = pd.DataFrame({"ticker": ticker, "origin": dates[:n], "split": split, "tercile": np.arange(n) % 3.0})
        own = own.assign(last=100.0, predicted=100.0, change=1.0, percent=1.0, error_scale=1.0)
        for h, error in ((1, moves[1:-1]), (2, moves[1:-1] + moves[2:])):
            known = {"horizon": h, "date": dates[h : n + h], "variance_predicted": g[h : n + h]}
            parts.append(own.assign(**known, actual=100 + error))
    return pd.concat(parts).sort_values(["ticker", "origin", "horizon"], ignore_index=True)


def scales_of(predictions: pd.DataFrame, model: str = NETWORK) -> pd.DataFrame:
    """The scales where a model forecasts the variance that is known."""
    return scales(predictions, predictions[["variance_predicted"]].set_axis([model], axis=1), priced=True)


@pytest.mark.parametrize("model", [NETWORK, "har"])
def test_scales_add_up_the_variances_up_to_the_horizon(model: str) -> None:
    forecasts = made("A", "B", n=40)
    found, variance = scales_of(forecasts, model), np.exp(forecasts["variance_predicted"].to_numpy())
    np.testing.assert_allclose(found[model].to_numpy()[::2], 100 * np.sqrt(variance[::2]))
    np.testing.assert_allclose(found[model].to_numpy()[1::2], 100 * np.sqrt(variance[::2] + variance[1::2]))
    np.testing.assert_allclose(found[CURRENT].to_numpy()[:2], [1.0, np.sqrt(2)])
    assert set(found[CONSTANT]) == {100.0}
    assert set(scales_of(forecasts, f"{NETWORK} 1")) == {CURRENT, CONSTANT}  # a member makes no bands


def test_what_has_no_price_takes_no_variance_and_its_constant_bands_no_price() -> None:
    forecasts = made("A", n=40)
    found = scales(forecasts, pd.DataFrame({NETWORK: np.zeros(len(forecasts))}), priced=False)
    assert set(found) == {CURRENT, CONSTANT}
    assert set(found[CONSTANT]) == {1.0}
    assert intervals.chosen_method(found) == CURRENT


def test_bands_are_calibrated_on_validation_alone() -> None:
    forecasts = made("A")
    scale = scales_of(forecasts)
    found = calibrated(forecasts, scale, 0.9, "together")
    is_validation = forecasts["split"] == "validation"
    own = forecasts[is_validation & (forecasts["horizon"] == 2)]
    errors = ((own["actual"] - own["predicted"]).abs() / scale[NETWORK][own.index]).sort_values()
    assert found.quantiles[EVERY][1] == errors.iloc[intervals.rank(len(own), 0.9) - 1]
    wild = forecasts.assign(actual=forecasts["actual"].where(is_validation, 1e6))
    assert calibrated(wild, scale, 0.9, "together") == found


def test_too_few_to_calibrate_on_is_said_with_what_would_do() -> None:
    forecasts = made("A", n=40)  # 10 of them on validation
    forecasts.loc[(forecasts["split"] == "validation") & (forecasts["horizon"] == 2), "actual"] = [*range(9), np.nan]
    scale = scales_of(forecasts)
    assert calibrated(forecasts, scale, 0.9, "together").quantiles[EVERY][1] > 0
    with pytest.raises(UserError, match=r"^params.yaml: evaluate.coverage: found 0.91, but .* only 9 .* 0.9,"):
        calibrated(forecasts, scale, 0.91, "together")
    for none in (forecasts.assign(change=np.nan), forecasts.assign(split="test")):
        with pytest.raises(UserError, match="only 0 forecasts to calibrate the bands on; accepted: a series"):
            calibrated(none, scales_of(none, "har"), 0.5, "together")


def test_bands_as_wide_as_the_forecast_volatility_hold_in_calm_and_in_storm_and_constant_ones_do_not() -> None:
    forecasts = made("A", n=8000)
    storm = forecasts.groupby(["split", "horizon"])["variance_predicted"].rank(pct=True)
    found = intervals.table(forecasts.assign(tercile=np.ceil(storm * 3) - 1), scales_of(forecasts), 0.9, "together")
    held = found.set_index(["method", "horizon", "slice"])["coverage"]
    for h in (1, 2):
        for part in ("all", *TERCILES):
            assert held[NETWORK, h, part] == pytest.approx(0.9, abs=0.03)
        assert held[CONSTANT, h, TERCILES[0]] > held[CONSTANT, h, TERCILES[2]] + 0.05
    whole = found[found["slice"] == "all"].set_index(["method", "horizon"])
    assert whole["interval_score"][NETWORK, 1] < whole["interval_score"][CONSTANT, 1]
    assert whole["p_value"][NETWORK, 1] > 0.01
    assert found.loc[(found["horizon"] == 2) | (found["slice"] != "all"), "p_value"].isna().all()


def test_several_tickers_are_calibrated_together_and_told_apart_and_pooled() -> None:
    forecasts = made("A", "B")
    found = intervals.table(forecasts, scales_of(forecasts), 0.9, "together")
    assert set(found["ticker"]) == {"A", "B", POOLED}
    assert set(found.loc[found["ticker"] == "A", "slice"]) == {"all"}
    assert set(TERCILES) < set(found.loc[found["ticker"] == POOLED, "slice"])
    assert found.loc[found["ticker"] == POOLED, "p_value"].isna().all()
    one = found[(found["horizon"] == 1) & (found["method"] == NETWORK) & (found["slice"] == "all")]
    assert one.set_index("ticker")["n"].to_dict() == {"A": 500, "B": 500, POOLED: 1000}  # of test alone
    assert set(found.loc[found["method"] == CURRENT, "slice"]) == {"all"}


def test_several_that_are_no_prices_are_told_in_their_units_and_one_in_its_own_values() -> None:
    def widths(own: pd.DataFrame) -> pd.Series:
        return intervals.table(own, scales_of(own), 0.9, "together")["width"]

    forecasts = made("A", "B").assign(percent=np.nan)
    alone = forecasts[forecasts["ticker"] == "A"]
    np.testing.assert_allclose(widths(forecasts.assign(error_scale=4.0)), widths(forecasts) / 4)
    np.testing.assert_allclose(widths(alone.assign(error_scale=4.0)), widths(alone))


def test_bands_by_ticker_are_those_of_each_ticker_alone() -> None:
    forecasts = pd.concat([made("A"), made("B", n=800)], ignore_index=True)
    scale = scales_of(forecasts)
    bands = calibrated(forecasts, scale, 0.9, "by_ticker")
    results = intervals.table(forecasts, scale, 0.9, "by_ticker")
    assert list(bands.quantiles) == ["A", "B"]
    together = calibrated(forecasts, scale, 0.9, "together").quantiles
    for ticker, own in forecasts.groupby("ticker"):
        alone = calibrated(own, scales_of(own), 0.9, "together").quantiles
        assert bands.quantiles[ticker] == alone[EVERY] != together[EVERY]
        expected = intervals.table(own, scales_of(own), 0.9, "together").query("slice == 'all'")
        found = results[results["ticker"] == ticker].reset_index(drop=True)
        pd.testing.assert_frame_equal(found, expected.reset_index(drop=True), check_exact=True)  # also the p-value
    other = intervals.table(forecasts, scale, 0.9, "together")
    assert not other["coverage"].equals(results["coverage"])


def test_a_ticker_with_too_few_to_calibrate_on_is_named() -> None:
    forecasts = pd.concat([made("A"), made("B", n=32), made("C", n=40).replace({"validation": "test"})])
    forecasts = forecasts.reset_index(drop=True)
    with pytest.raises(UserError) as error:
        calibrated(forecasts, scales_of(forecasts), 0.9, "by_ticker")
    few, none = str(error.value).splitlines()
    assert few == (
        "params.yaml: evaluate.coverage: found 0.9, but validation has only 8 forecasts of B to calibrate the bands "
        "on; accepted: at most 0.888, or a larger prepare.validation"
    )
    assert none == (
        "params.yaml: evaluate.coverage: found 0.9, but validation has only 0 forecasts of C to calibrate the bands "
        "on; accepted: a series that changes, or a larger prepare.validation"
    )
    assert calibrated(forecasts, scales_of(forecasts), 0.9, "together")
    assert set(intervals.table(forecasts, scales_of(forecasts), 0.9, "by_ticker")["ticker"]) == {"A", POOLED}


def test_no_band_is_put_around_the_forecasts_that_it_was_calibrated_on() -> None:
    """The sessions of one market's validation may follow an origin of another one's test, during a long holiday."""
    forecasts = made("A", "B", n=400)
    first = forecasts.loc[forecasts["split"] == "test", "origin"].min()
    holiday = (forecasts["ticker"] == "B") & forecasts["origin"].between(first, first + pd.Timedelta(days=14))
    forecasts["split"] = forecasts["split"].mask(holiday, "validation")
    scale = scales_of(forecasts)
    banded = intervals.with_bands(forecasts, scale, calibrated(forecasts, scale, 0.9, "by_ticker"))
    assert set(banded.loc[banded["upper"].notna(), "split"]) == {"test"}
