"""`python -m pipeline forecast FILE` reads a file as declared or in the default format and forecasts what follows."""

import shutil
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from ruamel.yaml import YAML

from pipeline.forecaster.forecaster import Forecaster
from pipeline.from_file import read_prices
from pipeline.io.artifacts import read_table
from pipeline.io.errors import UserError
from tests.commands import pipeline
from tests.conftest import file_params, small_params

Read = Callable[[str], pd.DataFrame]
NEEDED = ["close", "high", "low", "open", "volume"]


@pytest.fixture
def folder(walked: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with the outputs of all stages for two made tickers."""
    shutil.copytree(walked / "data", tmp_path / "data")
    shutil.copyfile(walked / "params.yaml", tmp_path / "params.yaml")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def forecaster(walked: Path) -> Forecaster:
    return Forecaster.load(walked / "data")


@pytest.fixture
def read(forecaster: Forecaster) -> Read:
    return lambda path: read_prices(Path(path), forecaster)


def test_the_file_that_was_scraped_is_forecast_as_the_pipeline_did_in_seconds(folder: Path) -> None:
    prices = read_table(folder / "data/prices.parquet")
    prices.iloc[::-1].to_csv(folder / "own.csv", index=False)  # the newest first
    begun = time.perf_counter()
    done = pipeline(folder, "forecast", "own.csv")
    assert done.returncode == 0, done.stderr
    assert done.stdout == pipeline(folder, "forecast").stdout
    assert time.perf_counter() - begun < 30  # 8 on an idle machine


def test_nothing_is_written_and_a_mistake_is_one_line(folder: Path) -> None:
    before = sorted(folder.rglob("*"))
    done = pipeline(folder, "forecast", "absent.csv")
    assert (done.returncode, done.stdout, done.stderr) == (1, "", "absent.csv: no such file\n")
    read_table(folder / "data/prices.parquet").head(20).to_csv(folder / "short.csv", index=False)
    done = pipeline(folder, "forecast", "short.csv")
    assert (done.returncode, done.stderr) == (1, "short.csv: AAA: found 20 rows; accepted: at least 26\n")
    (folder / "short.csv").unlink()
    assert sorted(folder.rglob("*")) == before


@pytest.mark.parametrize("name", ["own.parquet", "own.csv.gz"])
def test_other_kinds_of_files_are_read_too(name: str, folder: Path, read: Read) -> None:
    prices = read_table(folder / "data/prices.parquet")
    prices.to_parquet(name) if name.endswith("parquet") else prices.to_csv(name, index=False)
    pd.testing.assert_frame_equal(read(name), prices, check_exact=True)


def test_a_file_needs_no_column_ticker_if_the_forecaster_knows_only_one(
    folder: Path, read: Read, forecaster: Forecaster
) -> None:
    prices = read_table(folder / "data/prices.parquet").query("ticker == 'AAA'")
    prices.drop(columns="ticker").to_csv("own.csv", index=False)
    with pytest.raises(UserError, match=r"^own.csv: found no column ticker; accepted: a column ticker with AAA, BBB$"):
        read("own.csv")
    one = replace(forecaster, preparation=forecaster.preparation.model_copy(update={"units": {"AAA": ""}}))
    assert set(read_prices(Path("own.csv"), one)["ticker"]) == {"AAA"}


@pytest.mark.parametrize("back", [0, 2, 20])
def test_a_row_without_a_value_that_the_forecast_rests_on_is_refused(back: int, folder: Path, read: Read) -> None:
    prices = read_table(folder / "data/prices.parquet").query("ticker == 'AAA'")
    at = prices.index[-1 - back]
    prices.assign(close=prices["close"].drop(at)).to_csv("own.csv", index=False)
    line = rf"^own.csv: AAA: found no close on {prices.loc[at, 'date']:%Y-%m-%d}, among the last 26 rows; "
    with pytest.raises(UserError, match=line):
        read("own.csv")


def test_tickers_without_any_value_are_named(folder: Path, read: Read) -> None:
    prices = read_table(folder / "data/prices.parquet").assign(close=np.nan)
    prices.to_csv("own.csv", index=False)
    with pytest.raises(UserError, match=r"(?s)^own.csv: AAA: found no close on .*\nown.csv: BBB: found no close on "):
        read("own.csv")


def test_a_dropped_row_among_the_last_is_refused_as_what_it_is(folder: Path, read: Read) -> None:
    prices = read_table(folder / "data/prices.parquet").query("ticker == 'AAA'")
    prices.loc[prices.index[-3], "high"] = 1.0
    prices.to_csv("own.csv", index=False)
    YAML().dump({**small_params(), "scrape": file_params(invalid_rows="drop")}, Path("params.yaml"))
    with pytest.raises(
        UserError, match=r"^own.csv: AAA: found a row with impossible values on 2002-11-27, among the last 26"
    ):
        read("own.csv")


def test_an_earlier_row_without_a_value_is_left_out_as_scrape_does(folder: Path, read: Read) -> None:
    prices = read_table(folder / "data/prices.parquet").query("ticker == 'AAA'")
    at = prices.index[-60]
    prices.assign(close=prices["close"].drop(at)).to_csv("own.csv", index=False)
    pd.testing.assert_frame_equal(read("own.csv"), prices.drop(at), check_exact=True)


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"drop": "volume"}, r"^own.csv: found no column volume; accepted: close, high, low, open, volume$"),
        ({"drop": "date"}, r"^own.csv: found no column date; accepted: date, close, high, low, open, volume$"),
        ({"high": 1.0}, r"high below low"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused(change: dict, line: str, folder: Path, read: Read) -> None:
    prices = read_table(folder / "data/prices.parquet")
    dropped = [change.pop("drop")] if "drop" in change else []
    prices.drop(columns=dropped).assign(**change).to_csv("own.csv", index=False)
    with pytest.raises(UserError, match=line):
        read("own.csv")


def test_it_is_read_as_params_yaml_declares_a_file(folder: Path, read: Read) -> None:
    prices = read_table(folder / "data/prices.parquet").query("ticker == 'AAA'")
    theirs = prices.assign(Day=prices["date"].dt.strftime("%d/%m/%Y"), Last=prices["close"])
    theirs.drop(columns=["ticker", "date", "close"]).to_csv("own.csv", index=False, sep=";", decimal=",")
    columns = {"close": "Last", **{name: name for name in ("open", "high", "low", "volume")}}
    form = {"ticker": "AAA", "date_columns": ["Day"], "date_format": "%d/%m/%Y", "columns": columns}
    YAML().dump({**small_params(), "scrape": file_params(**form, delimiter=";", decimal=",")}, Path("params.yaml"))
    found = read("own.csv")
    shared = ["ticker", "date", *NEEDED]
    pd.testing.assert_frame_equal(found[shared], prices[shared], check_exact=True)
