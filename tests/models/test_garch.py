"""GJR-GARCH gives the forecasts of the package arch, is fitted on train, and does not see later rows."""

import warnings

import numpy as np
import pandas as pd
import pytest
from arch import arch_model
from arch.univariate import GARCH, StudentsT, ZeroMean

from pipeline.io.errors import UserError
from tests.conftest import forecast_of


@pytest.fixture(scope="module")
def forecast(two_tickers_rows: pd.DataFrame) -> np.ndarray:
    return forecast_of("gjr_garch", two_tickers_rows, 3)


def test_the_forecasts_are_those_of_arch_itself(two_tickers_rows: pd.DataFrame, forecast: np.ndarray) -> None:
    for _, own in two_tickers_rows.groupby("ticker"):
        earned = 100 * np.log(own["last"]).diff().dropna().reset_index(drop=True)
        trained = int(np.flatnonzero(own["split"] == "train")[-1])  # one return fewer than rows
        model = arch_model(earned, mean="Constant", vol="GARCH", p=1, o=1, q=1, dist="t", rescale=False)
        fit = model.fit(last_obs=trained, disp="off")
        filtered = np.log(np.asarray(fit.conditional_volatility)[1:trained] ** 2)
        added = forecast[own.index[1:], 0][: trained - 1] - filtered
        np.testing.assert_allclose(added, added[0], rtol=1e-9)
        # Its own forecasts begin with the variance that the fitted mean gives, not the first guess of it.
        theirs = np.log(fit.forecast(horizon=3, start=0, reindex=True).variance.to_numpy())
        ahead = forecast[own.index[1:]] - theirs
        np.testing.assert_allclose(ahead[200:], np.broadcast_to(ahead[-1], ahead[200:].shape), atol=1e-5)
        np.testing.assert_allclose(ahead[-1, 0], added[0], atol=1e-5)


def test_the_mean_error_over_train_is_0(two_tickers_rows: pd.DataFrame, forecast: np.ndarray) -> None:
    train = (two_tickers_rows["split"] == "train").to_numpy()
    for h in (1, 2, 3):
        error = two_tickers_rows.groupby("ticker")["log_variance"].shift(-h) - forecast[:, h - 1]
        assert error[train].mean() == pytest.approx(0, abs=1e-12)


def test_it_forecasts_the_variance_of_a_known_process() -> None:
    process = ZeroMean(volatility=GARCH(p=1, o=1, q=1), distribution=StudentsT(seed=np.random.default_rng(0)))
    made = process.simulate([0.03, 0.03, 0.12, 0.88, 8.0], 5000, burn=500)
    split = np.repeat(["warmup", "train", "test"], [1, 3500, 1500])
    rows = pd.DataFrame({"ticker": "A", "split": split, "last": np.exp(np.cumsum([0.0, *made["data"]]) / 100)})
    truth = np.log([np.nan, *made["volatility"] ** 2])  # of each row's own session
    found = forecast_of("gjr_garch", rows.assign(log_variance=truth), 1)[:, 0]
    test = (split == "test")[:-1]
    error = found[:-1][test] - truth[1:][test]
    assert np.sqrt(np.mean(error**2)) < 0.1 * truth[1:][test].std()


def test_a_ticker_is_fitted_alone_and_corrected_with_the_others(
    two_tickers_rows: pd.DataFrame, forecast: np.ndarray
) -> None:
    for _, own in two_tickers_rows.groupby("ticker"):
        between = (forecast_of("gjr_garch", own, 3) - forecast[own.index])[1:]
        np.testing.assert_allclose(between, np.broadcast_to(between[0], between.shape), atol=1e-9)


def test_every_session_but_a_tickers_first_has_a_forecast(two_tickers_rows: pd.DataFrame, forecast: np.ndarray) -> None:
    first = ~two_tickers_rows.duplicated("ticker")
    np.testing.assert_array_equal(np.isfinite(forecast).all(axis=1), ~first)


def test_a_gap_has_no_forecast_and_all_later_sessions_have_one(two_tickers_rows: pd.DataFrame) -> None:
    rows = two_tickers_rows.copy()
    rows.loc[100:102, "last"] = np.nan
    found = forecast_of("gjr_garch", rows.assign(split=rows["split"].mask(rows["last"].isna(), "warmup")), 3)
    missing = ~two_tickers_rows.duplicated("ticker") | rows["last"].isna()
    np.testing.assert_array_equal(np.isnan(found).all(axis=1), missing)


def test_what_comes_after_a_session_changes_no_forecast_up_to_it(
    two_tickers_rows: pd.DataFrame, forecast: np.ndarray
) -> None:
    t = two_tickers_rows.loc[two_tickers_rows["split"] == "validation", "date"].min()
    later = (two_tickers_rows["date"] > t).to_numpy()
    changed = two_tickers_rows.copy()
    changed.loc[later, "last"] *= np.random.default_rng(0).lognormal(0, 0.5, later.sum())
    changed.loc[later, "log_variance"] += 3
    other = forecast_of("gjr_garch", changed, 3)
    assert forecast[~later].tobytes() == other[~later].tobytes()
    assert (forecast[later] != other[later]).all()


def test_two_fits_give_the_same_bytes_and_print_nothing(
    two_tickers_rows: pd.DataFrame, forecast: np.ndarray, capfd: pytest.CaptureFixture
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert forecast_of("gjr_garch", two_tickers_rows, 3).tobytes() == forecast.tobytes()
    assert capfd.readouterr() == ("", "")


def test_a_fit_that_fails_is_reported_with_its_ticker(two_tickers_rows: pd.DataFrame) -> None:
    still = two_tickers_rows["last"].mask(two_tickers_rows["ticker"] == "BBB", 7.0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(UserError, match=r"benchmark.models: found gjr_garch, whose fit fails for BBB on \d+ "):
            forecast_of("gjr_garch", two_tickers_rows.assign(last=still), 3)


def test_a_value_without_a_return_is_rejected(two_tickers_rows: pd.DataFrame) -> None:
    with pytest.raises(UserError, match=r"found gjr_garch, which uses returns, but AAA has the value -1; "):
        forecast_of("gjr_garch", two_tickers_rows.assign(last=-1.0), 3)
