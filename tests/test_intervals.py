"""Bands hold as often as they promise; the tests that say so agree with independent ones."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import stats

from pipeline import intervals
from pipeline.errors import UserError
from pipeline.intervals import (
    CONSTANT,
    CURRENT,
    beta_binomial,
    christoffersen,
    half_widths,
    kupiec,
    measures,
    quantile,
    refuse_too_few,
    scales,
)
from pipeline.scores import NETWORK, POOLED, origins


@pytest.mark.parametrize("n", [9, 19, 50, 377])
@pytest.mark.parametrize("coverage", [0.5, 0.8, 0.9])
def test_the_quantile_is_numpys_of_the_raised_level(n: int, coverage: float) -> None:
    rng = np.random.default_rng(n)
    errors, scale = rng.normal(0, 1, n), rng.uniform(0.5, 2, n)
    level = np.ceil(round((n + 1) * coverage, 9)) / n
    expected = np.quantile(np.abs(errors / scale), level, method="inverted_cdf")
    assert quantile(errors, scale, coverage) == expected


def test_exchangeable_errors_are_held_exactly_as_often_as_promised() -> None:
    """With n = 19 and 90 %, rank 18 of 20: the next one lies below with probability 18 / 20."""
    errors = np.random.default_rng(0).standard_t(3, (20_000, 20))
    held = [abs(own[-1]) <= quantile(own[:-1], np.ones(19), 0.9) for own in errors]
    assert np.mean(held) == pytest.approx(0.9, abs=0.007)


def test_what_is_unknown_does_not_calibrate() -> None:
    errors = np.array([1.0, np.nan, 2.0, 3.0, 4.0])
    assert quantile(errors, np.array([1.0, 1.0, 1.0, np.nan, 1.0]), 0.5) == 2.0


def test_too_few_to_calibrate_on_is_said_with_what_would_do() -> None:
    forecasts, scale = banded(*made(n=80))  # 9 of them in the later half of validation whose targets are there
    count = int(((forecasts["half"] == "later") & (forecasts["horizon"] == 1)).sum())
    refuse_too_few(forecasts, scale[NETWORK], count / (count + 1))
    with pytest.raises(UserError, match=rf"^params.yaml: evaluate.coverage: found 0.99, but the later .* has {count} "):
        refuse_too_few(forecasts, scale[NETWORK], 0.99)
    with pytest.raises(UserError, match="has no forecast of a value that moves"):
        refuse_too_few(forecasts, scale[NETWORK] * np.nan, 0.5)
    assert np.isnan(quantile(np.ones(9), np.ones(9), 0.95))
    assert quantile(np.ones(9), np.ones(9), 0.9) == 1


def test_the_smallest_coverage_takes_the_smallest_score() -> None:
    assert quantile(np.array([3.0, 1.0, 2.0]), np.ones(3), 1e-12) == 1


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


def test_kupiec_agrees_with_jorions_example() -> None:
    """Jorion, "Value at Risk", 3rd ed., chapter 6: 20 exceptions in 252 days at 95 %: LR 3.91, rejected at 5 %."""
    missed = np.arange(252) < 20
    assert kupiec(missed, 0.95) == pytest.approx(stats.chi2.sf(3.91, 1), abs=0.001)
    assert kupiec(missed, 0.95) < 0.05


@pytest.mark.parametrize("misses", [0, 1, 60, 100])
def test_kupiec_is_the_binomial_likelihood_ratio(misses: int) -> None:
    missed = np.arange(600) < misses
    ratio = 2 * (stats.binom.logpmf(misses, 600, misses / 600) - stats.binom.logpmf(misses, 600, 0.1))
    assert kupiec(missed, 0.9) == pytest.approx(stats.chi2.sf(ratio, 1), rel=1e-6)


def test_sound_bands_are_rejected_as_seldom_as_promised_where_calibration_is_allowed_for() -> None:
    """Exchangeable errors, 377 to calibrate on and 755 to test: Kupiec's test rejects four times too often."""
    rng, found = np.random.default_rng(0), []
    for _ in range(600):
        errors = np.abs(rng.normal(0, 1, 377 + 755))
        missed = errors[377:] > quantile(errors[:377], np.ones(377), 0.9)
        found.append((beta_binomial(missed, 0.9, 377) < 0.05, kupiec(missed, 0.9) < 0.05))
    exact, naive = np.mean(found, axis=0)
    assert 0.02 < exact < 0.07
    assert naive > 0.15


def test_a_band_that_is_too_narrow_is_rejected_all_the_same() -> None:
    assert beta_binomial(np.arange(755) < 160, 0.9, 377) < 0.001
    assert beta_binomial(np.arange(755) < 75, 0.9, 377) > 0.9


@pytest.mark.parametrize("seed", range(4))
def test_christoffersen_is_the_likelihood_ratio_of_a_logit_on_yesterday(seed: int) -> None:
    rng, missed = np.random.default_rng(seed), [False]
    for _ in range(700):
        missed.append(bool(rng.random() < (0.2 if missed[-1] else 0.08)))
    hits = np.array(missed)
    logit = sm.Logit(hits[1:].astype(float), sm.add_constant(hits[:-1].astype(float))).fit(disp=0)
    assert christoffersen(hits) == pytest.approx(logit.llr_pvalue, rel=1e-4)


def test_christoffersen_of_no_miss_is_no_evidence() -> None:
    assert christoffersen(np.zeros(100, dtype=bool)) == 1


def made(tickers: tuple[str, ...] = ("A",), n: int = 2000, seed: int = 0) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rows and predictions, horizon 2, of returns whose variance is known to the forecaster and changes a lot."""
    rows, predictions = [], []
    for at, ticker in enumerate(tickers):
        rng = np.random.default_rng(seed + at)
        g = np.log(1e-4) + np.cumsum(rng.normal(0, 0.1, n + 2)) * 0.3
        moves = rng.normal(0, 1, n + 2) * np.exp(g / 2)
        dates = pd.bdate_range("2000-01-03", periods=n + 2).as_unit("us")
        split = np.repeat(["train", "validation", "test"], [n // 2, n // 4, n - n // 2 - n // 4])
        last = np.full(n, 100.0)
        own = pd.DataFrame({"ticker": ticker, "date": dates[:n], "split": split, "last": last})
        rows.append(own.assign(volatility=0.01, date_1=dates[1:-1], date_2=dates[2:]))
        for h in (1, 2):
            error = 100 * (moves[1:-1] if h == 1 else moves[1:-1] + moves[2:])
            forecast = {"ticker": ticker, "origin": dates[:n], "horizon": h, "date": dates[h : n + h], "split": split}
            forecast |= {"last": last, "predicted": last, "actual": last + error, "variance_predicted": g[h : n + h]}
            predictions.append(pd.DataFrame(forecast))
    found = pd.concat(predictions).sort_values(["ticker", "origin", "horizon"], ignore_index=True)
    return pd.concat(rows, ignore_index=True), found


def forecast(predictions: pd.DataFrame) -> pd.DataFrame:
    """What the network forecasts of the variance, as tables/forecasts has it."""
    own = predictions[["ticker", "origin", "horizon"]].assign(model=NETWORK, target="variance")
    return own.assign(predicted=predictions["variance_predicted"])


def banded(rows: pd.DataFrame, predictions: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The forecasts with what their origins are, and their scales."""
    forecasts = predictions.merge(origins(rows, priced=True), on=["ticker", "origin"])
    return forecasts, scales(rows, predictions, forecast(predictions), priced=True)


def test_scales_add_up_the_variances_up_to_the_horizon() -> None:
    rows, predictions = made(n=40)
    found = scales(rows, predictions, forecast(predictions), priced=True)
    variance = np.exp(predictions["variance_predicted"].to_numpy())
    np.testing.assert_allclose(found[NETWORK].to_numpy()[::2], 100 * np.sqrt(variance[::2]))
    np.testing.assert_allclose(found[NETWORK].to_numpy()[1::2], 100 * np.sqrt(variance[::2] + variance[1::2]))
    np.testing.assert_allclose(found[CURRENT].to_numpy()[:2], [1.0, np.sqrt(2)])
    assert set(found[CONSTANT]) == {100.0}


def test_a_simple_model_of_the_variance_scales_bands_too() -> None:
    rows, predictions = made(n=40)
    theirs = predictions[["ticker", "origin", "horizon"]].assign(model="har", target="variance", predicted=np.log(1e-4))
    found = scales(rows, predictions, theirs, priced=True)
    np.testing.assert_allclose(found["har"].to_numpy()[:2], [1.0, np.sqrt(2)])


def test_without_a_variance_the_bands_follow_the_absolute_changes() -> None:
    rows, predictions = made(n=60)
    rows = rows.assign(volatility=np.nan, last=np.cumsum(np.random.default_rng(0).normal(0, 1, 60)))
    predictions = predictions.assign(variance_predicted=np.nan)
    found = scales(rows, predictions, forecast(predictions), priced=False)
    expected = rows["last"].diff().abs().ewm(alpha=0.06).mean()
    np.testing.assert_allclose(found[CURRENT].to_numpy()[::2], expected)
    assert intervals.chosen(found) == CURRENT
    assert set(found[CONSTANT]) == {1.0}


def test_bands_as_wide_as_the_forecast_volatility_hold_in_calm_and_in_storm_and_constant_ones_do_not() -> None:
    forecasts, scale = banded(*made(n=8000))
    found = intervals.table(forecasts, scale, 0.9).set_index(["scale", "calibrated", "horizon", "slice"])
    for h in (1, 2):
        assert found.loc[(NETWORK, "later", h, "all"), "coverage"] == pytest.approx(0.9, abs=0.02)
    half = half_widths(forecasts, scale[CONSTANT], "later", 0.9)
    tested = forecasts[(forecasts["split"] == "test") & (forecasts["horizon"] == 1)]
    calm = tested["variance_predicted"] < tested["variance_predicted"].median()
    missed = (tested["actual"] - tested["predicted"]).abs() > half[tested.index]
    assert missed[~calm].mean() > missed[calm].mean() + 0.05
    score = found["interval_score"]
    assert score[(NETWORK, "later", 1, "all")] < score[(CONSTANT, "later", 1, "all")]
    assert found.loc[(NETWORK, "later", 1, "all"), "kupiec"] > 0.01
    assert found.loc[(NETWORK, "later", 2), "kupiec"].isna().all()


def test_the_halves_of_validation_give_bands_of_their_own_and_test_gives_none() -> None:
    rows, predictions = made()
    forecasts, scale = banded(rows, predictions)
    later, stopping = (half_widths(forecasts, scale[NETWORK], half, 0.9) for half in ("later", "stopping"))
    assert not np.array_equal(later, stopping)
    wild = forecasts.assign(actual=forecasts["actual"].where(forecasts["split"] != "test", 1e6))
    np.testing.assert_array_equal(half_widths(wild, scale[NETWORK], "later", 0.9), later)


def test_several_tickers_are_calibrated_together_and_told_apart_and_pooled() -> None:
    forecasts, scale = banded(*made(("A", "B")))
    found = intervals.table(forecasts, scale, 0.9)
    assert set(found["ticker"]) == {"A", "B", POOLED}
    assert set(found.loc[found["ticker"] == "A", "slice"]) == {"all"}
    assert "high volatility" in set(found.loc[found["ticker"] == POOLED, "slice"])
    assert found.loc[found["ticker"] == POOLED, "kupiec"].isna().all()
    one = found[(found["horizon"] == 1) & (found["scale"] == NETWORK) & (found["calibrated"] == "later")]
    counts = one[one["slice"] == "all"].set_index("ticker")["n"]
    assert counts[POOLED] == counts["A"] + counts["B"]
