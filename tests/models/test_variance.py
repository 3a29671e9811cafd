"""The simple models of the variance follow their sources and are fitted on train only."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from pipeline.io.errors import UserError
from pipeline.models.variance import log_returns
from tests.conftest import forecast_of


@pytest.mark.parametrize("h", [1, 2, 3])
def test_har_is_ordinary_least_squares_as_statsmodels_does_it(two_tickers_rows: pd.DataFrame, h: int) -> None:
    rows = two_tickers_rows.copy()
    g = rows.groupby("ticker")["log_variance"]
    means = {n: g.transform(lambda own, n=n: own.rolling(n).mean()) for n in (1, 5, 22)}
    regressors = sm.add_constant(pd.DataFrame(means))
    train = rows["split"] == "train"
    theirs = sm.OLS(g.shift(-h)[train], regressors[train]).fit()
    np.testing.assert_allclose(forecast_of("har", rows, 3)[:, h - 1], theirs.predict(regressors), rtol=1e-9)


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
    found = forecast_of("lhar", two_tickers_rows, 3)[:, h - 1]
    np.testing.assert_allclose(found, theirs, rtol=1e-9)
    complete = (rows["split"] != "warmup").to_numpy()
    assert np.isfinite(found[complete]).all()
    assert not np.allclose(found[complete], forecast_of("har", two_tickers_rows, 3)[complete, h - 1], rtol=1e-3)


def test_a_return_spans_a_gap() -> None:
    rows = pd.DataFrame({"ticker": [*"AAAABB"], "last": [1.0, 2.0, np.nan, 8.0, 5.0, 5.0]})
    np.testing.assert_allclose(log_returns(rows, "lhar"), np.log([np.nan, 2, np.nan, 4, np.nan, 1]))


def test_a_value_without_a_return_is_named() -> None:
    rows = pd.DataFrame({"ticker": ["A", "B"], "last": [1.0, -2.0]})
    with pytest.raises(UserError, match=r"benchmark.models: found lhar, which uses returns, but B has the value -2; "):
        forecast_of("lhar", rows.assign(log_variance=0.0, split="train"), 1)


def test_ewma_is_the_recursion_of_riskmetrics_on_the_scale_of_log_variance(two_tickers_rows: pd.DataFrame) -> None:
    rows, found, expected = two_tickers_rows, forecast_of("ewma", two_tickers_rows, 3), []
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


def test_har_forecasts_what_a_har_process_does() -> None:
    rng, g = np.random.default_rng(0), [-9.0] * 22
    for _ in range(6000):
        g.append(float(-0.9 + 0.3 * g[-1] + 0.4 * np.mean(g[-5:]) + 0.2 * np.mean(g[-22:]) + rng.normal(0, 0.5)))
    rows = pd.DataFrame(
        {"ticker": "A", "log_variance": g, "split": ["warmup"] * 22 + ["train"] * 5000 + ["test"] * 1000}
    )
    test = (rows["split"] == "test").to_numpy()
    error = rows["log_variance"].shift(-1).to_numpy()[test] - forecast_of("har", rows, 1)[test, 0]
    assert np.nanstd(error) == pytest.approx(0.5, rel=0.05)
