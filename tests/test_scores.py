"""Measures agree with scikit-learn's, the Diebold-Mariano test with statsmodels', and ties are ties."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import stats
from sklearn.metrics import mean_absolute_error, mean_squared_error, r2_score, root_mean_squared_error

from pipeline import scores
from pipeline.errors import UserError
from pipeline.scores import (
    NETWORK,
    POOLED,
    Part,
    best_of,
    correlations,
    diebold_mariano,
    direction,
    measures,
    qlike,
    side_by_side,
    skill,
    smearing,
)
from pipeline.slices import ALL

RNG = np.random.default_rng(0)
ACTUAL, PREDICTED, REFERENCE = (RNG.normal(10, 2, 300) for _ in range(3))
BOTH = np.column_stack([PREDICTED, REFERENCE])
DATES = pd.date_range("2001-01-01", periods=300).to_numpy()


def test_measures_agree_with_scikit_learn() -> None:
    found = measures(ACTUAL, BOTH)
    for at, predicted in enumerate((PREDICTED, REFERENCE)):
        assert found["mse"][at] == pytest.approx(mean_squared_error(ACTUAL, predicted))
        assert found["rmse"][at] == pytest.approx(root_mean_squared_error(ACTUAL, predicted))
        assert found["mae"][at] == pytest.approx(mean_absolute_error(ACTUAL, predicted))
        assert found["r2"][at] == pytest.approx(r2_score(ACTUAL, predicted))
    rival = mean_squared_error(ACTUAL, REFERENCE)
    assert skill(found["mse"], rival).tolist() == pytest.approx([1 - found["mse"][0] / rival, 0])


def test_direction_is_the_share_told_right_beside_the_share_of_ups() -> None:
    change = np.array([1.0, 2.0, -1.0, 0.0, 3.0, -2.0])  # a day without change does not count
    predicted = np.column_stack([[1.0, -1.0, -1.0, 1.0, 1.0, -0.5], np.zeros(6)])
    right, ups = direction(change, predicted)
    assert right[0] == 4 / 5
    assert np.isnan(right[1])  # persistence tells no direction
    assert ups == 3 / 5
    assert np.isnan(direction(np.zeros(3), np.ones((3, 1)))[0]).all()


def test_correlations_are_scipys() -> None:
    found = correlations(BOTH, ACTUAL)
    assert found.tolist() == pytest.approx([stats.pearsonr(own, ACTUAL)[0] for own in (PREDICTED, REFERENCE)])
    assert np.isnan(correlations(np.ones((5, 1)), np.arange(5.0))).all()


def test_a_forecast_that_repeats_the_last_value_correlates_with_it_more_than_with_the_next() -> None:
    price = 100 + np.cumsum(np.random.default_rng(1).normal(0, 1, 500))
    follower = price[:-1, None] + np.random.default_rng(2).normal(0, 0.1, (499, 1))
    assert correlations(follower, price[:-1]) > correlations(follower, price[1:])


def test_qlike_by_hand_and_least_at_the_smearing_estimate() -> None:
    actual, predicted = np.log(np.array([1.0, 4.0])), np.log(np.array([[2.0], [2.0]]))
    by_hand = np.mean([0.5 - np.log(0.5) - 1, 2 - np.log(2) - 1])
    assert qlike(actual, predicted, np.ones(1)).mean() == pytest.approx(by_hand)
    variances, forecast = RNG.normal(-9, 1, 500), np.full((500, 1), -9.2)
    smear = smearing(variances, forecast)
    assert smear[0] == pytest.approx(np.mean(np.exp(variances)) / np.exp(-9.2))
    best, more, less = (qlike(variances, forecast, smear * factor).mean() for factor in (1, 1.05, 0.95))
    assert best < min(more, less)


def test_the_best_simple_model_is_that_of_validation_and_the_reference_where_it_is_as_good() -> None:
    models = {NETWORK: [1.0, 2.0], "naive": [1.0, 1.0], "other": [1.5, 2.0], "twin": [1.0, 1.0]}
    predicted = np.column_stack(list(models.values()))
    none, years = np.zeros(2), np.array([2001, 2001], np.int32)
    validation = Part(np.array([1.0, 2.0]), predicted, none, DATES[:2], years, none, none > 0)
    assert best_of(validation, list(models), "naive") == "other"  # the network is no simple model
    without = validation._replace(predicted=predicted[:, [0, 1, 3]])
    assert best_of(without, [NETWORK, "naive", "twin"], "twin") == "twin"
    empty = validation.where(np.zeros(2, dtype=bool))
    assert best_of(empty, list(models), "naive") == "naive"


def autocorrelated(n: int, mean: float, seed: int) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(0, 1, n + 1)
    return mean + noise[1:] + 0.6 * noise[:-1]


@pytest.mark.parametrize("horizon", [1, 5, 12])
@pytest.mark.parametrize("n", [60, 755])
def test_diebold_mariano_is_statsmodels_hac_mean_with_harveys_correction(horizon: int, n: int) -> None:
    difference = autocorrelated(n, 0.1, seed=n)
    lags = max(2 * (horizon - 1), int(4 * (n / 100) ** (2 / 9)))
    theirs = sm.OLS(difference, np.ones(n)).fit(cov_type="HAC", cov_kwds={"maxlags": lags, "use_correction": False})
    harvey = np.sqrt((n + 1 - 2 * horizon + horizon * (horizon - 1) / n) / n)
    expected = 2 * stats.t.sf(abs(harvey * theirs.tvalues[0]), n - 1)
    assert diebold_mariano(difference, horizon) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(("horizon", "most"), [(1, 0.07), (5, 0.09)])
def test_it_finds_no_difference_where_there_is_none(horizon: int, most: float) -> None:
    """Differences as overlapping horizons give them: a moving sum of `horizon` shocks. Nominal: 0.05."""
    noise = np.random.default_rng(0).normal(0, 1, (1000, 755 + horizon - 1))
    differences = np.lib.stride_tricks.sliding_window_view(noise, horizon, axis=1).sum(axis=2)
    assert 0.03 < np.mean([diebold_mariano(own, horizon) < 0.05 for own in differences]) < most


def test_it_finds_a_difference_where_there_is_one() -> None:
    assert np.mean([diebold_mariano(autocorrelated(500, 0.4, seed), 1) < 0.05 for seed in range(50)]) > 0.9


def test_equal_forecasts_have_p_1_and_too_few_have_none() -> None:
    assert diebold_mariano(np.zeros(50), 1) == 1
    assert np.isnan(diebold_mariano(np.ones(9), 1))


def forecasts(tickers: dict[str, float], splits: tuple[str, ...] = ("test",)) -> list[tuple[str, pd.DataFrame]]:
    """Two models' forecasts of tickers whose prices differ by a factor; `network` errs half as much as `naive`."""
    parts = []
    for ticker, factor in tickers.items():
        models = {"naive": 1.0, NETWORK: 0.5}
        predicted = {model: factor * (ACTUAL + share * (PREDICTED - 10)) for model, share in models.items()}
        own = {"origin": DATES, "date": DATES, "actual": factor * ACTUAL, "unit": factor, "center": factor * 10}
        own |= {"third": np.arange(300) % 3.0, "percent": factor / 10, "ticker": ticker}
        parts += [pd.DataFrame({**own, **predicted, "split": split}) for split in splits]
    return [("price", pd.concat(parts).assign(horizon=1))]


def scored(tickers: dict[str, float]) -> pd.DataFrame:
    found = scores.table(forecasts(tickers), {"price": "naive"})
    return found[found["slice"] == ALL].set_index(["ticker", "model"])


def test_each_model_is_judged_against_the_reference_of_the_same_days() -> None:
    found = scored({"A": 1.0}).loc["A"]
    assert found.loc["naive", ["skill", "p_value"]].tolist() == [0, 1]
    assert found.loc[NETWORK, "skill"] == pytest.approx(0.75)
    assert found.loc[NETWORK, "p_value"] < 1e-6
    assert found.loc[NETWORK, "skill_low"] < 0.75 < found.loc[NETWORK, "skill_high"]


def test_a_simple_model_is_tested_against_the_network_too() -> None:
    found = scored({"A": 1.0}).loc["A"]
    assert found.loc["naive", "p_network"] == found.loc[NETWORK, "p_value"]
    assert found.loc[NETWORK, "p_network"] == 1
    (_, rows), parts = forecasts({"A": 1.0})[0], ("train", "test")
    both = pd.concat([rows.assign(split=split, center=0.0) for split in parts])
    variance = scores.table([("variance", both)], {"variance": "naive"}).query("split == 'test' and slice == 'all'")
    own = variance.set_index("model")
    assert own.loc[NETWORK, "qlike"] < own.loc["naive", "qlike"]
    assert own.loc["naive", "p_qlike"] < 0.05


def test_r2_of_the_return_is_scikit_learns_on_returns() -> None:
    found = scored({"A": 1.0}).loc[("A", NETWORK)]
    predicted = ACTUAL + 0.5 * (PREDICTED - 10)
    assert (predicted > 0).all()
    assert found["r2_return"] == pytest.approx(r2_score(np.log(ACTUAL / 10), np.log(predicted / 10)))


def test_slices_of_years_and_volatility_have_measures_and_no_tests() -> None:
    found = scores.table(forecasts({"A": 1.0}), {"price": "naive"})
    own = found[found["model"] == NETWORK].set_index("slice")
    assert set(own.index) == {ALL, "2001", "low volatility", "middle volatility", "high volatility"}
    assert own.loc[["low volatility", "middle volatility", "high volatility"], "n"].tolist() == [100] * 3
    assert own["skill"].notna().all()
    assert own.index[own["p_value"].notna()].tolist() == [ALL]
    thirds = own.loc[["low volatility", "middle volatility", "high volatility"], "mse"]
    assert thirds.mean() == pytest.approx(own.loc[ALL, "mse"])


def test_several_tickers_are_pooled_in_their_own_units() -> None:
    found = scored({"CHEAP": 1.0, "DEAR": 1000.0})
    assert found.loc[("DEAR", NETWORK), "mse"] == pytest.approx(1e6 * found.loc[("CHEAP", NETWORK), "mse"])
    assert found.loc[(POOLED, NETWORK), "mse"] == pytest.approx(found.loc[("CHEAP", NETWORK), "mse"])
    assert found.loc[(POOLED, NETWORK), "n"] == 600
    # two copies of one ticker know no more than one
    for measure in ("p_value", "direction", "always_up"):
        assert found.loc[(POOLED, NETWORK), measure] == pytest.approx(found.loc[("CHEAP", NETWORK), measure])
    assert np.isfinite(found.loc[(POOLED, NETWORK), "skill_low"])
    assert np.isnan(found.loc[("CHEAP", NETWORK), "skill_low"])


def test_a_panel_with_gaps_is_tested_on_what_its_skill_is_of() -> None:
    """19 tickers are there on one day in ten, and the network is good on these days alone."""
    rng = np.random.default_rng(0)
    parts = []
    for at in range(20):
        days = np.arange(300) if at == 0 else np.arange(0, 300, 10)
        size = np.where(days % 10 == 0, 0.7, 1.3)  # of the network's errors, against the naive one's
        own = pd.DataFrame({"origin": DATES[days], "date": DATES[days], "actual": rng.normal(0, 1, len(days))})
        own = own.assign(ticker=f"T{at}", unit=1.0, center=0.0, percent=np.nan, third=0.0, split="test", horizon=1)
        errors = rng.normal(0, 1, len(days))
        parts.append(own.assign(**{"naive": own["actual"] + errors, NETWORK: own["actual"] + size * errors}))
    found = scores.table([("price", pd.concat(parts, ignore_index=True))], {"price": "naive"})
    own = found[(found["ticker"] == POOLED) & (found["slice"] == ALL)].set_index("model").loc[NETWORK]
    assert own["skill_low"] < own["skill"] < own["skill_high"]
    assert own["skill"] > 0
    errors = np.array([[1.0], [3.0], [5.0]])
    np.testing.assert_allclose(scores.daily(errors, DATES[[1, 1, 2]]).mean(axis=0), errors.mean(axis=0))


PREDICTIONS = pd.DataFrame({
    "ticker": "A", "origin": DATES[:4], "horizon": 1, "split": ["train", "validation", "test", "future"],
    "date": DATES[1:5], "last": 10.0, "actual": [10.5, 11.0, 12.0, np.nan], "predicted": 10.2,
    "variance_actual": np.nan, "variance_predicted": np.nan, "third": 0.0, "unit": 1.0, "percent": 0.1,
})  # fmt: skip
SIMPLE = PREDICTIONS[["ticker", "origin", "horizon"]].assign(model="naive", target="price", predicted=10.0)


def test_the_same_origins_are_set_side_by_side_and_the_future_is_not_scored() -> None:
    values = {NETWORK: 10.2, "network 1": 10.1, "network 2": 10.3, "naive": 10.0}
    forecasts = pd.concat([SIMPLE.assign(model=name, predicted=value) for name, value in values.items()])
    ((target, found),) = side_by_side(PREDICTIONS, forecasts)
    assert target == "price"
    assert scores.models_of(found) == ["naive", NETWORK, "network 1", "network 2"]
    assert scores.simple(scores.models_of(found)) == ["naive"]
    assert found["split"].tolist() == ["train", "validation", "test"]
    assert found["network 2"].tolist() == [10.3] * 3


def test_a_missing_forecast_is_no_tie() -> None:
    with pytest.raises(
        UserError, match=r"^data/benchmark.parquet: naive lacks 1 of the network's 3 forecasts of known "
    ):
        list(side_by_side(PREDICTIONS, SIMPLE[SIMPLE["origin"] != DATES[1]]))


def rows(volatility: float | list[float]) -> pd.DataFrame:
    found = pd.DataFrame({"ticker": "A", "date": DATES[:4], "split": ["train"] * 3 + ["test"], "date_1": DATES[1:5]})
    return found.assign(last=[10.0, 12.0, 11.0, 90.0], volatility=volatility)


def test_errors_are_told_in_volatilities_and_without_them_in_typical_changes() -> None:
    found = scores.origins(rows([0.1, 0.2, 0.1, 0.5]), priced=True)
    assert found["unit"].tolist() == pytest.approx([1.0, 2.4, 1.1, 45.0])
    assert found["percent"].tolist() == pytest.approx([0.1, 0.12, 0.11, 0.9])
    assert scores.origins(rows(np.nan), priced=True)["unit"].tolist() == [1.5] * 4
    other = scores.origins(rows(np.nan), priced=False)
    assert other["unit"].tolist() == [1.5] * 4
    assert other["percent"].isna().all()


def test_a_ticker_that_never_changes_has_no_unit_and_spoils_no_other() -> None:
    assert scores.origins(rows(np.nan).assign(last=7.0), priced=False)["unit"].isna().all()
    ((target, both),) = forecasts({"A": 1.0, "B": 2.0})
    both["unit"] = both["unit"].where(both["ticker"] == "A")
    found = scores.table([(target, both)], {"price": "naive"})
    found = found[found["slice"] == ALL].set_index(["ticker", "model"])
    assert found.loc[(POOLED, NETWORK), "mse"] == pytest.approx(found.loc[("A", NETWORK), "mse"])
    assert found.loc[("B", NETWORK), "skill"] == pytest.approx(0.75)
