"""What is fitted sees train alone, and samples are what was known at each origin and what came of it."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from pipeline import fitting
from pipeline.errors import UserError
from pipeline.forecaster import samples
from pipeline.forecaster.preparation import ALL, Preparation
from pipeline.tables import samples as table
from tests.conftest import FEATURES, made_preparation, rows_of
from tests.series import made_prices


def test_the_dates_ahead_are_the_tickers_own_next_sessions(two_tickers_rows: pd.DataFrame) -> None:
    for _, own in two_tickers_rows.groupby("ticker"):
        for h in (1, 2, 3):
            assert own[table.date(h)].iloc[:-h].tolist() == own["date"].iloc[h:].tolist()
        assert (own[table.date(3)].iloc[-3:] > own["date"].iloc[-1]).all()


def test_a_ticker_without_a_train_sample_is_left_out() -> None:
    late = made_prices("LATE", 60, seed=3)
    late["date"] = pd.bdate_range("2002-10-01", periods=60).as_unit("us")
    rows = rows_of(pd.concat([made_prices("AAA", 500, seed=1), late]), horizon=2)
    assert set(rows["ticker"]) == {"AAA"}


def test_no_train_sample_at_all_is_refused() -> None:
    with pytest.raises(UserError, match=r"^data/prices.parquet: no sample for train: validation starts "):
        rows_of(made_prices("AAA", 30, seed=1), horizon=2)


def test_a_validation_too_short_to_stop_on_is_refused(two_tickers: pd.DataFrame) -> None:
    with pytest.raises(
        UserError, match=r"^params.yaml: prepare.validation: found 0.01, from 2002-08-\d\d to before 2002-08"
    ):
        rows_of(two_tickers, horizon=5, validation=0.01)


def prepared(rows: pd.DataFrame, how: Any = "standard") -> pd.DataFrame:
    """The rows with returns and variances as targets, scaled."""
    preparation = preparation_of(rows, how)
    return fitting.with_targets(samples.prepared(rows, preparation), preparation)


def preparation_of(rows: pd.DataFrame, how: Any = "standard") -> Preparation:
    return made_preparation(
        horizon=table.horizon_of(rows),
        scaling=how,
        features=fitting.features(rows, "return", how),
        price=fitting.target(rows, "return", "drift", 5, how),
        variance=fitting.target(rows, "variance", "har", 5, how),
        missing=fitting.missing(rows),
    )


@pytest.mark.parametrize("how", ["standard", "minmax"])
def test_what_is_fitted_is_blind_to_validation_and_test(two_tickers_rows: pd.DataFrame, how: str) -> None:
    later = two_tickers_rows["split"].isin(["validation", "test", "future"])
    changed = two_tickers_rows.copy()
    changed.loc[later, table.features_of(changed)] *= 9
    changed.loc[later & (changed["split"] != "validation"), ["last", "log_variance"]] *= 9
    assert preparation_of(two_tickers_rows, how) == preparation_of(changed, how)


def test_train_is_scaled_to_mean_0_and_deviation_1_and_clipped(two_tickers_rows: pd.DataFrame) -> None:
    wild = two_tickers_rows.copy()
    wild.loc[wild.index[-1], table.feature("close_location")] = 1e9
    found = prepared(wild)
    train = found.loc[found["split"] == "train", table.features_of(found)]
    assert (found.dtypes[table.features_of(found)] == np.float32).all()
    np.testing.assert_allclose(train.mean(), 0, atol=0.05)
    np.testing.assert_allclose(train.std(), 1, atol=0.05)
    assert found[table.features_of(found)].abs().max().max() == 6


def test_a_feature_that_lacks_too_much_of_train_is_named_with_its_ticker(two_tickers: pd.DataFrame) -> None:
    prices = two_tickers.copy()
    prices.loc[(prices["ticker"] == "BBB") & (prices.index % 4 == 0), "volume"] = 0
    rows = rows_of(prices, horizon=2)
    with pytest.raises(
        UserError,
        match=r"^params.yaml: prepare.features: volume_month is missing in 2\d\.\d% of the train sessions of BBB",
    ):
        fitting.features(rows, "return", "standard")


def test_what_lacks_a_little_becomes_0_and_is_counted(two_tickers: pd.DataFrame) -> None:
    prices = two_tickers.copy()
    prices.loc[[100, 101], "volume"] = 0
    rows = rows_of(prices, horizon=2)
    assert fitting.missing(rows) == {name: 2 if name == "volume_month" else 0 for name in FEATURES}
    assert prepared(rows).loc[[100, 101], table.feature("volume_month")].tolist() == [0, 0]


def test_a_target_is_its_baseline_and_the_unscaled_departure(two_tickers_rows: pd.DataFrame) -> None:
    preparation = preparation_of(two_tickers_rows)
    found = prepared(two_tickers_rows)
    sample = found["split"].isin(["train", "validation", "test"])
    for h, scaler in enumerate(preparation.targets["variance"].scalers[ALL], 1):
        back = found[table.baseline("variance", h)] + found[table.scaled("variance", h)] * scaler.scale
        np.testing.assert_allclose(back[sample], found.loc[sample, table.target("variance", h)], rtol=1e-5)


def test_only_samples_have_targets(two_tickers_rows: pd.DataFrame) -> None:
    found = prepared(two_tickers_rows)
    other = found[found["split"].isin(["warmup", "purged", "future"])]
    assert set(other["split"]) == {"warmup", "purged", "future"}
    for name in table.TARGETS:
        for h in (1, 2, 3):
            assert other[[table.target(name, h), table.scaled(name, h)]].isna().all(axis=None)


def test_a_session_without_its_open_is_no_origin_and_no_target_and_spoils_no_other(two_tickers: pd.DataFrame) -> None:
    prices = two_tickers.copy()
    prices.loc[150, "open"] = np.nan
    clean, rows = rows_of(two_tickers, horizon=3), rows_of(prices, horizon=3)
    changed = np.flatnonzero(clean["split"] != rows["split"])
    assert changed.min() == 147  # whose third target it is
    assert changed.max() == 171  # whose month it is the first session of
    assert not (rows.loc[147:171, "split"] == "train").any()
    train = prepared(rows)[rows["split"] == "train"]
    assert train[[name for name in train if name.startswith(("price", "variance"))]].notna().all(axis=None)
    preparation = preparation_of(rows)
    for target in preparation.targets.values():
        assert all(np.isfinite(scaler.scale) for scaler in target.scalers[ALL])
