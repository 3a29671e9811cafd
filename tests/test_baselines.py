"""The simple forecasts are what their sources say, and see train only."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from pipeline.baselines import BASELINES, drift, har, persistence


def test_persistence_stays(two_tickers_rows: pd.DataFrame) -> None:
    np.testing.assert_array_equal(persistence(two_tickers_rows, 2), two_tickers_rows[["last", "last"]].to_numpy())


def test_drift_goes_on_by_each_tickers_mean_change_over_train(two_tickers_rows: pd.DataFrame) -> None:
    found = drift(two_tickers_rows, 3) - persistence(two_tickers_rows, 3)
    for ticker, own in two_tickers_rows.groupby("ticker"):
        slope = own.loc[own["split"] == "train", "last"].diff().mean()
        at = (two_tickers_rows["ticker"] == ticker).to_numpy()
        np.testing.assert_allclose(found[at], np.tile(slope * np.array([1, 2, 3]), (at.sum(), 1)), rtol=1e-9)


@pytest.mark.parametrize("h", [1, 2, 3])
def test_har_is_ordinary_least_squares_as_statsmodels_does_it(two_tickers_rows: pd.DataFrame, h: int) -> None:
    rows = two_tickers_rows.copy()
    g = rows.groupby("ticker")["log_variance"]
    means = {n: g.transform(lambda own, n=n: own.rolling(n).mean()) for n in (1, 5, 22)}
    regressors = sm.add_constant(pd.DataFrame(means))
    train = rows["split"] == "train"
    theirs = sm.OLS(g.shift(-h)[train], regressors[train]).fit()
    np.testing.assert_allclose(har(rows, 3)[:, h - 1], theirs.predict(regressors), rtol=1e-9)


@pytest.mark.parametrize("name", BASELINES)
def test_a_baseline_is_blind_to_all_but_train_and_its_own_past(name: str, two_tickers_rows: pd.DataFrame) -> None:
    _, forecast = BASELINES[name]
    first = two_tickers_rows.loc[two_tickers_rows["split"].isin(["validation", "test"]), "date"].min()
    before = (two_tickers_rows["date"] <= first).to_numpy()
    changed = two_tickers_rows.copy()
    changed.loc[~before, ["last", "log_variance"]] *= 1.7
    clean, other = forecast(two_tickers_rows, 3), forecast(changed, 3)
    assert clean[before].tobytes() == other[before].tobytes()
    assert clean[~before].tobytes() != other[~before].tobytes()


def test_har_forecasts_what_a_har_process_does() -> None:
    rng, g = np.random.default_rng(0), [-9.0] * 22
    for _ in range(6000):
        g.append(float(-0.9 + 0.3 * g[-1] + 0.4 * np.mean(g[-5:]) + 0.2 * np.mean(g[-22:]) + rng.normal(0, 0.5)))
    rows = pd.DataFrame(
        {"ticker": "A", "log_variance": g, "split": ["warmup"] * 22 + ["train"] * 5000 + ["test"] * 1000}
    )
    test = (rows["split"] == "test").to_numpy()
    error = rows["log_variance"].shift(-1).to_numpy()[test] - har(rows, 1)[test, 0]
    assert np.nanstd(error) == pytest.approx(0.5, rel=0.05)
