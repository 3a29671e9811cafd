"""Several markets through all stages: each by its own calendar, one network, and a forecast of each."""

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from mlflow import MlflowClient

from pipeline.forecaster.bands import Bands
from pipeline.forecaster.forecaster import Forecaster
from pipeline.forecaster.preparation import ALL
from pipeline.io.artifacts import read_json, read_record, read_table
from pipeline.io.errors import UserError
from pipeline.scoring.columns import POOLED
from pipeline.scoring.verdict import Verdict
from tests.commands import pipeline
from tests.conftest import MARKETS, walk_markets
from tests.pages import shown
from tests.test_leakage import same


def test_the_pages_show_every_market(walked_markets: Path) -> None:
    explore, forecast = ((walked_markets / f"reports/{name}.html").read_text() for name in ("explore", "forecast"))
    assert set(shown(explore)) == set(shown(forecast)) == set(MARKETS)
    for ticker, calendar in MARKETS.items():
        assert f"No session of the calendar {calendar} is missing." in str(shown(explore)[ticker])
    verdict = read_record(walked_markets / "data/verdict.json", Verdict)
    assert (verdict.tickers, verdict.name) == (2, "2 tickers")


def test_each_market_is_forecast_for_the_next_dates_of_its_calendar(walked_markets: Path) -> None:
    found = pd.read_csv(walked_markets / "reports/next.csv")
    assert found.groupby("ticker")["origin"].first().to_dict() == {"AAA": "2002-11-29", "BBB": "2003-01-29"}
    dates = found.groupby("ticker")["date"].agg(list).to_dict()
    assert dates["AAA"] == ["2002-12-02", "2002-12-03", "2002-12-04"]
    assert dates["BBB"] == ["2003-01-30", "2003-01-31", "2003-02-01"]  # the last is a Saturday
    printed = pipeline(walked_markets, "forecast").stdout
    assert all(
        f"{ticker}: Forecast from {date}" in printed for ticker, date in (("AAA", "2002-11-29"), ("BBB", "2003-"))
    )


def test_each_market_is_scored_alone_and_together(walked_markets: Path) -> None:
    scores = read_table(walked_markets / "data/scores.parquet")
    assert set(scores["ticker"]) == {"AAA", "BBB", POOLED}
    assert set(scores.loc[scores["ticker"] == "BBB", "split"]) == {"validation", "test"}


def test_bands_are_those_of_each_market(walked_markets: Path, two_markets: pd.DataFrame, tmp_path: Path) -> None:
    bands, rows = (
        read_record(walked_markets / "data/bands.json", Bands),
        read_table(walked_markets / "data/predictions.parquet"),
    )
    assert set(bands.quantiles) == set(MARKETS)
    banded = rows["upper"].notna()
    assert set(rows.loc[banded, "split"]) == {"test", "future"}
    width = (rows["upper"] - rows["predicted"]) / rows["last"]
    variance = rows.groupby(["ticker", "origin"])["variance_predicted"].transform(lambda own: np.exp(own).cumsum())
    quantile = [bands.quantiles[ticker][h - 1] for ticker, h in zip(rows["ticker"], rows["horizon"], strict=True)]
    np.testing.assert_allclose(width[banded], (np.sqrt(variance) * quantile)[banded])


def test_the_forecaster_forecasts_each_market_as_the_pipeline_does(walked_markets: Path) -> None:
    prices, forecaster = read_table(walked_markets / "data/prices.parquet"), Forecaster.load(walked_markets / "data")
    expected = pd.read_csv(walked_markets / "reports/next.csv")
    columns = ["ticker", "horizon", "forecast", "lower", "upper", "volatility"]
    same(forecaster.forecast(prices)[columns], expected[columns].astype({"horizon": np.int64}))
    with pytest.raises(UserError, match=r"^NEW: found no fitted numbers for this ticker; accepted: AAA, BBB$"):
        forecaster.forecast(prices[prices["ticker"] == "AAA"].assign(ticker="NEW"))


def test_a_file_of_all_markets_is_forecast_in_the_default_format(walked_markets: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(walked_markets, tmp_path / "folder")
    read_table(folder / "data/prices.parquet").to_csv(folder / "own.csv", index=False)
    done = pipeline(folder, "forecast", "own.csv")
    assert done.returncode == 0, done.stderr
    assert done.stdout == pipeline(folder, "forecast").stdout


def test_a_state_of_several_markets_is_recorded(
    walked_markets: Path, two_markets: pd.DataFrame, tmp_path: Path
) -> None:
    folder = shutil.copytree(walked_markets, tmp_path / "folder")
    walk_markets(folder, two_markets, "track")
    experiment = read_json(folder / "data/run.json")["experiment"]
    client = MlflowClient(f"sqlite:///{folder / 'mlflow.db'}")
    (run,) = client.search_runs([client.get_experiment_by_name(experiment).experiment_id])
    assert run.data.params["prepare.pool"] == "by_ticker"
    assert run.inputs.dataset_inputs[0].dataset.source_type == "several"


def test_fitted_together_all_markets_share_numbers_but_no_calendar(two_markets: pd.DataFrame, tmp_path: Path) -> None:
    stages = ("scrape", "prepare", "benchmark", "train", "predict", "evaluate")
    walk_markets(tmp_path, two_markets, *stages, prepare={"pool": "together"})
    preparation = read_json(tmp_path / "data/preparation.json")
    assert list(preparation["features"]) == list(read_json(tmp_path / "data/bands.json")["quantiles"]) == [ALL]
    assert {ticker: own["name"] for ticker, own in preparation["calendars"].items()} == MARKETS
