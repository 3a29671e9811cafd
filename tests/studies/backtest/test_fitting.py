"""A task: no later price changes it, and it forecasts what the pipeline's stages would."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipeline.io.artifacts import read_table
from studies.backtest.fitting import SCHEMA, Data, Settings, Task, forecasts_of, tasks
from tests.conftest import walk
from tests.studies.backtest import made
from tests.test_leakage import corrupted, same

TICKERS = ["AAA", "BBB"]


@pytest.fixture(scope="module")
def data() -> Data:
    return made.data(made.prices())


def of_year(year: int, seed: int | None, data: Data, chosen: Settings) -> Task:
    wanted = tasks(chosen, made.years(data.rows, chosen), TICKERS)
    return next(task for task in wanted if task.fold.year == year and task.seed == seed)


@pytest.mark.parametrize("seed", [None, 0])
def test_changing_later_prices_changes_no_forecast(seed: int | None, data: Data) -> None:
    chosen = made.settings()
    t = pd.Timestamp("2004-03-31")
    changed = made.data(corrupted(made.prices(), t, seed=1))
    before, after = (forecasts_of(of_year(2004, seed, own, chosen), own, chosen) for own in (data, changed))
    same(*(own[own["origin"] <= t] for own in (before, after)))
    felt = [own.loc[own["origin"] > t, "predicted"].to_numpy() for own in (before, after)]
    assert not np.array_equal(*felt)
    models = (
        {"persistence", "har", "ridge", "boosting", "boosting_train", "har_first"}
        if seed is None
        else {"network", "network_refit"}
    )
    assert set(before["model"]) == models
    assert not before["predicted"].isna().any()


def test_changing_earlier_prices_changes_the_fits(data: Data) -> None:
    """The first test can only pass for a reason: what lies before the year matters."""
    chosen = made.settings()
    changed = made.data(corrupted(made.prices(), pd.Timestamp("2003-10-31"), seed=1))
    before, after = (forecasts_of(of_year(2004, None, own, chosen), own, chosen) for own in (data, changed))
    assert not before["predicted"].equals(after["predicted"])


def test_a_fold_forecasts_what_the_stages_do(tmp_path: Path, data: Data) -> None:
    """With the same boundaries and seed, bit for bit: the network, and HAR fitted on train and validation."""
    chosen = made.settings()
    task = of_year(2004, 0, data, chosen)
    found = forecasts_of(task, data, chosen).query("model == 'network'")
    dates = {"validation": f"{task.fold.validation:%Y-%m-%d}", "test": f"{task.fold.test:%Y-%m-%d}"}
    stages = ("scrape", "prepare", "train", "predict")
    walk(tmp_path, made.prices(), *stages, prepare=dates, train={"members": 1})
    expected = read_table(tmp_path / "data/forecasts.parquet")
    key = ["target", "ticker", "origin", "horizon"]
    both = found.merge(expected, on=key, suffixes=("", "_stage"))
    assert len(both) == len(found) > 1000
    np.testing.assert_array_equal(both["predicted"], both["predicted_stage"])


def test_alone_a_ticker_does_not_feel_the_others(data: Data) -> None:
    chosen = made.settings(pooling=["alone"])
    changed = made.prices()
    others = changed["ticker"] == "BBB"
    changed.loc[others, ["open", "high", "low", "close", "adj_close"]] **= 1.1
    task = of_year(2004, None, data, chosen)
    assert task.tickers == ("AAA",)
    same(*(forecasts_of(task, own, chosen) for own in (data, made.data(changed))))
    pooled = made.settings()
    task = of_year(2004, None, data, pooled)
    together = [forecasts_of(task, own, pooled).query("ticker == 'AAA'") for own in (data, made.data(changed))]
    assert not together[0].equals(together[1])


def test_a_ticker_with_too_few_samples_has_no_forecast(data: Data) -> None:
    chosen = made.settings(pooling=["alone"], first_year=2003)
    wanted = tasks(chosen, made.years(data.rows, chosen), TICKERS)
    task = next(task for task in wanted if task.tickers == ("BBB",) and task.fold.year == 2003)
    empty = forecasts_of(task, data, chosen)
    assert empty.empty
    assert list(empty.columns) == SCHEMA.names


@pytest.mark.parametrize("seed", [None, 0])
def test_a_market_that_has_ended_has_no_forecast(seed: int | None) -> None:
    ended = made.data(made.prices()[lambda prices: (prices["ticker"] == "AAA") | (prices["date"] < "2004-07-01")])
    chosen = made.settings(pooling=["alone"])
    wanted = tasks(chosen, made.years(ended.rows, chosen), TICKERS)
    found = {
        task.fold.year: forecasts_of(task, ended, chosen)
        for task in wanted
        if (task.tickers, task.seed) == (("BBB",), seed)
    }
    assert not found[2004].empty
    assert found[2005].empty
