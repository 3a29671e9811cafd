"""Several markets come to one table, each by its own calendar; what does not fit together is one line that names it."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from pipeline.io.artifacts import read_json, read_table
from pipeline.io.errors import UserError
from pipeline.prices import SourceData, canonical
from pipeline.scrape import sample
from tests.conftest import file_params, several_params, walk
from tests.series import made_prices

SAMPLE = {"source": "sample", "calendar": "XNYS"}
OWN = file_params(path="own.csv")
HEAT = {"columns": {"heat": "heat"}, "ticker": "Oslo", "date_format": "%Y-%m-%d %H:%M:%S"}


def file_of(folder: Path, name: str, table: pd.DataFrame) -> None:
    (folder / "data/raw").mkdir(parents=True, exist_ok=True)
    table.to_csv(folder / "data/raw" / name, index=False)


def scraped(folder: Path, *markets: dict[str, Any], data: SourceData | None = None) -> dict[str, Any]:
    """Scrape these markets, with the real sample unless there are other data. Return reports/scrape.json."""
    walk(folder, data or sample.prices(), "scrape", scrape=several_params(*markets))
    return read_json(folder / "reports/scrape.json")


def refusal(folder: Path, *markets: dict[str, Any]) -> str:
    with pytest.raises(UserError) as error:
        scraped(folder, *markets)
    assert not (folder / "data/prices.parquet").exists()
    return str(error.value)


def test_the_sample_and_files_of_a_folder_come_to_one_table_each_by_its_calendar(tmp_path: Path) -> None:
    daily = made_prices("Daily", 60, seed=1)
    daily["date"] = pd.date_range("2001-01-01", periods=60).as_unit("us")
    gaps = made_prices("Gaps", 60, seed=2).drop(index=[10, 20]).assign(mood=1.5)
    file_of(tmp_path, "daily.csv", daily)
    file_of(tmp_path, "gaps.csv", gaps)
    with_mood = {**OWN["columns"], "mood": "mood"}
    markets = [
        SAMPLE,
        file_params(path="gaps.csv", columns=with_mood, max_missing=0.1, unit="USD"),
        file_params(path="daily.csv", calendar="24/7"),
    ]
    found, table = scraped(tmp_path, *markets), read_table(tmp_path / "data/prices.parquet")
    assert (found["source"], found["step"], found["column"]) == ("several", "session", "close")
    assert list(found["tickers"]) == ["Daily", "Gaps", "S&P 500"]
    told = [[own[key] for key in ("calendar", "unit", "sessions")] for own in found["tickers"].values()]
    assert told == [["24/7", "EUR", 60], ["24/5", "USD", 58], ["XNYS", "points", 5031]]
    assert found["tickers"]["Gaps"]["missing_sessions"] == ["2001-01-15", "2001-01-29"]
    assert not found["tickers"]["Daily"]["missing_sessions"]
    by_ticker = dict(iter(table.groupby("ticker")))
    for name, own in (("Daily", daily), ("Gaps", gaps), ("S&P 500", canonical(sample.prices().prices))):
        columns = ["ticker", "date", "open", "high", "low", "close", "volume"]
        np.testing.assert_array_equal(by_ticker[name][columns], own[columns])
    assert by_ticker["Gaps"]["mood"].eq(1.5).all()
    assert by_ticker["Daily"]["mood"].isna().all()
    pd.testing.assert_frame_equal(table, table.sort_values(["ticker", "date"], ignore_index=True))


def test_one_of_several_gives_what_it_gives_alone(tmp_path: Path) -> None:
    file_of(tmp_path, "own.csv", made_prices("AAA", 60, seed=1))
    report = scraped(tmp_path, OWN)
    together = (tmp_path / "data/prices.parquet").read_bytes()
    walk(tmp_path, sample.prices(), "scrape", scrape=file_params(path="data/raw/own.csv"))
    assert (tmp_path / "data/prices.parquet").read_bytes() == together
    assert read_json(tmp_path / "reports/scrape.json") == {**report, "source": "file"}


def test_some_tickers_of_a_file_are_taken_and_mistakes_of_the_others_do_not_count(tmp_path: Path) -> None:
    prices = pd.concat([made_prices(name, 40, seed=1) for name in ("AAA", "BBB", "CCC")]).astype({"close": object})
    prices.loc[(prices["ticker"] == "BBB") & (prices.index == 3), "close"] = "junk"
    file_of(tmp_path, "own.csv", prices)
    assert list(scraped(tmp_path, {**OWN, "ticker": ["CCC", "AAA"]})["tickers"]) == ["AAA", "CCC"]


def test_an_unknown_ticker_of_a_file_is_named_with_those_accepted(tmp_path: Path) -> None:
    file_of(tmp_path, "own.csv", pd.concat([made_prices(f"T{n:02}", 5, seed=1) for n in range(25)]))
    assert refusal(tmp_path, {**OWN, "ticker": ["T03", "AAA"]}) == (
        "data/raw/own.csv, column ticker: found no ticker 'AAA', which params.yaml names; accepted in params.yaml: "
        + ", ".join(f"T{n:02}" for n in range(20))
        + ", ... and 5 more"
    )


@pytest.mark.parametrize("how", ["..", "absolute", "link", "folder"])
def test_a_file_outside_the_folder_is_refused_because_dvc_would_not_track_it(how: str, tmp_path: Path) -> None:
    raw = tmp_path / "data/raw"
    file_of(tmp_path, "inside.csv", made_prices("AAA", 60, seed=1))
    made_prices("BBB", 60, seed=1).to_csv(tmp_path / "data/own.csv", index=False)
    (raw / "link.csv").symlink_to(tmp_path / "data/own.csv")
    (raw / "folder").symlink_to(tmp_path / "data")
    path = {"..": "../own.csv", "absolute": str(tmp_path / "data/own.csv"), "link": "link.csv"}.get(how)
    line = refusal(tmp_path, file_params(path="inside.csv"), file_params(path=path or "folder/own.csv"))
    assert line == (
        f"params.yaml: scrape.markets.1.path: found {path or 'folder/own.csv'!r}, outside of data/raw; "
        "accepted: a file in data/raw"
    )


def test_a_link_within_the_folder_and_a_folder_that_is_a_link_are_accepted(tmp_path: Path) -> None:
    file_of(tmp_path / "elsewhere", "own.csv", made_prices("AAA", 60, seed=1))
    (tmp_path / "data").mkdir()
    (tmp_path / "data/raw").symlink_to(tmp_path / "elsewhere/data/raw")
    (tmp_path / "data/raw/link.csv").symlink_to("own.csv")
    assert list(scraped(tmp_path, file_params(path="link.csv"))["tickers"]) == ["AAA"]


def test_a_ticker_of_two_markets_is_named(tmp_path: Path) -> None:
    file_of(tmp_path, "own.csv", made_prices("S&P 500", 60, seed=1))
    assert refusal(tmp_path, SAMPLE, OWN) == (
        "params.yaml: scrape.markets.1: found S&P 500, which is in scrape.markets.0 too; accepted: each ticker once"
    )


@pytest.mark.parametrize(("calendars", "named"), [(["XNYS", "1h"], "XNYS, 1h"), (["15min", "30min"], "15min, 30min")])
def test_different_steps_are_refused_before_anything_is_read(calendars: list[str], named: str, tmp_path: Path) -> None:
    markets = [file_params(path=f"absent{calendar}.csv", calendar=calendar) for calendar in calendars]
    assert refusal(tmp_path, *markets) == (
        f"params.yaml: scrape.markets: found the calendars {named}; accepted: only exchanges, or the same step in all"
    )


def test_prices_beside_another_series_are_refused(tmp_path: Path) -> None:
    hours = pd.DataFrame({"date": pd.date_range("2020-01-01", periods=60, freq="1h"), "heat": 1.0, "close": 2.0})
    file_of(tmp_path, "heat.csv", hours)
    heat = file_params(path="heat.csv", calendar="1h", **HEAT)
    close = {**heat, "columns": {"close": "close"}, "ticker": "Rome"}
    assert refusal(tmp_path, close, heat) == (
        "params.yaml: scrape.markets.1: found the main column heat; accepted: close, as in scrape.markets.0"
    )
    assert list(scraped(tmp_path, heat, {**heat, "ticker": "Rome"})["tickers"]) == ["Oslo", "Rome"]


def test_the_error_lines_of_a_market_name_its_keys(tmp_path: Path) -> None:
    prices = made_prices("AAA", 40, seed=0)
    prices.loc[3, "high"] = 1.0
    file_of(tmp_path, "own.csv", prices)
    assert refusal(tmp_path, SAMPLE, OWN).splitlines()[-1] == (
        "accepted: rows with possible values, or scrape.markets.1.invalid_rows: drop, which removes and lists such rows"
    )
    unknown = refusal(tmp_path, SAMPLE, {**OWN, "calendar": "NOWHERE"})
    assert unknown.startswith("params.yaml: scrape.markets.1.calendar: found 'NOWHERE'; accepted: the code of an ")
    absent = refusal(tmp_path, SAMPLE, {**OWN, "path": "scrape.path.csv"})
    assert absent == "data/raw/scrape.path.csv: no such file"
