"""Scrape fetches the requested prices, lists what is missing, and rejects impossible rows by name."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from pipeline.io.artifacts import read_json, read_table
from pipeline.io.errors import UserError
from tests.conftest import file_params, walk
from tests.series import made_prices


def test_prices_come_through_unchanged(walked: Path, two_tickers: pd.DataFrame) -> None:
    found = read_table(walked / "data/prices.parquet")
    pd.testing.assert_frame_equal(found, two_tickers[found.columns.tolist()], check_dtype=False)


def from_file(folder: Path, prices: pd.DataFrame, **changes: Any) -> dict[str, Any]:
    """Scrape a CSV of these prices and return reports/scrape.json."""
    folder.mkdir(exist_ok=True)
    prices.to_csv(folder / "own.csv", index=False)
    walk(folder, prices, "scrape", scrape=file_params(**changes))
    return read_json(folder / "reports/scrape.json")


def test_the_report_lists_missing_sessions_and_values(tmp_path: Path) -> None:
    prices = made_prices("AAA", 40, seed=0).drop(index=[10, 20])
    prices.loc[5, "volume"] = 0
    found = from_file(tmp_path, prices, max_missing=0.1)["tickers"]["AAA"]
    assert found["missing_sessions"] == ["2001-01-15", "2001-01-29"]
    assert found["missing_values"]["dividends"] == 38
    assert found["zero_volumes"] == 1
    assert found["unexpected_sessions"] == []
    assert found["unit"] == "EUR"


def test_too_many_missing_sessions_fail_the_stage_and_are_named(tmp_path: Path) -> None:
    prices = made_prices("AAA", 40, seed=0).drop(index=[10, 20])
    with pytest.raises(UserError) as error:
        from_file(tmp_path, prices, max_missing=0.04)
    assert str(error.value) == (
        "AAA: found 2 of 40 sessions of the calendar 24/5 missing (5.00%): 2001-01-15, 2001-01-29; "
        "accepted: at most 4.00%"
    )
    assert not (tmp_path / "data").exists()


def test_null_closes_are_dropped_counted_and_listed(tmp_path: Path) -> None:
    prices = made_prices("AAA", 40, seed=0)
    prices.loc[[7, 39], ["open", "high", "low", "close"]] = None
    found = from_file(tmp_path, prices, max_missing=0.1)["tickers"]["AAA"]
    assert found["null_values"] == ["2001-01-10", "2001-02-23"]
    assert found["missing_sessions"] == ["2001-01-10"]  # the other lies after the last close
    assert len(read_table(tmp_path / "data/prices.parquet")) == 38


def test_impossible_rows_are_dropped_and_listed_if_params_say_so(tmp_path: Path) -> None:
    prices = made_prices("AAA", 40, seed=0)
    prices.loc[3, "high"] = 1.0
    found = from_file(tmp_path, prices, max_missing=0.1, invalid_rows="drop")["tickers"]["AAA"]
    assert [row["date"] for row in found["dropped"]] == ["2001-01-04"]
    assert found["dropped"][0]["reason"].startswith("high below low; ")
    assert "high 1, low 100" in found["dropped"][0]["numbers"]
    assert "2001-01-04" not in set(read_table(tmp_path / "data/prices.parquet")["date"].astype(str))


def test_too_many_impossible_rows_fail_the_stage_even_if_they_may_be_dropped(tmp_path: Path) -> None:
    prices = made_prices("AAA", 40, seed=0)
    prices.loc[:9, "high"] = 1.0
    with pytest.raises(
        UserError, match=r"^AAA: found 10 rows with impossible values; accepted: at most 10.00% of all rows$"
    ):
        from_file(tmp_path, prices, max_missing=0.1, invalid_rows="drop")


def test_a_ticker_without_any_value_is_named(tmp_path: Path, two_tickers: pd.DataFrame) -> None:
    prices = two_tickers.copy()
    prices.loc[prices["ticker"] == "BBB", "close"] = None
    with pytest.raises(UserError, match=r"^BBB: found no possible value in column close; accepted: at least one$"):
        from_file(tmp_path, prices)


def test_another_series_has_its_own_columns_and_a_row_for_each_step(tmp_path: Path) -> None:
    dates = pd.date_range("2020-03-28 20:00", periods=60, freq="1h").drop(pd.Timestamp("2020-03-29 02:00"))
    heat = pd.DataFrame({"date": dates.strftime("%Y-%m-%d %H:%M"), "heat": np.arange(59) - 5.0, "wind": 1.0})
    heat.loc[30, "heat"] = None
    changes = {"columns": {"heat": "heat", "wind": "wind"}, "ticker": "Oslo", "calendar": "1h", "unit": "°C"}
    found = from_file(tmp_path, heat, **changes, date_format="%Y-%m-%d %H:%M", max_missing=0.1)
    assert (found["column"], found["step"]) == ("heat", "hour")
    assert found["tickers"]["Oslo"]["missing_sessions"] == ["2020-03-29 02:00", "2020-03-30 03:00"]
    assert found["tickers"]["Oslo"]["unit"] == "°C"
    table = read_table(tmp_path / "data/prices.parquet")
    assert table.columns.tolist() == ["ticker", "date", "heat", "wind"]
    assert (table["date"].diff().dropna() == pd.Timedelta(hours=1)).all()
    assert table["heat"].isna().sum() == 2
    assert table["wind"].isna().sum() == 1


def doubled(folder: Path, **changes: Any) -> dict[str, Any]:
    """Scrape hourly values of a sensor whose hour 02:00 is doubled by the end of daylight saving time."""
    hours = pd.date_range("2020-10-24 22:00", periods=8, freq="1h").repeat([1, 1, 1, 1, 2, 1, 1, 1])
    heat = pd.DataFrame({"date": hours.strftime("%Y-%m-%d %H:%M"), "heat": np.arange(9.0)})
    form = {"columns": {"heat": "heat"}, "ticker": "Oslo", "calendar": "1h", "date_format": "%Y-%m-%d %H:%M"}
    return from_file(folder, heat, **form, **changes)


@pytest.mark.parametrize(("keep", "value"), [("first", 4.0), ("last", 5.0), ("mean", 4.5)])
def test_an_hour_given_twice_is_merged_as_declared_and_counted(
    keep: str, value: float, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert doubled(tmp_path, duplicates=keep)["tickers"]["Oslo"]["merged"] == ["2020-10-25 02:00"]
    assert read_table(tmp_path / "data/prices.parquet")["heat"].tolist() == [0, 1, 2, 3, value, 6, 7, 8]
    line = "Oslo: 8 rows, 2020-10-24 22:00 to 2020-10-25 05:00; calendar 1h: 1 given twice and merged\n"
    assert capsys.readouterr().out == line


def test_an_hour_given_twice_is_refused_or_dropped_if_it_is_not_merged(tmp_path: Path) -> None:
    with pytest.raises(UserError) as error:
        doubled(tmp_path)
    assert str(error.value).splitlines() == [
        "Oslo 2020-10-25 02:00: found an impossible row (date given twice): heat 4",
        "Oslo 2020-10-25 02:00: found an impossible row (date given twice): heat 5",
        "accepted: rows with possible values, or scrape.invalid_rows: drop, which removes and lists such rows; "
        "for dates given twice also scrape.duplicates: first, last or mean, which keeps one row",
    ]
    found = doubled(tmp_path, invalid_rows="drop", max_missing=0.3)["tickers"]["Oslo"]
    assert (len(found["dropped"]), found["missing_sessions"]) == (2, ["2020-10-25 02:00"])
    assert "merged" not in found


def test_of_a_date_given_twice_an_impossible_row_is_never_merged(tmp_path: Path) -> None:
    prices = made_prices("AAA", 40, seed=0)
    zeros = prices.iloc[[3]].assign(open=0.0, high=0.0, low=0.0, close=0.0, volume=0.0)
    rows = pd.concat([prices, zeros], ignore_index=True)
    found = from_file(tmp_path, rows, duplicates="mean", invalid_rows="drop", max_missing=0.1)["tickers"]["AAA"]
    assert [row["reason"] for row in found["dropped"]] == ["price not above zero"]
    assert read_table(tmp_path / "data/prices.parquet")["close"].tolist() == prices["close"].tolist()


def test_prices_without_a_close_are_about_their_first_column(tmp_path: Path) -> None:
    prices = made_prices("AAA", 40, seed=0).drop(columns="close")
    found = from_file(tmp_path, prices, columns={name: name for name in ("ticker", "open", "high", "low")})
    assert (found["column"], found["tickers"]["AAA"]["missing_values"]) == ("open", {"open": 0, "high": 0, "low": 0})
    assert read_table(tmp_path / "data/prices.parquet").columns.tolist() == ["ticker", "date", "open", "high", "low"]


@pytest.mark.parametrize("formats", [[], 5, ["%Y", 5], ["%Y", "%Y"]])
def test_what_is_no_date_format_is_named(formats: Any, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"^params.yaml: scrape.date_format: found .+; accepted: (a date format|each)"):
        from_file(tmp_path, made_prices("AAA", 40, seed=0), date_format=formats)


def test_poisoned_rows_are_named_and_nothing_is_written(tmp_path: Path, two_tickers: pd.DataFrame) -> None:
    prices = two_tickers.copy()
    prices.loc[600, "close"] = 1e9
    prices.loc[30, "low"] = -1.0
    with pytest.raises(UserError) as error:
        walk(tmp_path, prices, "scrape")
    lines = str(error.value).splitlines()
    assert lines[0].startswith(
        f"AAA {prices.loc[30, 'date']:%Y-%m-%d}: found an impossible row (price not above zero): open 9"
    )
    assert ", low -1, " in lines[0]
    assert lines[1].startswith(
        f"BBB {prices.loc[600, 'date']:%Y-%m-%d}: found an impossible row (close outside low to high): open "
    )
    assert ", close 1000000000, " in lines[1]
    assert lines[2:] == [
        "accepted: rows with possible values, or scrape.invalid_rows: drop, which removes and lists such rows"
    ]
    assert not (tmp_path / "data").exists()


def test_an_unknown_calendar_is_named(tmp_path: Path, two_tickers: pd.DataFrame) -> None:
    with pytest.raises(UserError, match=r"^params.yaml: scrape.calendar: found 'NOWHERE'; accepted: "):
        walk(tmp_path, two_tickers, "scrape", scrape={"calendar": "NOWHERE"})
