"""The forecast report's cells are the numbers of its tables."""

from pathlib import Path

import pandas as pd
import pytest

from pipeline.artifacts import read_record, read_table
from pipeline.pages import forecast
from pipeline.subject import Subject
from pipeline.verdict import Verdict

CLOSE = Subject("close", "USD", "session", priced=True)


@pytest.fixture(scope="module")
def own(walked: Path) -> pd.DataFrame:
    found = read_table(walked / "data/predictions.parquet")
    return found[found["ticker"] == "AAA"]


def test_the_forecast_beyond_the_last_session_is_listed_with_its_dates(own: pd.DataFrame) -> None:
    found = forecast.ticker(own, "AAA", CLOSE, 30, 0.9, 2)
    ahead = own[own["origin"] == own["origin"].max()]
    assert [line[0] for line in found.table] == [f"{date:%Y-%m-%d}" for date in ahead["date"]]
    assert [line[1] for line in found.table] == [f"{value:,.2f}" for value in ahead["predicted"]]
    assert found.caption == f"Forecast from {own['origin'].max():%Y-%m-%d}, the last session."


def test_the_figures_hold_all_of_test_and_show_the_sessions_asked_for(own: pd.DataFrame) -> None:
    found = forecast.ticker(own, "AAA", CLOSE, 30, 0.9, 2).figures["predicted"]
    dates = own[(own["split"] == "test") & (own["horizon"] == 1)]["date"]
    assert found.rows["forecasts"]["date"].tolist() == dates.tolist()
    assert found.start is not None
    first = found.start["brush"]["x"][0]
    assert (first["year"], first["month"], first["date"]) == dates.iloc[-30].timetuple()[:3]


def test_a_ticker_that_ended_before_the_test_period_has_its_forecast_and_no_figure_of_test(walked: Path) -> None:
    found = read_table(walked / "data/predictions.parquet")
    assert list(forecast.ticker(found[found["ticker"] == "BBB"], "BBB", CLOSE, 30, 0.9, 2).figures) == ["beyond"]


def test_long_tests_are_thinned_and_that_is_told(own: pd.DataFrame) -> None:
    assert forecast.thinned(5000, 50) != forecast.thinned(200, 2) == ""
    assert len(forecast.ticker(own, "AAA", CLOSE, 30, 0.9, 2000).figures["predicted"].rows["forecasts"]) <= 100


def test_panels_have_a_line_a_ticker_and_one_ticker_none(walked: Path) -> None:
    told = read_record(walked / "data/verdict.json", Verdict)
    scores, bands = (read_table(walked / f"data/{name}.parquet") for name in ("scores", "bands"))
    assert forecast.by_ticker(told.model_copy(update={"tickers": 1}), scores, bands)[1] == []
    twice = pd.concat([scores, scores[scores["ticker"] == "AAA"].assign(ticker="CCC")])
    lines = forecast.by_ticker(told, twice, bands)[1]
    assert [line[0] for line in lines] == ["AAA", "CCC"]
    assert lines[0][1:4] == lines[1][1:4]
    assert lines[1][4] == ""


@pytest.fixture(scope="module")
def tables(walked: Path) -> dict[str, forecast.Table]:
    told = read_record(walked / "data/verdict.json", Verdict)
    scores, bands = (read_table(walked / f"data/{name}.parquet") for name in ("scores", "bands"))
    return {
        "scores": forecast.scores(told, scores),
        "models": forecast.models(told, scores),
        "flattery": forecast.flattery(told, scores),
        "bands": forecast.bands(told, bands),
        "ways": forecast.ways(bands),
        "by_slice": forecast.by_slice(told, scores, bands),
        "spread": forecast.spread(told, scores),
    }


def test_every_line_of_a_table_has_a_cell_for_each_head(tables: dict[str, forecast.Table]) -> None:
    for name, (heads, cells) in tables.items():
        assert cells, name
        assert {len(line) for line in cells} == {len(heads)}, name


def test_scores_have_a_line_for_the_network_and_one_for_its_reference(tables: dict[str, forecast.Table]) -> None:
    assert [line[2] for line in tables["scores"][1]] == ["network", "persistence"] * 3 + ["network", "har"] * 3


def test_every_model_has_a_line(tables: dict[str, forecast.Table]) -> None:
    assert {line[1] for line in tables["models"][1]} == {"network", "persistence", "drift", "har"}


def test_slices_begin_with_the_whole_and_end_with_the_thirds(tables: dict[str, forecast.Table]) -> None:
    parts = [line[1] for line in tables["by_slice"][1] if line[0] == "close"]
    assert parts[0] == "all"
    assert parts[-3:] == ["low volatility", "middle volatility", "high volatility"]
    assert all(part.isdigit() for part in parts[1:-3])


def test_bands_and_members_have_a_line_a_horizon(tables: dict[str, forecast.Table]) -> None:
    assert [line[0] for line in tables["bands"][1]] == ["1", "2", "3"]
    assert [line[:3] for line in tables["spread"][1]] == [
        [target, str(h), "2"] for target in ("close", "log variance") for h in (1, 2, 3)
    ]
