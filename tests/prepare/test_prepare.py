"""Samples have the columns of forecaster/samples for every kind of target, and scaling can be undone."""

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from pipeline.forecaster import samples as table
from pipeline.forecaster import targets
from pipeline.forecaster.preparation import ALL, Preparation
from pipeline.io.artifacts import read_record
from pipeline.io.errors import UserError
from tests.conftest import FEATURES, MARKETS, samples_in, walk, walk_markets


def test_every_session_is_a_row_with_the_features_asked_for(walked: Path, two_tickers: pd.DataFrame) -> None:
    rows = samples_in(walked)
    assert len(rows) == len(two_tickers)
    assert table.feature_columns(rows) == [table.feature_column(name) for name in FEATURES]
    assert table.target_names(rows) == ["price", "variance"]
    assert table.horizon_of(rows) == 3
    assert set(rows["split"]) == set(table.SPLITS)


@pytest.mark.parametrize("target", ["return", "level", "difference"])
@pytest.mark.parametrize("baseline", ["persistence", "drift", "seasonal_naive", "none"])
@pytest.mark.parametrize("scaling", ["standard", "minmax"])
def test_the_target_converts_back_to_the_price(
    target: targets.Kind, baseline: str, scaling: str, tmp_path: Path, two_tickers: pd.DataFrame
) -> None:
    changes: dict[str, Any] = {"target": target, "baseline": baseline, "scaling": scaling, "variance": "none"}
    walk(tmp_path, two_tickers, "scrape", "prepare", prepare=changes)
    rows = samples_in(tmp_path)
    preparation = read_record(tmp_path / "data/preparation.json", Preparation)
    assert table.target_names(rows) == ["price"]
    own = rows[rows["split"].isin(["train", "validation", "test"])]
    future = own["date_1"].map(two_tickers[two_tickers["ticker"] == "AAA"].set_index("date")["close"])
    own, future = own[own["ticker"] == "AAA"], future[own["ticker"] == "AAA"].to_numpy()
    last, volatility = own["last"].to_numpy(), own["volatility"].to_numpy()
    back = targets.price_from_target(target, own[["price_1"]].to_numpy(), last, volatility)[:, 0]
    np.testing.assert_allclose(back, future, rtol=1e-9)
    numbers = preparation.price.scalers[ALL if target == "return" else "AAA"][0]
    departure = own["price_1_scaled"] * numbers.scale + numbers.center
    assert table.has_baseline(own, "price") == (baseline != "none")
    np.testing.assert_allclose(own["price_1_baseline"].fillna(0) + departure, own["price_1"], rtol=1e-5, atol=1e-4)
    assert (numbers.center == 0) or baseline == "none"


def test_dates_in_the_wrong_order_are_rejected(tmp_path: Path, two_tickers: pd.DataFrame) -> None:
    with pytest.raises(UserError, match=r"^params.yaml: prepare: found validation '2002-09-02' and test '2002-07-01'"):
        walk(tmp_path, two_tickers, "scrape", "prepare", prepare={"validation": "2002-09-02", "test": "2002-07-01"})


def test_a_column_that_the_source_does_not_have_is_rejected(tmp_path: Path, two_tickers: pd.DataFrame) -> None:
    with pytest.raises(
        UserError,
        match=r"^params.yaml: prepare.features: found dividends missing in 100.0% of the train sessions of AAA",
    ):
        walk(tmp_path, two_tickers, "scrape", "prepare", prepare={"features": ["dividends"]})


def test_an_excluded_ticker_has_no_rows_and_changes_nothing_else(tmp_path: Path, two_tickers: pd.DataFrame) -> None:
    walk(tmp_path / "both", two_tickers, "scrape", "prepare", prepare={"exclude_tickers": ["BBB"]})
    walk(tmp_path / "one", two_tickers[two_tickers["ticker"] == "AAA"], "scrape", "prepare")
    for name in table.FILES:
        both, one = ((tmp_path / folder / f"data/samples/{name}.parquet").read_bytes() for folder in ("both", "one"))
        assert both == one


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"exclude_tickers": ["CCC"]}, "exclude_tickers: found 'CCC'; accepted: tickers of data/prices.parquet"),
        ({"exclude_tickers": ["AAA", "BBB"]}, "exclude_tickers: found every ticker; accepted: some of the tickers"),
        ({"column": "vwap"}, "column: found 'vwap'; accepted here: open, high, low, close, adj_close, volume, "),
        ({}, "target: found return, which needs open, high, low and close; "),
        ({"target": "level"}, "variance: found har, which needs open, high, low and close; "),
    ],
)
def test_a_parameter_that_does_not_fit_the_prices_is_rejected(
    changes: dict[str, Any], line: str, tmp_path: Path, two_tickers: pd.DataFrame
) -> None:
    with pytest.raises(UserError) as error:
        walk(tmp_path, two_tickers.assign(high=np.nan), "scrape", "prepare", prepare=changes)
    assert str(error.value).startswith(f"params.yaml: prepare.{line}")


@pytest.mark.parametrize("value", [0.0, -1.0])
def test_a_value_without_a_return_is_named(value: float, tmp_path: Path, two_tickers: pd.DataFrame) -> None:
    prices = two_tickers.copy()
    prices.loc[520, "adj_close"] = value
    expected = (
        rf"^data/prices.parquet: adj_close of BBB on 2001-01-29: found {value:g}, which has no return; accepted: "
    )
    with pytest.raises(UserError, match=expected):
        walk(tmp_path, prices, "scrape", "prepare", prepare={"column": "adj_close"})


def test_a_test_split_without_samples_is_rejected(tmp_path: Path, two_tickers: pd.DataFrame) -> None:
    prices = two_tickers.copy()
    prices.loc[prices["date"] > "2002-08-12", "open"] = np.nan
    with pytest.raises(UserError, match=r"^data/prices.parquet: found no sample for test, where validation starts "):
        walk(tmp_path, prices, "scrape", "prepare")


def test_a_ticker_with_few_train_samples_is_left_out(
    tmp_path: Path, two_tickers: pd.DataFrame, capsys: pytest.CaptureFixture[str]
) -> None:
    late = two_tickers[(two_tickers["ticker"] == "AAA") | (two_tickers["date"] > "2002-03-20")]
    walk(tmp_path, late, "scrape", "prepare")
    assert set(samples_in(tmp_path)["ticker"]) == {"AAA"}
    assert "BBB: left out, it has fewer than 22 train samples" in capsys.readouterr().out


def test_a_stock_with_only_closes_is_forecast_as_a_difference(tmp_path: Path, two_tickers: pd.DataFrame) -> None:
    closes = two_tickers.assign(open=np.nan, high=np.nan, low=np.nan)
    changes = {"target": "difference", "variance": "none", "features": ["close", "volume_month"]}
    walk(tmp_path, closes, "scrape", "prepare", prepare=changes)
    assert (samples_in(tmp_path)["split"] == "train").sum() > 500


def test_the_longest_horizon_gives_no_warning(tmp_path: Path, two_tickers: pd.DataFrame) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error", pd.errors.PerformanceWarning)
        walk(tmp_path, two_tickers, "scrape", "prepare", prepare={"horizon": 48, "validation": 0.3})
    assert table.horizon_of(samples_in(tmp_path)) == 48


def fitted(folder: Path) -> Preparation:
    return read_record(folder / "data/preparation.json", Preparation)


def test_fits_by_ticker_are_those_of_each_ticker_alone(
    walked_markets: Path, two_markets: pd.DataFrame, tmp_path: Path
) -> None:
    both, rows = fitted(walked_markets), samples_in(walked_markets)
    assert both.pool == "by_ticker"
    for ticker, own in two_markets.groupby("ticker"):
        walk_markets(tmp_path / str(ticker), own, "scrape", "prepare", prepare={"pool": "together"})
        alone = fitted(tmp_path / str(ticker))
        assert both.features[str(ticker)] == alone.features[ALL]
        for target, name in ((both.price, "price"), (both.variance, "variance")):
            assert target is not None
            assert target.scalers[str(ticker)] == alone.targets[name].scalers[ALL]
        assert both.variance is not None
        assert alone.variance is not None
        assert both.variance.coefficients[str(ticker)] == alone.variance.coefficients[ALL]
        expected = samples_in(tmp_path / str(ticker))
        pd.testing.assert_frame_equal(rows[rows["ticker"] == ticker].reset_index(drop=True), expected, check_exact=True)
        assert both.calendars[str(ticker)].name == alone.calendars[ALL].name == MARKETS[str(ticker)]


def test_fits_together_are_those_of_all_rows(two_markets: pd.DataFrame, walked_markets: Path, tmp_path: Path) -> None:
    walk_markets(tmp_path, two_markets, "scrape", "prepare", prepare={"pool": "together"})
    together = fitted(tmp_path)
    assert together.variance is not None
    assert list(together.features) == list(together.variance.coefficients) == list(together.price.scalers) == [ALL]
    rows = samples_in(tmp_path)
    train = rows.loc[rows["split"] == "train", table.feature_columns(rows)].astype(float)
    np.testing.assert_allclose(train.mean(), 0, atol=0.05)
    assert together.variance.coefficients[ALL] not in list(fitted(walked_markets).variance.coefficients.values())  # type: ignore[union-attr]


def test_shares_are_refused_for_several_markets(two_markets: pd.DataFrame, tmp_path: Path) -> None:
    shares = {"validation": 0.15, "test": 0.15}
    with pytest.raises(UserError) as error:
        walk_markets(tmp_path, two_markets, "scrape", "prepare", prepare=shares)
    assert str(error.value) == (
        "params.yaml: prepare.validation, prepare.test: found 0.15 and 0.15; accepted with source: several: "
        "two dates in quotes"
    )


@pytest.mark.parametrize(
    ("first", "last", "lacking"),
    [
        ("2002-03-20", "2003-01-29", "train"),
        ("2001-03-01", "2002-04-28", "validation and test"),
        ("2001-03-01", "2002-07-20", "test"),
    ],
)
def test_a_market_without_samples_of_a_split_is_named_with_its_dates(
    first: str, last: str, lacking: str, two_markets: pd.DataFrame, tmp_path: Path
) -> None:
    is_short = two_markets["date"].between(first, last)
    prices = two_markets[(two_markets["ticker"] == "AAA") | is_short]
    with pytest.raises(UserError) as error:
        walk_markets(tmp_path, prices, "scrape", "prepare")
    assert str(error.value) == (
        f"BBB: found too few samples for {lacking} from {first} to {last}, where validation and test start 2002-05-01 "
        "and 2002-08-01; accepted: at least 22 for train and 1 for the others, with other prepare.validation and "
        "prepare.test, or prepare.exclude_tickers"
    )
    walk_markets(tmp_path, prices, "scrape", "prepare", prepare={"exclude_tickers": ["BBB"]})
    assert set(samples_in(tmp_path)["ticker"]) == {"AAA"}
