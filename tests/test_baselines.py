"""The simple forecasts are what their sources say, and see train only."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from pipeline.baselines import BASELINES, drift, har, persistence, seasonal_naive


def test_persistence_stays(two_tickers_rows: pd.DataFrame) -> None:
    np.testing.assert_array_equal(persistence(two_tickers_rows, 2, 5), two_tickers_rows[["last", "last"]].to_numpy())


def test_drift_goes_on_by_each_tickers_mean_change_over_train(two_tickers_rows: pd.DataFrame) -> None:
    found = drift(two_tickers_rows, 3, 5) - persistence(two_tickers_rows, 3, 5)
    for ticker, own in two_tickers_rows.groupby("ticker"):
        slope = own.loc[own["split"] == "train", "last"].diff().mean()
        at = (two_tickers_rows["ticker"] == ticker).to_numpy()
        np.testing.assert_allclose(found[at], np.tile(slope * np.array([1, 2, 3]), (at.sum(), 1)), rtol=1e-9)


def test_drift_counts_the_steps_of_a_gap() -> None:
    rows = pd.DataFrame({"ticker": "A", "last": np.arange(20.0), "split": ["train"] * 15 + ["test"] * 5})
    rows.loc[3:8, ["last", "split"]] = [np.nan, "warmup"]
    np.testing.assert_allclose(drift(rows, 2, 5)[-1], [20.0, 21.0])


def test_seasonal_naive_repeats_the_last_season() -> None:
    rows = pd.DataFrame({"ticker": "A", "last": np.tile([1.0, 2.0, 3.0, 4.0], 5)})
    found = seasonal_naive(rows, 9, 4)
    ahead = np.column_stack([rows["last"].shift(-h) for h in range(1, 10)])
    known = np.isfinite(ahead) & (np.arange(20) >= 3)[:, None]
    np.testing.assert_array_equal(found[known], ahead[known])
    assert np.isnan(found[0]).sum() == 7  # of the first season one place alone is known
    assert np.isfinite(found[3:]).all()


def test_seasonal_naive_takes_what_is_missing_from_the_season_before() -> None:
    rows = pd.DataFrame({"ticker": "A", "last": [1.0, 2.0, 3.0, 4.0, np.nan, 6.0]})
    assert seasonal_naive(rows, 2, 2)[4:].tolist() == [[4.0, 3.0], [3.0, 6.0]]


@pytest.mark.parametrize("h", [1, 2, 3])
def test_har_is_ordinary_least_squares_as_statsmodels_does_it(two_tickers_rows: pd.DataFrame, h: int) -> None:
    rows = two_tickers_rows.copy()
    g = rows.groupby("ticker")["log_variance"]
    means = {n: g.transform(lambda own, n=n: own.rolling(n).mean()) for n in (1, 5, 22)}
    regressors = sm.add_constant(pd.DataFrame(means))
    train = rows["split"] == "train"
    theirs = sm.OLS(g.shift(-h)[train], regressors[train]).fit()
    np.testing.assert_allclose(har(rows, 3, 5)[:, h - 1], theirs.predict(regressors), rtol=1e-9)


@pytest.mark.parametrize("name", BASELINES)
def test_a_baseline_is_blind_to_all_but_train_and_its_own_past(name: str, two_tickers_rows: pd.DataFrame) -> None:
    _, forecast = BASELINES[name]
    first = two_tickers_rows.loc[two_tickers_rows["split"].isin(["validation", "test"]), "date"].min()
    before = (two_tickers_rows["date"] <= first).to_numpy()
    changed = two_tickers_rows.copy()
    changed.loc[~before, ["last", "log_variance"]] *= 1.7
    clean, other = forecast(two_tickers_rows, 3, 5), forecast(changed, 3, 5)
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
    error = rows["log_variance"].shift(-1).to_numpy()[test] - har(rows, 1, 5)[test, 0]
    assert np.nanstd(error) == pytest.approx(0.5, rel=0.05)
