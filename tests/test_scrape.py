"""Scrape fetches what was asked for, says what is missing, and refuses what cannot be true, by name."""

from pathlib import Path

import pandas as pd
import pytest

from pipeline.artifacts import read_json, read_table
from pipeline.errors import UserError
from tests.conftest import walk
from tests.series import made_prices


def test_prices_come_through_unchanged(walked: Path, two_tickers: pd.DataFrame) -> None:
    found = read_table(walked / "data/prices.parquet")
    pd.testing.assert_frame_equal(found, two_tickers[found.columns.tolist()], check_dtype=False)


def test_the_report_lists_missing_sessions_and_values(tmp_path: Path) -> None:
    prices = made_prices("AAA", 40, seed=0).drop(index=[10, 20])
    prices.loc[5, "volume"] = 0
    walk(tmp_path, prices, "scrape")
    found = read_json(tmp_path / "reports/scrape.json")["tickers"]["AAA"]
    assert found["missing_sessions"] == ["2001-01-15", "2001-01-29"]
    assert found["missing_values"]["dividends"] == 38
    assert found["zero_volumes"] == 1
    assert found["unexpected_sessions"] == []


def test_another_exchanges_calendar_shows(tmp_path: Path, sample_prices: pd.DataFrame) -> None:
    walk(tmp_path, sample_prices, "scrape", scrape={"calendar": "XLON"})
    found = read_json(tmp_path / "reports/scrape.json")["tickers"]["^GSPC"]
    assert len(found["unexpected_sessions"]) > 50
    assert len(found["missing_sessions"]) > 50


def test_poisoned_rows_are_named_and_nothing_is_written(tmp_path: Path, two_tickers: pd.DataFrame) -> None:
    prices = two_tickers.copy()
    prices.loc[600, "close"] = 1e9
    prices.loc[30, "low"] = -1.0
    with pytest.raises(UserError) as error:
        walk(tmp_path, prices, "scrape")
    assert str(error.value).splitlines() == [
        f"AAA {prices.loc[30, 'date']:%Y-%m-%d}: price not above zero",
        f"BBB {prices.loc[600, 'date']:%Y-%m-%d}: close outside the session's range",
    ]
    assert not (tmp_path / "data").exists()


def test_an_unknown_calendar_is_named(tmp_path: Path, two_tickers: pd.DataFrame) -> None:
    with pytest.raises(UserError, match=r"^params.yaml: scrape.calendar: found 'NOWHERE'; accepted: "):
        walk(tmp_path, two_tickers, "scrape", scrape={"calendar": "NOWHERE"})
