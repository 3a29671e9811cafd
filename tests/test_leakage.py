"""The acid test: nothing that happens after a session changes anything known, or forecast, at that session."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipeline.artifacts import read_table
from pipeline.tables import rows as table
from pipeline.tables.prices import OHLC
from tests.conftest import rows_of, walk

STAGES = ("scrape", "prepare", "benchmark", "train", "evaluate")


def corrupted(prices: pd.DataFrame, after: pd.Timestamp, seed: int) -> pd.DataFrame:
    """The prices with every session after a date made another one, as wild as it is possible."""
    rng = np.random.default_rng(seed)
    later = prices["date"] > after
    factors = np.exp(rng.normal(0, 0.5, later.sum()))
    changed = prices.copy()
    changed.loc[later, [*OHLC, "adj_close"]] = changed.loc[later, [*OHLC, "adj_close"]].mul(factors, axis=0)
    changed.loc[later, "volume"] = rng.integers(0, 10**6, later.sum()).astype(float)
    return changed


def same(before: pd.DataFrame, after: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(before.reset_index(drop=True), after.reset_index(drop=True), check_exact=True)


@pytest.mark.parametrize("share", [0.0, 0.4, 0.9])
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
    forecast = ["ticker", "origin", "horizon", "date", "last", "predicted", "variance_predicted"]
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
