"""Each example, as a user copies it, on the real file it was made for."""

import contextlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from ruamel.yaml import YAML

from pipeline.io.artifacts import read_json, read_record, read_table
from pipeline.io.errors import UserError
from pipeline.scoring.verdict import Verdict
from studies import results
from tests.conftest import UNPINNED, file_params, ran, samples_in
from tests.imports import ROOT
from tests.series import made_prices
from tests.test_pipeline import copied, edit, repro, run

PARAMS = {path.stem: YAML(typ="safe").load(path) for path in sorted((ROOT / "examples").glob("*.yaml"))}
EXAMPLES = [name for name, params in PARAMS.items() if params["scrape"]["source"] != "yahoo"]


def placed(name: str, folder: Path) -> Path:
    """A folder with an example as its params.yaml and the file it names."""
    try:
        results.copy_data_files(PARAMS[name], folder)
    except UserError as error:
        pytest.skip(str(error))
    shutil.copyfile(ROOT / "examples" / f"{name}.yaml", folder / "params.yaml")
    return folder


def walked(name: str, folder: Path, *stages: str) -> Path:
    """Where these stages ran on an example, in this process."""
    with contextlib.chdir(placed(name, folder)):
        for stage in stages:
            ran(stage)
    return folder


def report(folder: Path, ticker: str) -> dict[str, Any]:
    return read_json(folder / "reports/scrape.json")["tickers"][ticker]


def splits(folder: Path) -> set[str]:
    return set(samples_in(folder)["split"])


ALL_SPLITS = {"warmup", "train", "validation", "test", "purged", "future"}


def test_the_nifty_of_niftyindices_has_34_years_newest_first_and_no_open_in_the_early_ones(tmp_path: Path) -> None:
    folder = walked("niftyindices", tmp_path, "scrape", "prepare")
    found, prices = report(folder, "NIFTY 50"), read_table(folder / "data/prices.parquet")
    assert (found["sessions"], found["first"], found["last"]) == (8318, "1990-07-03", "2024-10-01")
    assert found["missing_values"]["open"] == found["missing_values"]["low"] == 1125
    assert found["missing_values"]["close"] == 0
    assert found["unchecked_sessions"] == 1414  # before the calendar of Bombay is known
    assert (len(found["missing_sessions"]), len(found["unexpected_sessions"])) == (20, 59)
    assert found["dropped"] == found["jumps"] == found["null_values"] == []
    assert prices["date"].is_monotonic_increasing
    assert prices.iloc[-1][["open", "high", "low", "close"]].tolist() == [25788.45, 25907.6, 25739.2, 25796.9]
    assert splits(folder) == ALL_SPLITS


def test_the_nifty_of_yahoo_has_null_closes_and_early_volumes_of_0(tmp_path: Path) -> None:
    folder = walked("yahoo-csv", tmp_path, "scrape", "prepare")
    found, prices = report(folder, "^NSEI"), read_table(folder / "data/prices.parquet")
    assert (found["sessions"], found["first"], found["last"]) == (3855, "2007-09-17", "2023-06-09")
    assert len(found["null_values"]) == 30
    assert (found["null_values"][0], found["null_values"][-1]) == ("2008-11-27", "2020-11-14")
    assert found["zero_volumes"] == 1327
    thin = prices.loc[prices["volume"] == 0, "date"]
    assert (thin < "2013-01-21").sum() == (prices["date"] < "2013-01-21").sum() == 1305
    assert f"{thin.max():%Y-%m-%d}" == "2023-03-22"
    assert (len(found["missing_sessions"]), len(found["unexpected_sessions"])) == (26, 5)
    assert found["unchecked_sessions"] == 0
    assert splits(folder) == ALL_SPLITS


def test_the_temperature_of_melbourne_lacks_two_days_which_are_null_rows(tmp_path: Path) -> None:
    folder = walked("date-value", tmp_path, "scrape", "prepare")
    found, table = report(folder, "Melbourne"), read_table(folder / "data/prices.parquet")
    assert (found["sessions"], found["first"], found["last"]) == (3650, "1981-01-01", "1990-12-31")
    assert found["missing_sessions"] == ["1984-12-31", "1988-12-31"]
    assert found["null_values"] == []
    assert table.columns.tolist() == ["ticker", "date", "temperature"]
    assert table["date"].tolist() == pd.date_range("1981-01-01", "1990-12-31").tolist()
    absent = table.loc[table["temperature"].isna(), "date"]
    assert absent.astype(str).tolist() == ["1984-12-31", "1988-12-31"]
    assert (table["temperature"].min(), table["temperature"].max()) == (0.0, 26.3)
    assert splits(folder) == ALL_SPLITS


def test_the_dust_of_beijing_has_every_hour_from_its_first_known_value(tmp_path: Path) -> None:
    folder = walked("hourly-sensor", tmp_path, "scrape", "prepare")
    found, table = report(folder, "Beijing"), read_table(folder / "data/prices.parquet")
    assert (found["sessions"], found["first"], found["last"]) == (41757, "2010-01-02", "2014-12-31 23:00")
    assert len(found["null_values"]) == 2067
    assert len([date for date in found["null_values"] if date < found["first"]]) == 24
    assert len(found["missing_sessions"]) == 2067 - 24
    assert table["date"].tolist() == pd.date_range("2010-01-02", "2014-12-31 23:00", freq="1h").tolist()
    assert table["pm25"].isna().sum() == 2067 - 24
    assert table.drop(columns="pm25").notna().all(axis=None)
    assert splits(folder) == ALL_SPLITS


def test_the_google_of_the_tutorial_has_two_ways_of_dates_and_irregular_volumes(tmp_path: Path) -> None:
    folder = walked("google", tmp_path, "scrape", "prepare")
    found, prices = report(folder, "GOOG"), read_table(folder / "data/prices.parquet")
    assert (found["sessions"], found["first"], found["last"]) == (1258, "2012-01-03", "2016-12-30")
    assert found["missing_sessions"] == found["unexpected_sessions"] == []
    assert found["irregular"] == {"volume": 21}
    assert prices.iloc[0][["open", "high", "low", "volume"]].tolist() == [325.25, 332.83, 324.97, 7380500]
    assert prices.iloc[-1][["open", "high", "low", "volume"]].tolist() == [782.75, 782.78, 770.41, 1770000]
    assert set(samples_in(folder)["split"]) == ALL_SPLITS - {"purged"}


def test_the_google_of_the_tutorial_is_refused_with_its_close_which_is_not_adjusted(tmp_path: Path) -> None:
    folder = placed("google", tmp_path)
    text = (folder / "params.yaml").read_text()
    (folder / "params.yaml").write_text(text.replace("    open: Open\n", "    open: Open\n    close: Close\n"))
    with contextlib.chdir(folder), pytest.raises(UserError) as error:
        ran("scrape")
    assert str(error.value).splitlines()[0] == (
        "GOOG: found close outside low to high in 560 of 1,258 rows, from 2012-01-03 to 2014-03-26; "
        "such prices are often not adjusted for a split"
    )


IMPOSSIBLE = [
    ("CBOE", "2020-01-10", "open outside low to high"),
    ("CBS", "2019-12-04", "price not above zero"),
    ("DIS", "2020-01-10", "open outside low to high"),
    ("DXC", "2018-06-01", "close outside low to high"),
    ("STI", "2019-12-06", "date given twice"),
    ("STI", "2019-12-06", "date given twice"),
    ("VIAB", "2019-12-04", "date given twice"),
    ("VIAB", "2019-12-04", "date given twice"),
]


def test_of_482_tickers_eight_rows_cannot_be_true_and_few_jump(tmp_path: Path) -> None:
    folder = walked("panel", tmp_path, "scrape")
    tickers, prices = read_json(folder / "reports/scrape.json")["tickers"], read_table(folder / "data/prices.parquet")
    assert (len(tickers), len(prices)) == (482, 592358 - len(IMPOSSIBLE))
    dropped = [(name, row["date"], row["reason"]) for name, found in tickers.items() for row in found["dropped"]]
    assert dropped == IMPOSSIBLE
    cbs = prices[prices["ticker"] == "CBS"].iloc[-1]
    assert (f"{cbs['date']:%Y-%m-%d}", cbs["low"] > 0) == ("2019-12-04", True)  # the sound one of two
    jumps = {name: {jump["date"]: jump["factor"] for jump in found["jumps"]} for name, found in tickers.items()}
    counts = {name: len(own) for name, own in jumps.items() if own}
    assert counts == {"AMD": 1, "BHF": 20, "CA": 2, "CHK": 1, "COL": 6, "EVHC": 1, "PCG": 2, "UA": 1, "WMB": 1}
    assert jumps["BHF"]["2017-07-05"] == pytest.approx(11920, abs=1)
    assert list(jumps["UA"]) == ["2016-03-23"]
    assert sum(found["zero_volumes"] for found in tickers.values()) == 434
    assert not any(found["unexpected_sessions"] or found["null_values"] for found in tickers.values())


def test_three_markets_are_read_each_by_its_calendar_and_all_have_every_split(tmp_path: Path) -> None:
    folder = walked("markets", tmp_path, "scrape", "prepare")
    tickers = read_json(folder / "reports/scrape.json")["tickers"]
    found = {name: (own["calendar"], own["unit"], own["first"], own["last"]) for name, own in tickers.items()}
    stocks = ["AAPL", "JNJ", "JPM", "WMT", "XOM"]
    assert found == {
        **dict.fromkeys(stocks, ("XNYS", "USD", "2015-01-12", "2020-01-10")),
        "NIFTY 50": ("XBOM", "INR", "1990-07-03", "2024-10-01"),
        "S&P 500": ("XNYS", "points", "1999-01-04", "2018-12-31"),
    }
    counts = samples_in(folder).groupby("ticker")["split"].value_counts().unstack()
    assert (counts[["train", "validation", "test"]] > 150).all(axis=None)


def test_one_changed_byte_of_the_file_makes_scrape_run_again(tmp_path: Path) -> None:
    path = copied(tmp_path) / "data/raw/own.csv"
    made_prices("AAA", 60, seed=0).to_csv(path, index=False)
    edit(tmp_path, scrape=file_params(path="data/raw/own.csv"))

    def scraped() -> tuple[bool, float]:
        """Whether scrape ran, and the last volume."""
        done = run(tmp_path, "dvc", "repro", "scrape")
        assert done.returncode == 0, done.stdout + done.stderr
        return "Running stage 'scrape'" in done.stdout, read_table(tmp_path / "data/prices.parquet")["volume"].iloc[-1]

    again, before = scraped()
    assert again
    assert scraped() == (False, before)
    content = path.read_bytes()
    assert content.endswith(f",{before:.0f}.0,,\n".encode())
    path.write_bytes(content[:-4] + b"5,,\n")
    assert scraped() == (True, before + 0.5)


@pytest.fixture(scope="module")
def reproduced(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where `dvc repro` ran on an example."""
    folder = tmp_path_factory.mktemp(request.param)
    repro(placed(request.param, copied(folder)))
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("reproduced", EXAMPLES, indirect=True)
def test_an_example_runs_through_to_a_verdict(reproduced: Path) -> None:
    verdict = read_record(reproduced / "data/verdict.json", Verdict)
    printed = run(reproduced, "python", "-m", "pipeline")
    assert printed.returncode == 0
    for sentence in (verdict.headline, *verdict.evidence, verdict.band):
        assert sentence in " ".join(printed.stdout.split())
    assert run(reproduced, "dvc", "status").stdout == "Data and pipelines are up to date.\n"


@pytest.mark.slow
@pytest.mark.parametrize("reproduced", EXAMPLES, indirect=True)
def test_the_docs_tell_what_the_network_finds(reproduced: Path) -> None:
    name = next(name for name in EXAMPLES if PARAMS[name] == YAML(typ="safe").load(reproduced / "params.yaml"))
    told = (ROOT / "docs/results.md").read_text()
    assert f"`examples/{name}.yaml`\n\n{results.results_text(reproduced)}\n" in told


@pytest.mark.slow
def test_482_tickers_take_less_than_a_minute_and_2_gib_a_stage(tmp_path: Path) -> None:
    placed("panel", tmp_path)
    environment = {**UNPINNED, "PYTHONPATH": str(ROOT)}
    for stage in ("vega", "scrape", "explore", "prepare"):
        begun = time.monotonic()
        started = subprocess.Popen([sys.executable, "-m", f"pipeline.{stage}"], cwd=tmp_path, env=environment)
        _, status, used = os.wait4(started.pid, 0)
        assert os.waitstatus_to_exitcode(status) == 0
        assert time.monotonic() - begun < 60, stage
        assert used.ru_maxrss < 2 * 1024**2, stage  # in KiB on Linux
