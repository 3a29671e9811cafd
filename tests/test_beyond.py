"""The forecast beyond the last session is told with its dates and bands, on the page and on the terminal."""

import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from pipeline.artifacts import read_table
from pipeline.beyond import beyond, last_forecast, origin
from pipeline.subject import Subject
from tests.conftest import UNPINNED
from tests.imports import ROOT

CLOSE = Subject("close", "USD", "session", priced=True)


@pytest.fixture(scope="module")
def predictions(walked: Path) -> pd.DataFrame:
    return read_table(walked / "data/predictions.parquet")


def test_every_session_ahead_has_a_line_with_its_band(predictions: pd.DataFrame) -> None:
    ahead = last_forecast(predictions[predictions["ticker"] == "AAA"])
    heads, lines = beyond(ahead, CLOSE, 0.9)
    assert heads[:5] == ["session", "close, USD", "change from the last session", "90% band from", "to"]
    assert [line[0] for line in lines] == [f"{date:%Y-%m-%d}" for date in ahead["date"]]
    for line, row in zip(lines, ahead.itertuples(), strict=True):
        assert line[1] == f"{row.predicted:,.2f}"
        assert line[3:5] == [f"{row.lower:,.2f}", f"{row.upper:,.2f}"]
        assert row.lower < row.predicted < row.upper


def test_bands_widen_with_the_horizon(predictions: pd.DataFrame) -> None:
    ahead = last_forecast(predictions[predictions["ticker"] == "AAA"])
    width = ahead["upper"] - ahead["lower"]
    assert width.is_monotonic_increasing


def test_a_band_that_is_not_known_is_left_empty(predictions: pd.DataFrame) -> None:
    ahead = last_forecast(predictions[predictions["ticker"] == "AAA"]).assign(lower=float("nan"), upper=float("nan"))
    assert beyond(ahead, CLOSE, 0.9)[1][0][3:5] == ["", ""]


def test_an_origin_before_the_last_value_is_called_what_it_is(predictions: pd.DataFrame) -> None:
    own = predictions[predictions["ticker"] == "AAA"]
    assert origin(own, "session") == f"Forecast from {own['origin'].max():%Y-%m-%d}, the last session."
    earlier = own[own["origin"] < own["origin"].max() - pd.Timedelta(days=5)]
    said = origin(earlier, "hour")
    assert said.startswith(
        f"Forecast from {earlier['origin'].max():%Y-%m-%d}, the last hour with a whole window before"
    )
    assert said.endswith(f"data go on to {earlier['date'].max():%Y-%m-%d}.")


def test_the_terminal_shows_every_ticker_and_refuses_another_word(walked: Path, predictions: pd.DataFrame) -> None:
    def ran(*words: str) -> subprocess.CompletedProcess:
        command, environment = [sys.executable, "-m", "pipeline", *words], {**UNPINNED, "PYTHONPATH": str(ROOT)}
        return subprocess.run(command, cwd=walked, env=environment, capture_output=True, text=True)

    shown = ran("forecast").stdout
    for ticker in ("AAA", "BBB"):
        assert f"{ticker}: Forecast from" in shown
        for row in last_forecast(predictions[predictions["ticker"] == ticker]).itertuples():
            assert f"{row.lower:,.2f}" in shown
    refused = ran("tomorrow")
    assert (refused.returncode, refused.stderr) == (
        1,
        "pipeline: found 'tomorrow'; accepted: nothing, forecast, or forecast FILE\n",
    )
