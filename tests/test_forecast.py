"""The forecast report's cells are the numbers of its tables."""

from pathlib import Path

import pandas as pd
import pytest

from pipeline.artifacts import read_json, read_table
from pipeline.pages import forecast
from pipeline.subject import Subject

CLOSE = Subject("close", "USD", "session", priced=True)


@pytest.fixture(scope="module")
def own(walked: Path) -> pd.DataFrame:
    found = read_table(walked / "data/predictions.parquet")
    return found[found["ticker"] == "AAA"]


def test_the_forecast_beyond_the_last_session_is_listed_with_its_dates(own: pd.DataFrame) -> None:
    found = forecast.section(own, "AAA", CLOSE, 30)
    ahead = own[own["origin"] == own["origin"].max()]
    assert [line[0] for line in found["lines"]] == [f"{date:%Y-%m-%d}" for date in ahead["date"]]
    assert [line[1] for line in found["lines"]] == [f"{value:,.2f}" for value in ahead["predicted"]]
    assert found["origin"] == f"Forecast from {own['origin'].max():%Y-%m-%d}, the last session."


def test_an_origin_before_the_last_value_is_called_what_it_is(own: pd.DataFrame) -> None:
    earlier = own[own["origin"] < own["origin"].max() - pd.Timedelta(days=5)]
    said = forecast.origin(earlier, "hour")
    assert said.startswith(
        f"Forecast from {earlier['origin'].max():%Y-%m-%d}, the last hour with a whole window before"
    )
    assert said.endswith(f"data go on to {earlier['date'].max():%Y-%m-%d}.")


def test_the_figures_show_the_sessions_asked_for(own: pd.DataFrame) -> None:
    (rows,) = forecast.section(own, "AAA", CLOSE, 30)["specs"]["predicted"]["datasets"].values()
    assert len(rows) == 3 * 30


def test_a_ticker_that_ended_before_the_test_period_has_its_forecast_and_no_figure_of_test(walked: Path) -> None:
    found = read_table(walked / "data/predictions.parquet")
    assert list(forecast.section(found[found["ticker"] == "BBB"], "BBB", CLOSE, 30)["specs"]) == ["beyond"]


def test_scores_have_a_line_for_the_network_and_one_for_its_reference(walked: Path) -> None:
    heads, cells = forecast.scores(read_json(walked / "reports/metrics.json"))
    assert [line[2] for line in cells] == ["network", "persistence"] * 3 + ["network", "har"] * 3
    assert all(len(line) == len(heads) for line in cells)
