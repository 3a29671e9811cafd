"""Measures agree with scikit-learn's, and every model is scored on the same days, by slice and pooled."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import mean_absolute_error, mean_squared_error, r2_score, root_mean_squared_error

from pipeline.evaluate import scores
from pipeline.evaluate.scores import (
    best_simple_model,
    directional_accuracy,
    measures,
    qlike,
    side_by_side,
    slices,
    smearing,
    terciles,
)
from pipeline.forecaster.forecasts import NETWORK
from pipeline.io.errors import UserError
from pipeline.scoring.columns import ALL, POOLED, TERCILES
from pipeline.scoring.results import skill
from tests.conftest import made_preparation

RNG = np.random.default_rng(0)
ACTUAL, PREDICTED, REFERENCE = (RNG.normal(10, 2, 300) for _ in range(3))
BOTH = np.column_stack([PREDICTED, REFERENCE])
DATES = pd.date_range("2001-01-01", periods=300)


def test_measures_agree_with_scikit_learn() -> None:
    found = measures(ACTUAL, BOTH)
    for at, predicted in enumerate((PREDICTED, REFERENCE)):
        assert found["mse"][at] == pytest.approx(mean_squared_error(ACTUAL, predicted))
        assert found["rmse"][at] == pytest.approx(root_mean_squared_error(ACTUAL, predicted))
        assert found["mae"][at] == pytest.approx(mean_absolute_error(ACTUAL, predicted))
        assert found["r2"][at] == pytest.approx(r2_score(ACTUAL, predicted))
    rival = mean_squared_error(ACTUAL, REFERENCE)
    assert skill(found["mse"], rival).tolist() == pytest.approx([1 - found["mse"][0] / rival, 0])


def test_what_has_no_spread_has_no_r2_and_what_has_no_error_no_skill_against_it() -> None:
    assert np.isnan(measures(np.ones(3), np.zeros((3, 1)))["r2"]).all()
    assert np.isnan(skill(np.array([1.0, 0.0]), 0.0)).all()


def test_direction_is_the_share_told_right_beside_the_share_of_ups() -> None:
    change = np.array([1.0, 2.0, -1.0, 0.0, 3.0, -2.0])  # a day without change does not count
    predicted = np.column_stack([[1.0, -1.0, -1.0, 1.0, 1.0, -0.5], np.zeros(6)])
    right, ups = directional_accuracy(change, predicted)
    assert right[0] == 4 / 5
    assert np.isnan(right[1])  # persistence tells no direction
    assert ups == 3 / 5
    assert np.isnan(directional_accuracy(np.zeros(3), np.ones((3, 1)))[0]).all()


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
    models = [NETWORK, f"{NETWORK} 1", "naive", "other", "twin"]
    actual, predicted = np.array([1.0, 2.0]), np.array([[1.0, 1.0, 1.0, 1.5, 1.0], [2.0, 2.0, 1.0, 2.0, 1.0]])
    assert best_simple_model(actual, predicted, models, "naive") == "other"  # the network is no simple model
    without = [0, 1, 2, 4]
    assert best_simple_model(actual, predicted[:, without], [models[at] for at in without], "twin") == "twin"
    assert best_simple_model(actual[:0], predicted[:0], models, "naive") == "naive"


def test_years_and_thirds_share_the_forecasts_out() -> None:
    dates, tercile = pd.date_range("2001-12-01", periods=90).to_numpy(), np.repeat([0.0, 1.0, np.nan], 30)
    assert {name: int(own.sum()) for name, own in slices(dates, tercile, sliced=True)} == {
        ALL: 90, "2001": 31, "2002": 59, TERCILES[0]: 30, TERCILES[1]: 30,
    }  # fmt: skip
    assert [name for name, _ in slices(dates, tercile, sliced=False)] == [ALL]


def test_thirds_are_equal_and_by_ticker_and_split() -> None:
    rows = pd.DataFrame({"ticker": ["A"] * 60 + ["B"] * 30, "split": (["train"] * 30 + ["test"] * 30) + ["test"] * 30})
    volatility = pd.Series(np.random.default_rng(0).gamma(2, 1, 90) * np.repeat([1, 10, 100], 30))
    found = terciles(rows, volatility)
    for start in (0, 30, 60):
        own = found[start : start + 30]
        assert own.value_counts().to_dict() == {0.0: 10, 1.0: 10, 2.0: 10}
        assert volatility[own[own == 0].index].max() < volatility[own[own == 1].index].min()


def test_what_has_no_volatility_is_in_no_third() -> None:
    rows = pd.DataFrame({"ticker": "A", "split": "test"}, index=range(4))
    assert terciles(rows, pd.Series([1.0, np.nan, 2.0, 3.0])).isna().tolist() == [False, True, False, False]


def forecasts(tickers: dict[str, float]) -> pd.DataFrame:
    """Two models' forecasts of tickers whose prices differ by a factor; `network` errs half as much as `naive`."""
    parts = []
    for ticker, factor in tickers.items():
        models = {"naive": 1.0, NETWORK: 0.5}
        predicted = {model: factor * (ACTUAL + share * (PREDICTED - 10)) for model, share in models.items()}
        own = {"origin": DATES, "date": DATES, "actual": factor * ACTUAL, "error_scale": factor, "center": factor * 10}
        own |= {"tercile": np.arange(300) % 3.0, "percent": factor / 10, "ticker": ticker}
        parts.append(pd.DataFrame({**own, **predicted, "split": "test", "horizon": 1}))
    return pd.concat(parts, ignore_index=True)


def scored(rows: pd.DataFrame, target: str = "price") -> pd.DataFrame:
    """The scores of the whole on test, by ticker and model."""
    found = scores.table([(target, rows)], {target: "naive"})
    return found[(found["slice"] == ALL) & (found["split"] == "test")].set_index(["ticker", "model"])


def test_each_model_is_judged_against_the_reference_of_the_same_days_and_against_the_network() -> None:
    found = scored(forecasts({"A": 1.0})).loc["A"]
    assert found.loc["naive", ["skill", "p_value"]].tolist() == [0, 1]
    assert found.loc[NETWORK, "skill"] == pytest.approx(0.75)
    assert found.loc[NETWORK, "p_value"] < 1e-6
    assert found.loc[NETWORK, "skill_low"] < 0.75 < found.loc[NETWORK, "skill_high"]
    assert found.loc["naive", "p_value_against_network"] == found.loc[NETWORK, "p_value"]
    assert found.loc[NETWORK, "p_value_against_network"] == 1


def test_the_best_simple_model_is_chosen_on_validation_and_judged_on_test() -> None:
    test = forecasts({"A": 1.0}).assign(other=ACTUAL + 2 * (PREDICTED - 10))
    validation = test.assign(split="validation", other=ACTUAL)
    found = scored(pd.concat([test, validation], ignore_index=True)).loc["A"]
    assert set(found["best"]) == {"other"}
    assert found.loc[NETWORK, "skill_against_best"] == pytest.approx(1 - 0.5**2 / 2**2)
    assert found["p_value_against_best"].eq(1).to_dict() == {"naive": False, NETWORK: False, "other": True}


def test_qlike_is_corrected_by_the_smearing_of_train() -> None:
    rows = forecasts({"A": 1.0})
    both = pd.concat([rows.assign(split="train", actual=ACTUAL + 0.1), rows], ignore_index=True)
    variance = scored(both, "variance").loc["A"]
    predicted = rows[["naive", NETWORK]].to_numpy()
    expected = qlike(ACTUAL, predicted, smearing(ACTUAL + 0.1, predicted)).mean(axis=0)
    np.testing.assert_allclose(variance.loc[["naive", NETWORK], "qlike"], expected)
    assert variance.loc["naive", "qlike_p_value_against_network"] < 0.05


def test_r2_of_the_return_is_scikit_learns_on_returns() -> None:
    found = scored(forecasts({"A": 1.0})).loc[("A", NETWORK)]
    predicted = ACTUAL + 0.5 * (PREDICTED - 10)
    assert (predicted > 0).all()
    assert found["r2_return"] == pytest.approx(r2_score(np.log(ACTUAL / 10), np.log(predicted / 10)))


def test_slices_of_years_and_volatility_have_measures_and_no_tests() -> None:
    found = scores.table([("price", forecasts({"A": 1.0}))], {"price": "naive"})
    own = found[found["model"] == NETWORK].set_index("slice")
    assert set(own.index) == {ALL, "2001", *TERCILES}
    assert own.loc[[*TERCILES], "n"].tolist() == [100] * 3
    assert own["skill"].notna().all()
    assert own.index[own["p_value"].notna()].tolist() == [ALL]
    assert own.loc[[*TERCILES], "mse"].mean() == pytest.approx(own.loc[ALL, "mse"])


def test_several_tickers_are_pooled_in_their_own_units() -> None:
    found = scored(forecasts({"CHEAP": 1.0, "DEAR": 1000.0}))
    assert found.loc[("DEAR", NETWORK), "mse"] == pytest.approx(1e6 * found.loc[("CHEAP", NETWORK), "mse"])
    assert found.loc[(POOLED, NETWORK), "mse"] == pytest.approx(found.loc[("CHEAP", NETWORK), "mse"])
    assert found.loc[(POOLED, NETWORK), "n"] == 600
    # two copies of one ticker know no more than one
    for measure in ("p_value", "directional_accuracy", "naive_directional_accuracy"):
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
        own = own.assign(
            ticker=f"T{at}", error_scale=1.0, center=0.0, percent=np.nan, tercile=0.0, split="test", horizon=1
        )
        errors = rng.normal(0, 1, len(days))
        parts.append(own.assign(**{"naive": own["actual"] + errors, NETWORK: own["actual"] + size * errors}))
    own = scored(pd.concat(parts, ignore_index=True)).loc[(POOLED, NETWORK)]
    assert own["skill_low"] < own["skill"] < own["skill_high"]
    assert own["skill"] > 0
    errors = np.array([[1.0], [3.0], [5.0]])
    days = DATES[[1, 1, 2]].to_numpy()
    np.testing.assert_allclose(scores.daily(errors, days).mean(axis=0), errors.mean(axis=0))


def test_a_ticker_that_never_changes_has_no_unit_and_spoils_no_other() -> None:
    both = forecasts({"A": 1.0, "B": 2.0})
    found = scored(both.assign(error_scale=both["error_scale"].where(both["ticker"] == "A")))
    assert found.loc[(POOLED, NETWORK), "mse"] == pytest.approx(found.loc[("A", NETWORK), "mse"])
    assert found.loc[("B", NETWORK), "skill"] == pytest.approx(0.75)


PREDICTIONS = pd.DataFrame({
    "ticker": "A", "origin": DATES[:4], "horizon": 1, "split": ["train", "validation", "test", "future"],
    "date": DATES[1:5], "last": 10.0, "actual": [10.5, 11.0, 12.0, np.nan], "predicted": 10.2,
    "variance_actual": [-9.0, np.nan, -8.0, np.nan], "tercile": 0.0, "error_scale": 0.1, "percent": 0.1,
})  # fmt: skip
MODELS = {NETWORK: 10.2, "network 1": 10.1, "network 2": 10.3, "naive": 10.0}


def test_the_same_origins_are_set_side_by_side_and_what_never_came_is_not_scored() -> None:
    forecasts = pd.DataFrame({name: np.full(4, MODELS[name]) for name in sorted(MODELS)})
    (_, price), (_, variance) = side_by_side(PREDICTIONS, {"price": forecasts, "variance": forecasts})
    assert scores.models_of(price) == ["naive", NETWORK, "network 1", "network 2"]
    assert price["split"].tolist() == ["train", "validation", "test"]
    assert price["network 2"].tolist() == [10.3] * 3
    assert price["actual"].tolist() == [10.5, 11.0, 12.0]
    assert variance["actual"].tolist() == [-9, -8]
    assert variance[["center", "error_scale"]].drop_duplicates().to_numpy().tolist() == [[0, 1]]


def test_a_missing_forecast_is_no_tie() -> None:
    with pytest.raises(
        UserError, match=r"^data/benchmark.parquet: naive has no forecast from 1 of the network's 3 origins"
    ):
        list(side_by_side(PREDICTIONS, {"price": pd.DataFrame({"naive": [10.0, np.nan, 10.0, 10.0]})}))


def rows(volatility: float | list[float]) -> pd.DataFrame:
    found = pd.DataFrame({"ticker": "A", "date": DATES[:4], "split": ["train"] * 3 + ["test"], "date_1": DATES[1:5]})
    return found.assign(last=[10.0, 12.0, 11.0, 90.0], volatility=volatility)


def test_errors_are_told_in_volatilities_and_without_them_in_typical_changes() -> None:
    found = scores.origins(rows([0.1, 0.2, 0.1, 0.5]), priced=True)
    assert found["error_scale"].tolist() == pytest.approx([1.0, 2.4, 1.1, 45.0])
    assert found["percent"].tolist() == pytest.approx([0.1, 0.12, 0.11, 0.9])
    assert scores.origins(rows(np.nan), priced=True)["error_scale"].tolist() == [1.5] * 4
    other = scores.origins(rows(np.nan), priced=False)
    assert other["error_scale"].tolist() == [1.5] * 4
    assert other["percent"].isna().all()
    assert scores.origins(rows(np.nan).assign(last=7.0), priced=False)["error_scale"].isna().all()


def test_an_origin_has_its_tercile_by_relative_volatility() -> None:
    own = rows([0.3, 0.2, 0.4, 0.1]).assign(split="validation")
    found = scores.origins(own, priced=True)
    assert found["tercile"].tolist() == [2, 1, 2, 0]


def test_each_target_is_judged_against_what_it_departs_from_and_by_persistence_where_that_is_nothing() -> None:
    fit = made_preparation()
    none = fit.model_copy(update={"price": fit.price.model_copy(update={"baseline": "none"})})
    har = fit.model_copy(update={"variance": fit.price.model_copy(update={"baseline": "har"})})
    assert scores.baselines(none, {"persistence"})["price"] == "persistence"
    assert scores.baselines(har, {"persistence", "har"}) == {"price": "persistence", "variance": "har"}
    with pytest.raises(UserError, match=r"^params.yaml: benchmark.models: found drift, har; persistence must be among"):
        scores.baselines(har, {"har", "drift"})
