"""The simple forecasts are what their sources say, and see train only."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from pipeline.baselines import BASELINES, drift, ewma, har, har_yearly, lhar, persistence, returns, seasonal_naive
from pipeline.errors import UserError
from pipeline.tables import rows as table
from tests.conftest import rows_of
from tests.series import made_prices


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


def means(rows: pd.DataFrame, column: str) -> pd.DataFrame:
    own = rows.groupby("ticker")[column]
    return pd.DataFrame({n: own.transform(lambda values, n=n: values.rolling(n).mean()) for n in (1, 5, 22)})


@pytest.mark.parametrize("h", [1, 2, 3])
def test_lhar_adds_the_negative_parts_of_mean_returns(two_tickers_rows: pd.DataFrame, h: int) -> None:
    rows = two_tickers_rows.assign(r=0.0)
    for _, own in rows.groupby("ticker"):
        rows.loc[own.index[1:], "r"] = np.log(own["last"].to_numpy()[1:] / own["last"].to_numpy()[:-1])
    losses = means(rows, "r").clip(upper=0).add_prefix("loss_")
    regressors = sm.add_constant(means(rows, "log_variance").add_prefix("g_").join(losses))
    train, future = rows["split"] == "train", rows.groupby("ticker")["log_variance"].shift(-h)
    theirs = sm.OLS(future[train], regressors[train]).fit().predict(regressors)
    found = lhar(two_tickers_rows, 3, 5)[:, h - 1]
    np.testing.assert_allclose(found, theirs, rtol=1e-9)
    complete = (rows["split"] != "warmup").to_numpy()
    assert np.isfinite(found[complete]).all()
    assert not np.allclose(found[complete], har(two_tickers_rows, 3, 5)[complete, h - 1], rtol=1e-3)


def test_a_return_spans_a_gap() -> None:
    rows = pd.DataFrame({"ticker": [*"AAAABB"], "last": [1.0, 2.0, np.nan, 8.0, 5.0, 5.0]})
    np.testing.assert_allclose(returns(rows, "lhar"), np.log([np.nan, 2, np.nan, 4, np.nan, 1]))


def test_a_value_without_a_return_is_named() -> None:
    rows = pd.DataFrame({"ticker": ["A", "B"], "last": [1.0, -2.0]})
    with pytest.raises(UserError, match=r"benchmark.models: found lhar, which takes returns, and -2 among .* of B; "):
        lhar(rows.assign(log_variance=0.0, split="train"), 1, 5)


def test_ewma_is_the_recursion_of_riskmetrics_brought_to_log_variance(two_tickers_rows: pd.DataFrame) -> None:
    rows, found, expected = two_tickers_rows, ewma(two_tickers_rows, 3, 5), []
    for _, own in rows.groupby("ticker"):
        variance = np.exp(own["log_variance"].to_numpy())
        mean = [variance[0]]
        for x in variance[1:]:
            mean.append(0.94 * mean[-1] + 0.06 * x)
        expected += mean
    train = (rows["split"] == "train").to_numpy()
    for h in (1, 2, 3):
        added = found[:, h - 1] - np.log(expected)
        np.testing.assert_allclose(added, added[0], rtol=1e-9)
        error = rows.groupby("ticker")["log_variance"].shift(-h) - found[:, h - 1]
        assert error[train].mean() == pytest.approx(0, abs=1e-12)


@pytest.fixture(scope="module")
def years() -> pd.DataFrame:
    """Rows of two made tickers over 2001 to 2005, train until 2002."""
    prices = pd.concat([made_prices("AAA", 1300, seed=1), made_prices("BBB", 1200, seed=2)], ignore_index=True)
    rows = rows_of(prices, horizon=3, validation=0.45)
    assert rows.loc[rows["split"] == "train", "date"].max().year == 2002
    return rows


@pytest.mark.parametrize("year", [2003, 2004, 2005])
@pytest.mark.parametrize("h", [1, 3])
def test_har_yearly_is_fitted_on_what_was_known_when_the_year_began(years: pd.DataFrame, year: int, h: int) -> None:
    own = years.groupby("ticker")["log_variance"]
    regressors = sm.add_constant(means(years, "log_variance"))
    train, before = years["split"] == "train", years[table.date(h)] < pd.Timestamp(year, 1, 1)
    samples = regressors.assign(future=own.shift(-h))
    known = samples[(train | before) & (years["split"] != "warmup")].dropna()
    assert len(known) > train.sum() + 400 * (year - 2003)
    theirs = sm.OLS(known["future"], known.drop(columns="future")).fit()
    at = (years["date"].dt.year == year).to_numpy()
    np.testing.assert_allclose(har_yearly(years, 3, 5)[at, h - 1], theirs.predict(regressors[at]), rtol=1e-9)


def test_har_yearly_is_har_in_the_years_of_train(years: pd.DataFrame) -> None:
    early = (years["date"].dt.year <= 2002).to_numpy()
    once, yearly = har(years, 3, 5), har_yearly(years, 3, 5)
    assert once[early].tobytes() == yearly[early].tobytes()
    assert (once[~early] != yearly[~early]).all()


def test_har_yearly_learns_a_process_that_has_changed() -> None:
    rng, g = np.random.default_rng(0), [-9.0] * 22
    for step in range(3000):
        pull = 0.9 if step < 1200 else 0.1
        g.append(float(-9 + pull * (g[-1] + 9) + rng.normal(0, 0.5)))
    dates = pd.bdate_range("2001-01-01", periods=len(g) + 1).as_unit("us")
    split = np.array(["warmup"] * 22 + ["train"] * 1100 + ["test"] * 1900)
    rows = pd.DataFrame({"ticker": "A", "date": dates[:-1], "date_1": dates[1:], "log_variance": g, "split": split})
    future, last = rows["log_variance"].shift(-1).to_numpy(), (rows["date"].dt.year >= 2011).to_numpy()
    once, yearly = (np.nanmean((future - model(rows, 1, 5)[:, 0])[last] ** 2) for model in (har, har_yearly))
    assert yearly < 0.8 * once


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
