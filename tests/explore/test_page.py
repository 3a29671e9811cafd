"""The EDA report shows every ticker, says what is missing, and escapes what it is given."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from pipeline.explore import page
from pipeline.io.artifacts import read_table
from pipeline.io.errors import UserError
from tests.conftest import file_params, walk
from tests.pages import outside_scripts, parsed, shown
from tests.series import made_prices

PRICED = {
    "values_and_volume", "candlesticks", "data_quality", "volatility", "drawdown", "distribution", "months",
    "weekdays", "autocorrelation", "clustering",
}  # fmt: skip
HOURLY = {
    "values", "data_quality", "volatility", "distribution", "months", "weekdays", "hours", "autocorrelation",
    "autocorrelation_of_changes",
}  # fmt: skip


def test_every_ticker_has_its_figures(walked: Path) -> None:
    html = (walked / "reports/explore.html").read_text()
    assert {name: set(own["figures"]) for name, own in shown(html).items()} == {"AAA": PRICED, "BBB": PRICED}
    assert set(parsed(html, "common")["figures"]) == {"correlations"}


def test_a_series_without_prices_has_a_figure_of_its_hours_and_none_of_returns(walked_heat: Path) -> None:
    html = (walked_heat / "reports/explore.html").read_text()
    assert set(shown(html)["Oslo"]["figures"]) == HOURLY
    assert "return" not in outside_scripts(html).lower()


def test_the_summary_has_a_row_for_each_ticker_on_the_page_too(walked: Path) -> None:
    summary = read_table(walked / "data/summary.parquet")
    assert summary["sessions"].tolist() == [500, 420]
    assert summary["stationarity"].tolist() == ["wanders (unit root)"] * 2
    html = outside_scripts((walked / "reports/explore.html").read_text())
    assert html.count('<th scope="col"') == len(summary.columns)
    assert html.count("<tr>") == 1 + len(summary)


def test_missing_sessions_are_named(tmp_path: Path) -> None:
    prices = made_prices("AAA", 90, seed=0).drop(index=[10, 20])
    prices.to_csv(tmp_path / "own.csv", index=False)
    walk(tmp_path, prices, "scrape", "explore", scrape=file_params(max_missing=0.1))
    html = (tmp_path / "reports/explore.html").read_text()
    assert "Missing sessions of the calendar 24/5 (2): 2001-01-15, 2001-01-29." in html
    assert shown(html)["AAA"]["figures"]["data_quality"]["rows"]["days"]["date"] == ["2001-01-15", "2001-01-29"]


def test_too_few_values_for_figures_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"^data/prices.parquet: found no ticker with 30 returns; accepted: a longer"):
        walk(tmp_path, made_prices("AAA", 29, seed=0), "scrape", "explore")


def test_a_ticker_with_too_few_values_is_in_the_table_and_has_no_figures(tmp_path: Path) -> None:
    both = pd.concat([made_prices("AAA", 90, seed=0), made_prices("NEW", 29, seed=1)], ignore_index=True)
    walk(tmp_path, both, "scrape", "explore")
    html = (tmp_path / "reports/explore.html").read_text()
    assert "Tickers with fewer than 30 returns have no figures: NEW." in html
    assert list(shown(html)) == ["AAA"]
    assert ">NEW</td>" in html  # a link to nothing would show another


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", "</script><script>alert(1)</script>", "a\"b'c&d,e"])
def test_a_tickers_name_is_escaped(name: str, tmp_path: Path) -> None:
    walk(tmp_path, made_prices(name, 90, seed=0), "scrape", "explore")
    html = (tmp_path / "reports/explore.html").read_text()
    assert "<script>alert(1)" not in html
    assert list(shown(html)) == [name]


@pytest.mark.parametrize(("tickers", "most"), [(1, 2000), (12, 2000), (482, 103)])
def test_the_more_tickers_the_fewer_points_a_line_has(tickers: int, most: int) -> None:
    assert page.points(tickers)[0] == most


def test_a_note_says_that_lines_are_downsampled() -> None:
    assert page.downsampling_note(1500, 1) == ""
    assert "1,500 outliers" in page.downsampling_note(1501, 1)
    assert "at most 103 values" in page.downsampling_note(1000, 482)


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("sessions", 12_345, "12,345"),
        ("first", pd.Timestamp("2001-02-03 04:00"), "2001-02-03"),
        ("annual_return", 0.05, "+5.0%"),
        ("mean", 1.23456, "1.235"),
        ("mean", 12_345.6, "12,346"),
        ("kpss", 0.00001, "<0.0001"),
        ("kpss", float("nan"), ""),
    ],
)
def test_each_number_of_the_summary_has_its_format(name: str, value: Any, text: str) -> None:
    assert page.cell(name, value) == text
