"""Measures agree with scikit-learn's, the Diebold-Mariano test with statsmodels', and ties are ties."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import stats
from sklearn.metrics import mean_absolute_error, mean_squared_error, r2_score, root_mean_squared_error

from pipeline import scores
from pipeline.scores import POOLED, diebold_mariano, measures

RNG = np.random.default_rng(0)
ACTUAL, PREDICTED, REFERENCE = (RNG.normal(10, 2, 300) for _ in range(3))
DATES = pd.date_range("2001-01-01", periods=300).to_numpy()


def test_measures_agree_with_scikit_learn() -> None:
    found = measures(ACTUAL, PREDICTED, REFERENCE, DATES, 1)
    assert found["n"] == 300
    assert found["mse"] == pytest.approx(mean_squared_error(ACTUAL, PREDICTED))
    assert found["rmse"] == pytest.approx(root_mean_squared_error(ACTUAL, PREDICTED))
    assert found["mae"] == pytest.approx(mean_absolute_error(ACTUAL, PREDICTED))
    assert found["r2"] == pytest.approx(r2_score(ACTUAL, PREDICTED))
    assert found["skill"] == pytest.approx(
        1 - mean_squared_error(ACTUAL, PREDICTED) / mean_squared_error(ACTUAL, REFERENCE)
    )


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


def forecasts(tickers: dict[str, float]) -> list[tuple[str, pd.DataFrame]]:
    """Two models' forecasts of tickers whose prices differ by a factor; `close` errs half as much as `naive`."""
    parts = []
    for ticker, factor in tickers.items():
        models = {"naive": 1.0, "close": 0.5}
        predicted = {model: factor * (ACTUAL + share * (PREDICTED - 10)) for model, share in models.items()}
        own = {"origin": DATES, "actual": factor * ACTUAL, "unit": factor, "center": factor * 10, "ticker": ticker}
        parts.append(pd.DataFrame({**own, **predicted}))
    return [("price", pd.concat(parts).assign(split="test", horizon=1))]


def test_each_model_is_judged_against_the_reference_of_the_same_days() -> None:
    found = scores.table(forecasts({"A": 1.0}), {"price": "naive"}).set_index("model")
    assert found.loc["naive", ["skill", "p_value"]].tolist() == [0, 1]
    assert found.loc["close", "skill"] == pytest.approx(0.75)
    assert found.loc["close", "p_value"] < 1e-6


def test_several_tickers_are_pooled_in_their_own_units() -> None:
    found = scores.table(forecasts({"CHEAP": 1.0, "DEAR": 1000.0}), {"price": "naive"}).set_index(["ticker", "model"])
    assert found.loc[("DEAR", "close"), "mse"] == pytest.approx(1e6 * found.loc[("CHEAP", "close"), "mse"])
    assert found.loc[(POOLED, "close"), "mse"] == pytest.approx(found.loc[("CHEAP", "close"), "mse"])
    assert found.loc[(POOLED, "close"), "n"] == 600
    # two copies of one ticker know no more than one
    assert found.loc[(POOLED, "close"), "p_value"] == pytest.approx(found.loc[("CHEAP", "close"), "p_value"])


def test_a_missing_forecast_is_no_tie() -> None:
    ((target, rows),) = forecasts({"A": 1.0})
    rows.loc[3, "close"] = np.nan
    with pytest.raises(ValueError, match="missing"):
        scores.table([(target, rows)], {"price": "naive"})


def test_errors_are_told_in_volatilities_and_without_them_in_typical_changes() -> None:
    rows = pd.DataFrame({"ticker": ["A"] * 4, "date": DATES[:4], "split": ["train"] * 3 + ["test"]})
    rows = rows.assign(last=[10.0, 12.0, 11.0, 90.0], volatility=[0.1, 0.2, 0.1, 0.5])
    assert scores.units(rows, priced=True)["unit"].tolist() == pytest.approx([1.0, 2.4, 1.1, 45.0])
    assert scores.units(rows.assign(volatility=np.nan), priced=True)["unit"].tolist() == [1.5] * 4
    assert scores.units(rows, priced=False)["unit"].tolist() == [1.5] * 4


def test_a_ticker_that_never_changes_has_no_unit_and_spoils_no_other() -> None:
    rows = pd.DataFrame({"ticker": ["A"] * 4, "date": DATES[:4], "split": "train", "last": 7.0, "volatility": np.nan})
    assert scores.units(rows, priced=False)["unit"].isna().all()
    ((target, both),) = forecasts({"A": 1.0, "B": 2.0})
    both["unit"] = both["unit"].where(both["ticker"] == "A")
    found = scores.table([(target, both)], {"price": "naive"}).set_index(["ticker", "model"])
    assert found.loc[(POOLED, "close"), "mse"] == pytest.approx(found.loc[("A", "close"), "mse"])
    assert found.loc[("B", "close"), "skill"] == pytest.approx(0.75)
