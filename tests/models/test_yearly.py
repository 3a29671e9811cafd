"""A model that is fitted again each year uses what was known at the start of the year."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from pipeline.forecaster import samples as table
from tests.conftest import forecast_of, rows_of
from tests.series import made_prices


def means(rows: pd.DataFrame, column: str) -> pd.DataFrame:
    own = rows.groupby("ticker")[column]
    return pd.DataFrame({n: own.transform(lambda values, n=n: values.rolling(n).mean()) for n in (1, 5, 22)})


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
    train, before = years["split"] == "train", years[table.date_column(h)] < pd.Timestamp(year, 1, 1)
    samples = regressors.assign(future=own.shift(-h))
    known = samples[(train | before) & (years["split"] != "warmup")].dropna()
    assert len(known) > train.sum() + 400 * (year - 2003)
    theirs = sm.OLS(known["future"], known.drop(columns="future")).fit()
    at = (years["date"].dt.year == year).to_numpy()
    np.testing.assert_allclose(
        forecast_of("har_yearly", years, 3)[at, h - 1], theirs.predict(regressors[at]), rtol=1e-9
    )


def test_har_yearly_is_har_in_the_years_of_train(years: pd.DataFrame) -> None:
    early = (years["date"].dt.year <= 2002).to_numpy()
    once, yearly = forecast_of("har", years, 3), forecast_of("har_yearly", years, 3)
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
    once, yearly = (
        np.nanmean((future - forecast_of(name, rows, 1)[:, 0])[last] ** 2) for name in ("har", "har_yearly")
    )
    assert yearly < 0.8 * once


@pytest.mark.parametrize("year", [2003, 2005])
def test_lhar_yearly_is_lhar_fitted_on_what_was_known_when_the_year_began(years: pd.DataFrame, year: int) -> None:
    before = (years["date_2"] < pd.Timestamp(year, 1, 1)) & (years["split"] != "warmup")
    refitted = years.assign(split=np.where((years["split"] == "train") | before, "train", "later"))
    at = (years["date"].dt.year == year).to_numpy()
    yearly = forecast_of("lhar_yearly", years, 3)[at, 1]
    np.testing.assert_array_equal(yearly, forecast_of("lhar", refitted, 3)[at, 1])


def test_purged_samples_are_fitted_on_once_their_target_is_known(years: pd.DataFrame) -> None:
    purged = years[years["split"] == "purged"]
    assert len(purged) > 0
    wild = years.copy()
    wild.loc[purged.index, "split"] = "warmup"  # which is never fitted on
    at = (years["date"].dt.year == 2005).to_numpy()
    assert (forecast_of("har_yearly", years, 3)[at] != forecast_of("har_yearly", wild, 3)[at]).all()
