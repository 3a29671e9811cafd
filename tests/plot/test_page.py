"""The forecast page shows of each ticker what there is to show."""

from pathlib import Path

import pandas as pd
import pytest

from pipeline.io.artifacts import read_table
from pipeline.plot import page
from pipeline.report.figures import Figure
from pipeline.series import SeriesInfo

CLOSE = SeriesInfo("close", "USD", "session", priced=True)


@pytest.fixture(scope="module")
def predictions(walked: Path) -> pd.DataFrame:
    return read_table(walked / "data/predictions.parquet")


def figures(predictions: pd.DataFrame, tickers: int) -> dict[str, Figure]:
    return page.ticker_figures(page.parts(predictions.query("ticker == 'AAA'")), CLOSE, 30, 0.9, tickers)


def test_the_figures_hold_all_of_test_and_show_the_sessions_asked_for(predictions: pd.DataFrame) -> None:
    found = figures(predictions, tickers=2)["predicted"]
    dates = predictions.query("ticker == 'AAA' and split == 'test' and horizon == 1")["date"]
    assert found.rows["forecasts"]["date"].tolist() == dates.tolist()
    assert found.start is not None
    first = found.start["brush"]["x"][0]
    assert (first["year"], first["month"], first["date"]) == dates.iloc[-30].timetuple()[:3]


def test_long_tests_are_downsampled_and_that_is_told(predictions: pd.DataFrame) -> None:
    assert len(figures(predictions, tickers=2000)["predicted"].rows["forecasts"]) <= 100
    assert page.downsampling_note(200, 2) == ""
    assert "2,000" in page.downsampling_note(5000, 50)
