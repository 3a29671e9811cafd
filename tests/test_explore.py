"""The EDA report shows every ticker, says what is missing, and escapes what it is given."""

from pathlib import Path

import pytest

from pipeline.artifacts import read_table
from pipeline.errors import UserError
from tests.conftest import file_params, walk
from tests.series import made_prices

FIGURES = {"series", "lagged", "months", "weekdays", "distribution", "autocorrelation"}


def test_every_ticker_has_its_figures(walked: Path) -> None:
    html = (walked / "reports/explore.html").read_text()
    assert html.count('<div class="chart"') == 2 * len(FIGURES)
    assert {path.stem for path in (walked / "reports/explore").iterdir()} == FIGURES


def test_the_summary_has_a_line_for_each_ticker(walked: Path) -> None:
    assert read_table(walked / "data/summary.parquet")["sessions"].tolist() == [500, 420]


def test_missing_sessions_are_named(tmp_path: Path) -> None:
    prices = made_prices("AAA", 90, seed=0).drop(index=[10, 20])
    prices.to_csv(tmp_path / "own.csv", index=False)
    walk(tmp_path, prices, "scrape", "explore", scrape=file_params(max_missing=0.1))
    assert (
        "Missing sessions by the calendar 24/5: 2: 2001-01-15, 2001-01-29."
        in (tmp_path / "reports/explore.html").read_text()
    )


def test_too_few_values_to_draw_are_said(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"^data/prices.parquet: found no ticker with 30 values; accepted: a longer"):
        walk(tmp_path, made_prices("AAA", 29, seed=0), "scrape", "explore")


def test_a_tickers_name_is_escaped(tmp_path: Path) -> None:
    walk(tmp_path, made_prices("</script><script>alert(1)</script>", 90, seed=0), "scrape", "explore")
    html = (tmp_path / "reports/explore.html").read_text()
    assert "alert(1)" in html
    assert "<script>alert(1)" not in html
