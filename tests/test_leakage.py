"""The acid test: nothing that happens after a session changes anything known, or forecast, at that session."""

from collections.abc import Callable
from pathlib import Path
from typing import get_args

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.artifacts import read_table
from pipeline.features import FEATURES, Feature, features
from pipeline.samples import with_prices
from pipeline.tables import rows as table
from pipeline.tables.prices import OHLC
from pipeline.targets import Kind
from pipeline.volatility import log_variance
from tests.conftest import rows_of, walk

STAGES = ("scrape", "prepare", "benchmark", "train", "evaluate")


def corrupted(prices: pd.DataFrame, after: pd.Timestamp, seed: int) -> pd.DataFrame:
    """The prices with every session after a date made another one, as wild as it is possible.

    Each numeric column gets a random factor of its own. (One for all four prices would leave the variance as it is, and
    a feature that sees tomorrow's variance would not be caught.) Then high is made the largest and low the smallest of
    the four, for scrape refuses any other session.
    """
    rng, later, changed = np.random.default_rng(seed), prices["date"] > after, prices.copy()
    numeric = list(prices.select_dtypes("number"))
    changed.loc[later, numeric] *= np.exp(rng.normal(0, 0.5, (later.sum(), len(numeric))))
    four = changed.loc[later, list(OHLC)]
    changed.loc[later, "high"], changed.loc[later, "low"] = four.max(axis=1), four.min(axis=1)
    return changed


def same(before: pd.DataFrame, after: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(before.reset_index(drop=True), after.reset_index(drop=True), check_exact=True)


@pytest.mark.parametrize("share", [0.0, pytest.param(0.4, marks=pytest.mark.slow), 0.9])
def test_changing_what_comes_after_validation_changes_nothing_before_it(
    share: float, walked: Path, two_tickers: pd.DataFrame, tmp_path: Path
) -> None:
    clean = read_table(walked / "data/rows.parquet")
    last = clean.loc[clean["split"] == "validation", table.date(3)].max()
    later = np.sort(two_tickers.loc[two_tickers["date"] >= last, "date"].unique())
    t = pd.Timestamp(later[int(share * (len(later) - 1))])
    walk(tmp_path, corrupted(two_tickers, t, seed=1), *STAGES)

    def known(folder: Path, name: str, date: str) -> pd.DataFrame:
        found = read_table(folder / f"data/{name}.parquet")
        return found[found[date] <= t]

    rows = [known(folder, "rows", "date") for folder in (walked, tmp_path)]
    steps = [(name, h) for name in table.TARGETS for h in (1, 2, 3)]
    always = ["ticker", "date", "split", "last", "log_variance", "volatility", *table.features_of(clean)]
    same(*(own[always + [table.baseline(*step) for step in steps]] for own in rows))
    for name, h in steps:  # a target is known once its session has come
        columns = [table.target(name, h), table.scaled(name, h)]
        same(*(own.loc[own[table.date(h)] <= t, columns] for own in rows))
    for name in ("outputs", "baselines"):
        same(*(known(folder, name, "origin") for folder in (walked, tmp_path)))
    forecast = [
        "ticker",
        "origin",
        "horizon",
        "date",
        "last",
        "predicted",
        "variance_predicted",
        "lower",
        "upper",
        "spread",
    ]
    same(*(known(folder, "predictions", "origin")[forecast] for folder in (walked, tmp_path)))
    assert (walked / "data/model/1.keras").read_bytes() == (tmp_path / "data/model/1.keras").read_bytes()

    felt = [read_table(folder / "data/predictions.parquet") for folder in (walked, tmp_path)]
    before, after = (own.loc[own["origin"] > t, "predicted"].to_numpy() for own in felt)
    assert not np.array_equal(before, after)


@pytest.mark.parametrize("session", [30, 66, 150, 340])
def test_changing_what_comes_after_any_session_changes_no_feature_up_to_it(
    session: int, two_tickers: pd.DataFrame
) -> None:
    t = two_tickers.loc[session, "date"]
    clean, changed = (rows_of(prices, horizon=3) for prices in (two_tickers, corrupted(two_tickers, t, seed=2)))
    columns = ["ticker", "date", "split", "last", "log_variance", "volatility", *table.features_of(clean)]
    same(*(own.loc[own["date"] <= t, columns] for own in (clean, changed)))
    assert not clean[columns].equals(changed[columns])


AT_RANDOM = settings(max_examples=8, deadline=None, derandomize=True)  # the same dates on every run


def before_and_after(name: str, prices: pd.DataFrame, t: pd.Timestamp, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """A feature of one ticker, from its prices and from those that are corrupted after t."""
    clean, changed = (
        features(own.assign(log_variance=log_variance(own)), [name], "close")
        for own in (prices, corrupted(prices, t, seed))
    )
    return clean, changed


@pytest.mark.parametrize("name", FEATURES)
@given(session=st.integers(66, 418), seed=st.integers(0, 99))
@AT_RANDOM
def test_no_feature_sees_the_future_at_any_date(name: str, session: int, seed: int, two_tickers: pd.DataFrame) -> None:
    t = two_tickers.loc[session, "date"]
    for ticker, own in two_tickers.groupby("ticker"):
        clean, changed = before_and_after(name, own, t, seed)
        same(clean[own["date"] <= t], changed[own["date"] <= t])
        if ticker == "AAA":
            assert clean.equals(changed) == (name == "december")  # which sees the date alone


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
    monkeypatch.setitem(FEATURES, name, Feature(PLANTED[name], lookback=0))
    own = two_tickers[two_tickers["ticker"] == "AAA"]
    t = own.loc[200, "date"]
    clean, changed = before_and_after(name, own, t, seed=0)
    with pytest.raises(AssertionError):
        same(clean[own["date"] <= t], changed[own["date"] <= t])


@pytest.mark.parametrize("kind", get_args(Kind))
@pytest.mark.parametrize("baseline", ["persistence", "drift", "seasonal_naive", "none"])
@given(session=st.integers(66, 490), seed=st.integers(0, 99))
@AT_RANDOM
def test_no_target_or_baseline_of_a_price_sees_beyond_its_own_date(
    kind: Kind, baseline: str, session: int, seed: int, two_tickers: pd.DataFrame, two_tickers_rows: pd.DataFrame
) -> None:
    t, wild = (
        two_tickers.loc[session, "date"],
        rows_of(corrupted(two_tickers, two_tickers.loc[session, "date"], seed), 3),
    )
    clean, changed = (with_prices(rows, kind, baseline, 5, "standard")[0] for rows in (two_tickers_rows, wild))
    fitted = baseline == "drift"  # on train: changing train changes its slope
    trained = clean.loc[clean["split"] == "train", table.date(3)].max()
    for h in (1, 2, 3):
        known = clean[table.date(h)] <= t
        same(clean.loc[known, [table.target("price", h)]], changed.loc[known, [table.target("price", h)]])
        if t >= trained or not fitted:
            before = clean["date"] <= t
            same(clean.loc[before, [table.baseline("price", h)]], changed.loc[before, [table.baseline("price", h)]])
        if t >= trained:
            same(clean.loc[known, [table.scaled("price", h)]], changed.loc[known, [table.scaled("price", h)]])


def test_corrupting_validation_and_test_leaves_the_fitted_numbers_and_corrupting_train_does_not(
    walked: Path, two_tickers: pd.DataFrame, tmp_path: Path
) -> None:
    rows = read_table(walked / "data/rows.parquet")
    train = rows.loc[rows["split"] == "train", table.date(3)].max()
    scalers = []
    for folder, after in (("later", train), ("earlier", rows.loc[100, "date"])):
        walk(tmp_path / folder, corrupted(two_tickers, after, seed=3), "scrape", "prepare")
        scalers.append((tmp_path / folder / "data/scaler.json").read_text().split('"scalers"')[1])
    clean = (walked / "data/scaler.json").read_text().split('"scalers"')[1]
    assert scalers[0] == clean
    assert scalers[1] != clean
