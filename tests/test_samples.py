"""Rows are what was known at each origin and what came of it; their scaling sees train alone."""

import numpy as np
import pandas as pd
import pytest

from pipeline import samples
from pipeline.errors import UserError
from pipeline.scaling import ALL
from pipeline.tables import rows as table
from tests.conftest import FEATURES, rows_of
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


@pytest.mark.parametrize("kind", ["standard", "minmax"])
def test_scaling_is_blind_to_validation_and_test(two_tickers_rows: pd.DataFrame, kind) -> None:
    later = two_tickers_rows["split"].isin(["validation", "test", "future"])
    changed = two_tickers_rows.copy()
    changed.loc[later, table.features_of(changed)] *= 9
    assert (
        samples.with_scaled_features(two_tickers_rows, "return", kind)[1]
        == samples.with_scaled_features(changed, "return", kind)[1]
    )
    changed.loc[later & (changed["split"] != "validation"), ["last", "log_variance"]] *= 9
    for scalers in (
        lambda rows: samples.with_prices(rows, "return", "drift", 5, kind)[1],
        lambda rows: samples.with_variances(rows, "har", 5, kind)[1],
    ):
        assert scalers(two_tickers_rows) == scalers(changed)


def test_train_is_scaled_to_mean_0_and_deviation_1_and_clipped(two_tickers_rows: pd.DataFrame) -> None:
    wild = two_tickers_rows.copy()
    wild.loc[wild.index[-1], table.feature("close_location")] = 1e9
    found, _ = samples.with_scaled_features(wild, "return", "standard")
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
        samples.with_scaled_features(rows, "return", "standard")


def test_what_lacks_a_little_becomes_0_and_is_counted(two_tickers: pd.DataFrame) -> None:
    prices = two_tickers.copy()
    prices.loc[[100, 101], "volume"] = 0
    rows = rows_of(prices, horizon=2)
    assert samples.missing(rows) == {name: 2 if name == "volume_month" else 0 for name in FEATURES}
    found, _ = samples.with_scaled_features(rows, "return", "standard")
    assert found.loc[[100, 101], table.feature("volume_month")].tolist() == [0, 0]


def test_a_target_is_its_baseline_and_the_unscaled_departure(two_tickers_rows: pd.DataFrame) -> None:
    found, scalers = samples.with_variances(two_tickers_rows, "har", 5, "standard")
    found = found[found["complete"]]
    for h in (1, 2, 3):
        back = (
            found[table.baseline("variance", h)]
            + found[table.scaled("variance", h)] * scalers[table.target("variance", h)][ALL]["scale"]
        )
        np.testing.assert_allclose(back, found[table.target("variance", h)], rtol=1e-5)
        assert found[table.target("variance", h)].isna().sum() == 2 * h


def test_a_session_without_its_open_is_no_origin_and_no_target_and_spoils_no_other(two_tickers: pd.DataFrame) -> None:
    prices = two_tickers.copy()
    prices.loc[150, "open"] = np.nan
    clean, rows = rows_of(two_tickers, horizon=3), rows_of(prices, horizon=3)
    changed = np.flatnonzero(clean["split"] != rows["split"])
    assert changed.min() == 147  # whose third target it is
    assert changed.max() == 171  # whose month it is the first session of
    assert not (rows.loc[147:171, "split"] == "train").any()
    found, scalers = samples.with_prices(rows, "return", "persistence", 5, "standard")
    found, more = samples.with_variances(found, "har", 5, "standard")
    train = found[found["split"] == "train"]
    assert train[[name for name in train if name.startswith(("price", "variance"))]].notna().all(axis=None)
    assert all(np.isfinite(own[ALL]["scale"]) for own in [*scalers.values(), *more.values()])
