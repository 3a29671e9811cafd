"""Scalers and baselines are fitted on train only, and samples have the right targets."""

import numpy as np
import pandas as pd
import pytest
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from pipeline.forecaster import samples as table
from pipeline.forecaster.preparation import ALL, Preparation, Scaler, Scaling, fit_groups, inverse_transform, transform
from pipeline.io.errors import UserError
from pipeline.prepare import fitting
from pipeline.prepare.fitting import fit_scalers
from pipeline.prepare.params import Params
from pipeline.quality import Scraped
from tests.conftest import FEATURES, SMALL, rows_of
from tests.series import made_report

SCRAPED = Scraped(
    source="sample",
    step="session",
    column="close",
    tickers={ticker: made_report(unit="EUR") for ticker in ("AAA", "BBB")},
)


def prepared(rows: pd.DataFrame, scaling: str = "standard") -> tuple[pd.DataFrame, Preparation]:
    """Return samples with targets return (baseline drift) and variance, and the fitted numbers."""
    params = Params(**{**SMALL["prepare"], "baseline": "drift", "scaling": scaling})
    return fitting.fit_transform(rows, params, SCRAPED, ranged=True)


@pytest.mark.parametrize("scaling", ["standard", "minmax"])
def test_the_fitted_numbers_do_not_depend_on_validation_and_test(two_tickers_rows: pd.DataFrame, scaling: str) -> None:
    later = two_tickers_rows["split"].isin(["validation", "test", "future"])
    changed = two_tickers_rows.copy()
    changed.loc[later, table.feature_columns(changed)] *= 9
    changed.loc[later & (changed["split"] != "validation"), ["last", "log_variance"]] *= 9
    assert prepared(two_tickers_rows, scaling)[1] == prepared(changed, scaling)[1]


def test_train_is_scaled_to_mean_0_and_deviation_1_and_clipped(two_tickers_rows: pd.DataFrame) -> None:
    wild = two_tickers_rows.copy()
    wild.loc[wild.index[-1], table.feature_column("close_location")] = 1e9
    found, _ = prepared(wild)
    train = found.loc[found["split"] == "train", table.feature_columns(found)]
    assert (found.dtypes[table.feature_columns(found)] == np.float32).all()
    np.testing.assert_allclose(train.mean(), 0, atol=0.05)
    np.testing.assert_allclose(train.std(), 1, atol=0.05)
    assert found[table.feature_columns(found)].abs().max().max() == 6


def test_a_feature_with_too_many_missing_values_on_train_is_rejected(two_tickers: pd.DataFrame) -> None:
    prices = two_tickers.copy()
    prices.loc[(prices["ticker"] == "BBB") & (prices.index % 4 == 0), "volume"] = 0
    rows = rows_of(prices, horizon=2)
    with pytest.raises(
        UserError,
        match=r"^params.yaml: prepare.features: found volume_month missing in 2\d\.\d% of the train sessions of BBB",
    ):
        fitting.fit_feature_scalers(rows, "return", "standard", "together")


def test_a_few_missing_values_become_0_and_are_counted(two_tickers: pd.DataFrame) -> None:
    prices = two_tickers.copy()
    prices.loc[[100, 101], "volume"] = 0
    rows = rows_of(prices, horizon=2)
    found, preparation = prepared(rows)
    assert preparation.missing == {name: 2 if name == "volume_month" else 0 for name in FEATURES}
    assert found.loc[[100, 101], table.feature_column("volume_month")].tolist() == [0, 0]


def test_a_target_is_its_baseline_plus_the_unscaled_difference(two_tickers_rows: pd.DataFrame) -> None:
    found, preparation = prepared(two_tickers_rows)
    sample = found["split"].isin(["train", "validation", "test"])
    for h, scaler in enumerate(preparation.targets["variance"].scalers[ALL], 1):
        back = found[table.baseline_column("variance", h)] + found[table.scaled_column("variance", h)] * scaler.scale
        np.testing.assert_allclose(back[sample], found.loc[sample, table.target_column("variance", h)], rtol=1e-5)


def test_only_samples_have_targets(two_tickers_rows: pd.DataFrame) -> None:
    found, _ = prepared(two_tickers_rows)
    other = found[found["split"].isin(["warmup", "purged", "future"])]
    assert set(other["split"]) == {"warmup", "purged", "future"}
    for name in table.TARGETS:
        for h in (1, 2, 3):
            assert other[[table.target_column(name, h), table.scaled_column(name, h)]].isna().all(axis=None)


def test_a_session_without_open_is_no_origin_and_no_target_and_changes_no_other(two_tickers: pd.DataFrame) -> None:
    prices = two_tickers.copy()
    prices.loc[150, "open"] = np.nan
    clean, rows = rows_of(two_tickers, horizon=3), rows_of(prices, horizon=3)
    changed = np.flatnonzero(clean["split"] != rows["split"])
    assert changed.min() == 147  # session 150 is its third target
    assert changed.max() == 171  # session 150 is the first of its month of 22 sessions
    assert not (rows.loc[147:171, "split"] == "train").any()
    found, preparation = prepared(rows)
    train = found[rows["split"] == "train"]
    assert train[[name for name in train if name.startswith(("price", "variance"))]].notna().all(axis=None)
    for target in preparation.targets.values():
        assert all(np.isfinite(scaler.scale) for scaler in target.scalers[ALL])


KINDS = ("standard", "minmax")

TRAIN = np.random.default_rng(0).normal(5, 3, 400)
OTHER = np.random.default_rng(1).normal(-50, 90, 400)
TOGETHER = pd.Series(["A"] * 400)
EVERY = np.ones(400, dtype=bool)


def fitted(kind: Scaling, train: np.ndarray = TRAIN, *, keep_zero: bool = False) -> dict[str, Scaler]:
    return fit_scalers(kind, train, np.ones(len(train), dtype=bool), {ALL: np.arange(len(train))}, keep_zero=keep_zero)


@pytest.mark.parametrize(("kind", "sklearn_scaler"), [("standard", StandardScaler()), ("minmax", MinMaxScaler())])
def test_a_scaler_gives_the_same_values_as_scikit_learn(kind: Scaling, sklearn_scaler) -> None:
    expected = sklearn_scaler.fit(TRAIN[:, None]).transform(OTHER[:, None])[:, 0]
    np.testing.assert_allclose(transform(OTHER, fitted(kind), TOGETHER), expected, rtol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("keep_zero", [True, False])
def test_scaling_is_undone(kind: Scaling, keep_zero: bool) -> None:
    own = fitted(kind, keep_zero=keep_zero)
    np.testing.assert_allclose(inverse_transform(transform(OTHER, own, TOGETHER), own, TOGETHER), OTHER, rtol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_keep_zero_maps_zero_to_exactly_zero(kind: Scaling) -> None:
    own = fitted(kind, keep_zero=True)
    assert inverse_transform(np.zeros(1), own, TOGETHER[:1]) == 0
    assert own[ALL].scale != 1


@pytest.mark.parametrize("kind", KINDS)
def test_missing_values_and_rows_that_are_not_train_do_not_count(kind: Scaling) -> None:
    assert fitted(kind, np.append(TRAIN, np.nan)) == fitted(kind)
    both, train = np.append(TRAIN, OTHER), np.arange(800) < 400
    assert fit_scalers(kind, both, train, {ALL: np.arange(800)}, keep_zero=False) == fitted(kind)


@pytest.mark.parametrize("kind", KINDS)
def test_a_constant_is_scaled_by_one(kind: Scaling) -> None:
    assert fitted(kind, np.full(9, 3.0)) == {ALL: Scaler(center=3.0, scale=1.0)}


@pytest.mark.parametrize("kind", KINDS)
def test_per_ticker_scalers_do_not_depend_on_other_tickers(kind: Scaling) -> None:
    tickers = pd.Series(["A", "B"] * 200)
    both = fit_scalers(kind, TRAIN, EVERY, fit_groups(tickers, "by_ticker"), keep_zero=False)
    found = transform(TRAIN, both, tickers)
    for ticker in ("A", "B"):
        own = (tickers == ticker).to_numpy()
        expected = fitted(kind, TRAIN[own])
        assert both[ticker] == expected[ALL]
        np.testing.assert_array_equal(found[own], transform(TRAIN[own], expected, tickers[own]))
    assert list(fit_groups(tickers, "together")) == [ALL]
