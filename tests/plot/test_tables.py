"""The tables of the page and of the terminal have the numbers of data/, a line for each that there is."""

from pathlib import Path

import pandas as pd
import pytest

from pipeline.formats import Table
from pipeline.io.artifacts import read_record, read_table
from pipeline.plot import tables
from pipeline.scoring import summary
from pipeline.scoring.results import last_forecast
from pipeline.scoring.verdict import Verdict
from pipeline.series import SeriesInfo

CLOSE = SeriesInfo("close", "USD", "session", priced=True)


@pytest.fixture(scope="module")
def own(walked: Path) -> pd.DataFrame:
    """The predictions of one ticker."""
    return read_table(walked / "data/predictions.parquet").query("ticker == 'AAA'")


def test_every_session_ahead_has_a_line_with_its_band(own: pd.DataFrame) -> None:
    ahead = last_forecast(own)
    table = tables.next_forecast("AAA", ahead, CLOSE, 0.9)
    assert table.heads[:5] == ["session", "close, USD", "change from the last session", "90% band from", "to"]
    assert len(table.rows) == 3
    for line, row in zip(table.rows, ahead.itertuples(), strict=True):
        change = row.predicted / row.last - 1
        assert line[:3] == [f"{row.date:%Y-%m-%d}", f"{row.predicted:,.2f}", f"{change:+.2%}"]
        assert line[3:] == [f"{row.lower:,.2f}", f"{row.upper:,.2f}", f"{row.volatility:.2%}"]


def test_a_band_or_a_volatility_that_is_not_known_is_left_out(own: pd.DataFrame) -> None:
    ahead = last_forecast(own).assign(lower=float("nan"), upper=float("nan"), volatility=float("nan"))
    assert [line[3:] for line in tables.next_forecast("AAA", ahead, CLOSE, 0.9).rows] == [["", ""]] * 3


def test_an_origin_before_the_last_value_is_called_what_it_is(own: pd.DataFrame) -> None:
    assert tables.origin(own, "session") == f"Forecast from {own['origin'].max():%Y-%m-%d}, the last session."
    earlier = own[own["origin"] < own["origin"].max() - pd.Timedelta(days=5)]
    assert tables.origin(earlier, "hour") == (
        f"Forecast from {earlier['origin'].max():%Y-%m-%d}, the last hour with a complete window before it. "
        f"The data end on {earlier['date'].max():%Y-%m-%d}."
    )


@pytest.fixture(scope="module")
def told(walked: Path) -> Verdict:
    return read_record(walked / "data/verdict.json", Verdict)


@pytest.fixture(scope="module")
def scores(walked: Path) -> pd.DataFrame:
    return read_table(walked / "data/scores.parquet")


@pytest.fixture(scope="module")
def bands(walked: Path) -> pd.DataFrame:
    return read_table(walked / "data/bands.parquet")


def column(table: Table, head: str) -> list[str]:
    at = table.heads.index(head)
    return [row[at] for row in table.rows]


def test_every_line_has_a_cell_for_each_head(told: Verdict, scores: pd.DataFrame, bands: pd.DataFrame) -> None:
    shared = tables.common(told.model_copy(update={"tickers": 1}), scores, bands)
    for table in (*shared, tables.by_ticker(told, scores, bands)):
        assert table.rows, table.caption
        assert {len(row) for row in table.rows} == {len(table.heads)}, table.caption


def test_scores_have_a_line_for_the_network_and_one_for_its_reference(told: Verdict, scores: pd.DataFrame) -> None:
    found = tables.horizons(told, scores)
    assert column(found, "model") == ["network", "persistence"] * 3 + ["network", "har"] * 3
    assert found.rows[0][7:9] == summary.table(told).rows[0][-2:]


def test_every_model_has_a_line_the_best_first_without_members(told: Verdict, scores: pd.DataFrame) -> None:
    found = tables.models(told, scores)
    own = pd.DataFrame(found.rows, columns=found.heads)
    assert set(own["model"]) == {"network", "persistence", "drift", "har"}
    for _, part in own.groupby("target"):
        assert part["RMSE"].astype(float).is_monotonic_increasing
        assert part.loc[part["model"] == "network", "p against network"].tolist() == [""]


def test_ways_of_making_bands_come_the_best_first(told: Verdict, bands: pd.DataFrame) -> None:
    found = tables.band_methods(told, bands)
    assert set(column(found, "width scaled by")) == {"network", "current", "har", "constant"}
    assert pd.Series(column(found, "interval score")).astype(float).is_monotonic_increasing


def test_tickers_have_a_line_each_and_one_ticker_none(told: Verdict, scores: pd.DataFrame, bands: pd.DataFrame) -> None:
    assert tables.by_ticker(told.model_copy(update={"tickers": 1}), scores, bands).rows == []
    other = pd.concat([scores, scores[scores["ticker"] == "AAA"].assign(ticker="CCC")])
    first, second = tables.by_ticker(told, other, bands).rows
    assert (first[0], second[0]) == ("AAA", "CCC")
    assert first[1:4] == second[1:4]
    assert first[4] != second[4] == ""


def test_slices_begin_with_the_whole_and_end_with_the_thirds(
    told: Verdict, scores: pd.DataFrame, bands: pd.DataFrame
) -> None:
    found = tables.by_slice(told, scores, bands)
    terciles = ["low volatility", "middle volatility", "high volatility"]
    assert column(found, "part of test") == ["all", "2002", *terciles] * 2
    assert [bool(share) for share in column(found, "band coverage")] == [True] * 5 + [False] * 5  # bands are of prices


def test_bands_and_members_have_a_line_a_horizon(told: Verdict, scores: pd.DataFrame, bands: pd.DataFrame) -> None:
    assert column(tables.coverage(told, bands), "sessions ahead") == ["1", "2", "3"]
    expected = [[target, str(h), "2"] for target in ("close", "log variance") for h in (1, 2, 3)]
    assert [row[:3] for row in tables.members(told, scores).rows] == expected
