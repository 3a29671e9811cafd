"""No look-ahead: nothing that happens after a session changes what is known or forecast at that session."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.forecaster import features as features_module
from pipeline.forecaster import samples as table
from pipeline.forecaster.features import Feature, feature_table
from pipeline.forecaster.inputs import with_variance
from pipeline.forecaster.targets import Kind
from pipeline.io.artifacts import read_table
from pipeline.prepare import fitting
from pipeline.prices import OHLC
from tests.conftest import FEATURES, rows_of, samples_in, walk, walk_markets

SEEN = ("data/samples/train.parquet", "data/samples/validation.parquet", "data/preparation.json")
FITTED = (
    *(f"data/model/{target}/{number}.keras" for target in ("price", "variance") for number in (1, 2)),
    "data/history.parquet",
    "data/bands.json",
    *SEEN,
)
STAGES = ("scrape", "prepare", "benchmark", "train", "predict", "evaluate")


def corrupted(prices: pd.DataFrame, after: pd.Timestamp, seed: int) -> pd.DataFrame:
    """Return the prices with random changes in every session after a date.

    Each numeric column is multiplied by its own random factor. With one factor for all four prices the variance would
    not change, and the test would miss a feature that uses tomorrow's variance. Then high becomes the largest of the
    four prices and low the smallest, because scrape rejects any other session.
    """
    rng, later, changed = np.random.default_rng(seed), prices["date"] > after, prices.copy()
    numeric = list(prices.select_dtypes("number"))
    changed.loc[later, numeric] *= np.exp(rng.normal(0, 0.5, (later.sum(), len(numeric))))
    four = changed.loc[later, list(OHLC)]
    changed.loc[later, "high"], changed.loc[later, "low"] = four.max(axis=1), four.min(axis=1)
    return changed


def same(before: pd.DataFrame, after: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(before.reset_index(drop=True), after.reset_index(drop=True), check_exact=True)


def after_validation(folder: Path, prices: pd.DataFrame, share: float) -> pd.Timestamp:
    """A date at this share of the dates from the last target of validation to the last price."""
    samples = samples_in(folder)
    last = samples.loc[samples["split"] == "validation", table.date_column(3)].max()
    later = np.sort(prices.loc[prices["date"] >= last, "date"].unique())
    return pd.Timestamp(later[int(share * (len(later) - 1))])


@pytest.mark.parametrize("share", [0.0, pytest.param(0.4, marks=pytest.mark.slow), 0.9])
def test_changing_what_comes_after_validation_changes_nothing_before_it(
    share: float, walked: Path, two_tickers: pd.DataFrame, tmp_path: Path
) -> None:
    t = after_validation(walked, two_tickers, share)
    walk(tmp_path, corrupted(two_tickers, t, seed=1), *STAGES)
    same_until(t, walked, tmp_path)


@pytest.mark.parametrize("share", [0.0, 0.5])
def test_changing_what_comes_after_validation_in_any_market_changes_nothing_before_it(
    share: float, walked_markets: Path, two_markets: pd.DataFrame, tmp_path: Path
) -> None:
    t = after_validation(walked_markets, two_markets, share)
    walk_markets(tmp_path, corrupted(two_markets, t, seed=1), *STAGES)
    same_until(t, walked_markets, tmp_path)


def same_until(t: pd.Timestamp, walked: Path, other: Path) -> None:
    """Check that two folders have the same samples, forecasts and fitted numbers up to t, and others after it."""

    def known(folder: Path, name: str) -> pd.DataFrame:
        found = read_table(folder / f"data/{name}.parquet")
        return found[found["origin"] <= t]

    clean = samples_in(walked)
    rows = [own[own["date"] <= t] for own in (clean, samples_in(other))]
    steps = [(name, h) for name in table.TARGETS for h in (1, 2, 3)]
    always = ["ticker", "date", "split", "last", "log_variance", "volatility", *table.feature_columns(clean)]
    same(*(own[always + [table.baseline_column(*step) for step in steps]] for own in rows))
    for name, h in steps:  # a target is known once its session has come
        columns = [table.target_column(name, h), table.scaled_column(name, h)]
        same(*(own.loc[own[table.date_column(h)] <= t, columns] for own in rows))
    for name in ("forecasts", "benchmark"):
        same(*(known(folder, name) for folder in (walked, other)))
    forecast = ["ticker", "origin", "horizon", "date", "last", "predicted"]
    forecast += ["variance_predicted", "lower", "upper"]
    same(*(known(folder, "predictions")[forecast] for folder in (walked, other)))
    for name in FITTED:
        assert (walked / name).read_bytes() == (other / name).read_bytes(), name

    felt = [read_table(folder / "data/predictions.parquet") for folder in (walked, other)]
    before, after = (own.loc[own["origin"] > t, "predicted"].to_numpy() for own in felt)
    assert not np.array_equal(before, after)


@pytest.mark.parametrize("session", [30, 66, 150, 340])
def test_changing_what_comes_after_any_session_changes_no_feature_up_to_it(
    session: int, two_tickers: pd.DataFrame
) -> None:
    t = two_tickers.loc[session, "date"]
    clean, changed = (rows_of(prices, horizon=3) for prices in (two_tickers, corrupted(two_tickers, t, seed=2)))
    columns = ["ticker", "date", "split", "last", "log_variance", "volatility", *table.feature_columns(clean)]
    same(*(own.loc[own["date"] <= t, columns] for own in (clean, changed)))
    assert not clean[columns].equals(changed[columns])


AT_RANDOM = settings(max_examples=8, deadline=None, derandomize=True)  # the same dates on every run


def before_and_after(name: str, prices: pd.DataFrame, t: pd.Timestamp, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return a feature of one ticker from its prices, and from the prices corrupted after t."""
    clean, changed = (
        feature_table(with_variance(own), [name], "close") for own in (prices, corrupted(prices, t, seed))
    )
    return clean, changed


@pytest.mark.parametrize("name", features_module.FEATURES)
@given(session=st.integers(66, 418), seed=st.integers(0, 99))
@AT_RANDOM
def test_no_feature_sees_the_future_at_any_date(name: str, session: int, seed: int, two_tickers: pd.DataFrame) -> None:
    t = two_tickers.loc[session, "date"]
    for ticker, own in two_tickers.groupby("ticker"):
        clean, changed = before_and_after(name, own, t, seed)
        same(clean[own["date"] <= t], changed[own["date"] <= t])
        if ticker == "AAA":
            assert clean.equals(changed) == (name == "december")  # it uses only the date


PLANTED: dict[str, Callable[[pd.DataFrame, str], pd.Series]] = {
    "tomorrow's variance": lambda prices, column: prices["log_variance"].shift(-1),
    "tomorrow's return": lambda prices, column: np.log(prices[column].shift(-1) / prices[column]),
    "tomorrow's volume": lambda prices, column: prices["volume"].shift(-1),
    "tomorrow's range by its close": lambda prices, column: ((prices["high"] - prices["low"]) / prices["close"]).shift(
        -1
    ),
}


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_feature_that_sees_tomorrow_is_caught(
    name: str, two_tickers: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(features_module.FEATURES, name, Feature(PLANTED[name], lookback=0))
    own = two_tickers[two_tickers["ticker"] == "AAA"]
    t = own.loc[200, "date"]
    clean, changed = before_and_after(name, own, t, seed=0)
    with pytest.raises(AssertionError):
        same(clean[own["date"] <= t], changed[own["date"] <= t])


def with_target(rows: pd.DataFrame, kind: Kind, baseline: Any) -> pd.DataFrame:
    """Return the rows with the columns of this price target."""
    fit: dict[str, Any] = {"season_length": 5, "scaling": "standard", "pool": "together", "priced": True}
    return rows.join(fitting.fit_target(rows, "price", kind, baseline, **fit)[1])


@pytest.mark.parametrize("kind", get_args(Kind))
@pytest.mark.parametrize("baseline", ["persistence", "drift", "seasonal_naive", "none"])
@given(session=st.integers(66, 490), seed=st.integers(0, 99))
@AT_RANDOM
def test_no_target_or_baseline_of_a_price_sees_beyond_its_own_date(
    kind: Kind, baseline: str, session: int, seed: int, two_tickers: pd.DataFrame, two_tickers_rows: pd.DataFrame
) -> None:
    t = two_tickers.loc[session, "date"]
    wild = rows_of(corrupted(two_tickers, t, seed), 3)
    clean, changed = (with_target(rows, kind, baseline) for rows in (two_tickers_rows, wild))
    fitted = baseline == "drift"  # on train: changing train changes its slope
    trained = clean.loc[clean["split"] == "train", table.date_column(3)].max()
    for h in (1, 2, 3):
        known = clean[table.date_column(h)] <= t
        same(clean.loc[known, [table.target_column("price", h)]], changed.loc[known, [table.target_column("price", h)]])
        if t >= trained or not fitted:
            before = clean["date"] <= t
            baseline_columns = [table.baseline_column("price", h)]
            same(clean.loc[before, baseline_columns], changed.loc[before, baseline_columns])
        if t >= trained:
            scaled_columns = [table.scaled_column("price", h)]
            same(clean.loc[known, scaled_columns], changed.loc[known, scaled_columns])


def test_corrupting_validation_and_test_leaves_the_fitted_numbers_and_corrupting_train_does_not(
    walked: Path, two_tickers: pd.DataFrame, tmp_path: Path
) -> None:
    rows = samples_in(walked)
    train = rows.loc[rows["split"] == "train", table.date_column(3)].max()
    found = []
    for folder, after in (("later", train), ("earlier", rows.loc[100, "date"])):
        walk(tmp_path / folder, corrupted(two_tickers, after, seed=3), "scrape", "prepare")
        found.append((tmp_path / folder / "data/preparation.json").read_text())
    clean = (walked / "data/preparation.json").read_text()
    assert found[0] == clean
    assert found[1] != clean


DATES = {"validation": "2002-07-01", "test": "2002-09-02"}


@pytest.mark.parametrize("later", [1, 2, 7, 60])
def test_new_sessions_change_nothing_that_train_reads_if_boundaries_are_dates(
    later: int, two_tickers: pd.DataFrame, tmp_path: Path
) -> None:
    days = np.sort(two_tickers["date"].unique())
    for name, until in (("before", days[-1 - later]), ("after", days[-1])):
        prices = two_tickers[two_tickers["date"] <= until]
        walk(tmp_path / name, prices, "scrape", "prepare", prepare=DATES)
    for name in SEEN:
        assert (tmp_path / "before" / name).read_bytes() == (tmp_path / "after" / name).read_bytes(), name
    tests = [len(read_table(tmp_path / name / "data/samples/test.parquet")) for name in ("before", "after")]
    assert tests[1] == tests[0] + later


def test_prices_of_the_test_period_change_nothing_that_train_reads_even_with_extra_columns(
    two_tickers: pd.DataFrame, tmp_path: Path
) -> None:
    prices = two_tickers.assign(mood=np.sin(np.arange(len(two_tickers))) + 2, adj_close=two_tickers["close"] * 0.9)
    features = [*FEATURES[:4], "mood", "adj_close"]
    t = pd.Timestamp(DATES["test"]) - pd.Timedelta(days=1)
    for name, own in (("clean", prices), ("wild", corrupted(prices, t, seed=4))):
        walk(tmp_path / name, own, "scrape", "prepare", prepare={**DATES, "features": features})
    for name in SEEN:
        assert (tmp_path / "clean" / name).read_bytes() == (tmp_path / "wild" / name).read_bytes(), name
    tests = [(tmp_path / name / "data/samples/test.parquet").read_bytes() for name in ("clean", "wild")]
    assert tests[0] != tests[1]


def test_the_files_that_train_reads_have_no_price_of_a_later_split(walked: Path) -> None:
    train, validation, test = (read_table(walked / f"data/samples/{name}.parquet") for name in table.FILES)
    first_validation, first_test = validation[table.date_column(1)].min(), test[table.date_column(1)].min()
    for own, first in ((train, first_validation), (validation, first_test)):
        assert own[table.date_column(1)].max() < first
        assert own["date"].max() < first
        for name in table.TARGETS:
            for h in (1, 2, 3):
                targeted = own[[table.target_column(name, h), table.scaled_column(name, h)]].notna().any(axis=1)
                assert own.loc[targeted, table.date_column(h)].max() < first


def check_no_market_trains_on_the_days_of_another_ones_test(rows: pd.DataFrame) -> None:
    """Every target of train is before every one of validation, and those of validation are before those of test."""
    dates = {name: table.target_dates(rows[rows["split"] == name]) for name in ("train", "validation", "test")}
    assert all(len(own) for own in dates.values())
    assert dates["train"].max() < dates["validation"].min()
    assert dates["validation"].max() < dates["test"].min()


def test_no_market_trains_on_the_days_of_another_ones_test(walked_markets: Path, two_markets: pd.DataFrame) -> None:
    ends = two_markets.groupby("ticker")["date"].agg(["min", "max"])
    assert ends.nunique().tolist() == [2, 2]
    rows = samples_in(walked_markets)
    assert set(rows.loc[rows["split"] == "test", "ticker"]) == {"AAA", "BBB"}
    check_no_market_trains_on_the_days_of_another_ones_test(rows)


def test_boundaries_taken_by_market_are_caught(two_markets: pd.DataFrame) -> None:
    by_market = [rows_of(own.reset_index(drop=True), horizon=3) for _, own in two_markets.groupby("ticker")]
    for rows in by_market:
        check_no_market_trains_on_the_days_of_another_ones_test(rows)
    with pytest.raises(AssertionError):
        check_no_market_trains_on_the_days_of_another_ones_test(pd.concat(by_market))
