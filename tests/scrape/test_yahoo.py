"""Prices from Yahoo, as a user fetches them: the real stage and yfinance, with a fake Yahoo server."""

import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd
import pytest
import trustme
from ruamel.yaml import YAML

from pipeline.io.artifacts import read_json, read_table
from pipeline.prices import NUMBERS
from tests.conftest import UNPINNED, ran, samples_in, several_params, small_params
from tests.imports import ROOT
from tests.series import made_prices
from tests.yahoo import Answer, Body, Yahoo, body_of, changed, empty, hang_up, slow, status, truncated, yahoo


def quick(*more: str) -> str:
    """Return code that runs `more` and then the stage without waits between attempts (up to 33 s for a ticker)."""
    patience = "stamina.set_testing(True, attempts=6, cap=True)"
    imports = ["io.stage import run", "scrape.__main__ import main", "scrape.params import SOURCES"]
    start = [*(f"from pipeline.{own}" for own in imports), "run('scrape', main, SOURCES)"]
    return "\n".join(["import pipeline, stamina", patience, *more, *start])


# Has loaded what every scrape loads first, and for each line that it reads is a process of its own that runs a code in
# a folder and an environment, with files for its two outputs; prints the exit status. yfinance is left to the code.
WARM = """
import json, os, sys
import pipeline, pipeline.scrape.__main__
for line in sys.stdin:
    if not os.fork():
        break
    print(os.waitstatus_to_exitcode(os.wait()[1]), flush=True)
else:
    sys.exit()
code, folder, environment, outputs = json.loads(line)
os.chdir(folder)
os.environ.clear()
os.environ.update(environment | pipeline.PINS)
for number, name in enumerate(outputs, 1):
    os.dup2(os.open(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), number)
exec(code)
"""
AS_IS = [sys.executable, "-m", "pipeline.scrape"]
QUICK = quick()
IMPATIENT = quick("from pipeline.scrape import yahoo", "yahoo.TIMEOUT = 2")
FOR_EVER = 40
START, END = "2001-01-01", "2001-12-31"
KEPT = (
    "tickers failed; fetched prices are stored in data/yahoo; "
    "the next `dvc repro` with the same start, end and vintage fetches only the failed tickers"
)
DATA = "Data doesn't exist for startDate = 978307200, endDate = 1009843200"


@dataclass(frozen=True)
class Ended:
    """The exit status of a scrape and the lines of stdout and stderr, without the line about seconds."""

    status: int
    said: list[str]
    complaints: list[str]


@cache
def warm() -> subprocess.Popen[str]:
    command, start = [sys.executable, "-c", WARM], {**UNPINNED, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(command, env=start, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


@pytest.fixture(scope="module", autouse=True)
def cooled() -> Iterator[None]:
    yield
    warm().communicate(timeout=60)


def scrape(folder: Path, fake: Yahoo, code: str = QUICK, **changes: Any) -> Ended:
    """Scrape all tickers of the fake Yahoo in a folder. changes: to section scrape."""
    settle(folder, fake, **changes)
    process = warm()
    assert process.stdin
    assert process.stdout
    with TemporaryDirectory() as aside:
        outputs = [Path(aside) / name for name in ("said", "complaints")]
        order = [code, str(folder), environment(folder, fake), [str(path) for path in outputs]]
        print(json.dumps(order), file=process.stdin, flush=True)
        status = int(process.stdout.readline())
        return told(status, *(path.read_text() for path in outputs))


def scrape_as_is(folder: Path, fake: Yahoo) -> Ended:
    """The same with waits between attempts, as DVC starts it."""
    settle(folder, fake)
    where: dict[str, Any] = {"cwd": folder, "env": environment(folder, fake)}
    done = subprocess.run(AS_IS, **where, capture_output=True, text=True, timeout=200)
    return told(done.returncode, done.stdout, done.stderr)


def told(status: int, said: str, complaints: str) -> Ended:
    return Ended(status, [line for line in said.splitlines() if "s of work after" not in line], complaints.splitlines())


def settle(folder: Path, fake: Yahoo, **changes: Any) -> None:
    """Write params.yaml."""
    folder.mkdir(exist_ok=True)
    own = (
        changes
        if "markets" in changes
        else {
            "source": "yahoo",
            "tickers": list(fake.bodies),
            "start": START,
            "end": END,
            "vintage": "1",
            "max_missing": 0.0,
            "invalid_rows": "reject",
            **changes,
        }
    )
    YAML().dump(small_params(scrape=own), folder / "params.yaml")


def environment(folder: Path, fake: Yahoo) -> dict[str, str]:
    """An empty home folder, so that a test sees what is written there."""
    return {**UNPINNED, **fake.environment, "PYTHONPATH": str(ROOT), "HOME": str(folder.parent / "home")}


def prices_in(folder: Path) -> pd.DataFrame:
    return read_table(folder / "data/prices.parquet")


def report_in(folder: Path) -> dict[str, Any]:
    """Return the report of each ticker."""
    report_by_ticker: dict[str, Any] = read_json(folder / "reports/scrape.json")["tickers"]
    return report_by_ticker


def left_in(folder: Path) -> set[str]:
    """The names of the files after a scrape, without params.yaml and the stored downloads."""
    files = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return {str(path) for path in files if path.parts[:2] != ("data", "yahoo")} - {"params.yaml"}


def kept_in(folder: Path) -> list[str]:
    return sorted(path.stem for path in (folder / "data/yahoo").glob("*/*.json"))


def explained(code: int, description: str) -> Answer:
    """An error in Yahoo's words."""
    error = {"chart": {"result": None, "error": {"code": "An Error", "description": description}}}
    return status(code, json.dumps(error).encode())


def result_of(body: Body) -> Body:
    result: Body = body["chart"]["result"][0]
    return result


def columns_of(result: Body) -> dict[str, list[Any]]:
    """The value columns of an answer, which a test may change in place."""
    return {**result["indicators"]["quote"][0], **result["indicators"]["adjclose"][0]}


def without_volume(result: Body) -> None:
    del result["indicators"]["quote"][0]["volume"]


def delisted(result: Body) -> None:
    empty(result)
    result["meta"]["firstTradeDate"] = None


def backwards(result: Body) -> None:
    for values in (result["timestamp"], *columns_of(result).values()):
        values.reverse()


def infinite(result: Body) -> None:
    columns_of(result)["adjclose"][3] = "Infinity"  # seen in Yahoo's answers, as a text


def with_events(ticker: str, seed: int) -> pd.DataFrame:
    """Made prices of 40 sessions with a dividend, a split and adjusted closes."""
    prices = made_prices(ticker, 40, seed).assign(dividends=0.0, splits=0.0)
    prices.loc[10, "dividends"], prices.loc[20, "splits"] = 0.3, 1.5
    return prices.assign(adj_close=prices["close"] / 3)


@pytest.fixture
def fake(tmp_path: Path) -> Iterator[Yahoo]:
    with yahoo(tmp_path) as started:
        yield started


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "project"


@pytest.fixture
def three(fake: Yahoo) -> Yahoo:
    """Yahoo knows AAA, BBB and CCC."""
    for number, ticker in enumerate(["AAA", "BBB", "CCC"]):
        fake.bodies[ticker] = body_of(made_prices(ticker, 40, seed=number))
    return fake


def test_every_column_comes_through_to_the_last_bit_on_the_exchanges_own_dates(fake: Yahoo, folder: Path) -> None:
    zones = {"SYD.AX": "Australia/Sydney", "NYC": "America/New_York", "TYO.T": "Asia/Tokyo"}
    tables = {ticker: with_events(ticker, seed) for seed, ticker in enumerate(zones)}
    for ticker, zone in zones.items():  # Sydney's and Tokyo's sessions open on the day before, by UTC
        fake.bodies[ticker] = body_of(tables[ticker], zone, "08:00")
    assert scrape(folder, fake) == Ended(
        0, [f"{name}: 40 rows, 2001-01-01 to 2001-02-23; calendar 24/5: nothing missing" for name in sorted(zones)], []
    )
    found = prices_in(folder)
    assert set(NUMBERS) == set(found.columns) - {"ticker", "date"}
    expected = pd.concat([tables[ticker] for ticker in sorted(zones)], ignore_index=True)
    pd.testing.assert_frame_equal(found, expected[found.columns.tolist()], check_dtype=False, check_exact=True)
    assert left_in(folder) == {"data/prices.parquet", "reports/scrape.json"}


# What may be read of each failure; `.+` stands for words of a library's own.
BUSY, DOWN = r"refused: too many requests \(429\)", "refused: Yahoo answered 500"
NO_JSON, NO_VOLUME = "broken answer: JSONDecodeError: .+", "broken answer: KeyError: 'volume'"
HUNG_UP, TOO_LATE = (rf"no answer: Failed to perform, curl: {words}" for words in (r"\((52|56)\) .+", r"\(28\) .+"))
PASSING: dict[str, tuple[list[Answer], str]] = {
    "BUSY": ([status(429)] * 2, BUSY),  # yfinance itself asks again at once, which is no attempt of ours
    "DOWN": ([status(500)] * 2, DOWN),
    "SORRY": ([explained(500, "Oops")] * 2, DOWN),
    "CRUMB": ([status(401)] * 2, "refused: Yahoo answered 401"),
    "HALF": ([truncated], NO_JSON),
    "PAGE": ([status(200, b"<html>Sign in</html>")], NO_JSON),
    "BACK": ([status(200, b"Will be right back")], "broken answer: YFDataException: .+ YAHOO! .+ DOWN! .+"),
    "QUIET": ([changed(without_volume)], NO_VOLUME),
    "NOTHING": ([status(200, b"null")], "broken answer: no result"),
    "WORDS": ([explained(200, "Oops")], "broken answer: no result: Oops"),
    "ABSENT": ([hang_up] * 2, HUNG_UP),  # curl itself asks again on a connection it had kept
    "LATE": ([slow(4)], TOO_LATE),
}


@pytest.fixture(scope="module")
def recovered(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Ended, list[str]]:
    """A scrape in which the first answer for each ticker is bad, and the requests."""
    folder = tmp_path_factory.mktemp("recovered")
    with yahoo(folder) as fake:
        for ticker, (answers, _) in PASSING.items():
            fake.bodies[ticker] = body_of(made_prices(ticker, 40, seed=1))
            fake.answers[ticker] = list(answers)
        fake.bodies["ZONE"] = body_of(made_prices("ZONE", 40, seed=1))
        fake.zones["ZONE"] = [status(429)] * 2
        return folder / "project", scrape(folder / "project", fake, IMPATIENT), fake.asked


@pytest.mark.parametrize("ticker", PASSING)
def test_what_passes_is_retried_and_said(ticker: str, recovered: tuple[Path, Ended, list[str]]) -> None:
    folder, ended, _ = recovered
    assert (ended.status, ended.complaints) == (0, [])
    retries = [line for line in ended.said if line.startswith(f"{ticker}: ") and " rows, " not in line]
    assert len(retries) == 1
    assert re.fullmatch(rf"{ticker}: {PASSING[ticker][1]}; next attempt in 0\.0 s", retries[0])
    found = prices_in(folder).query("ticker == @ticker")
    assert found["close"].tolist() == made_prices(ticker, 40, seed=1)["close"].tolist()


def test_a_refusal_to_tell_the_time_zone_is_retried_too(recovered: tuple[Path, Ended, list[str]]) -> None:
    assert "ZONE: refused: too many requests (429); next attempt in 0.0 s" in recovered[1].said


def test_a_bad_answer_does_not_stay_in_yfinances_cache(recovered: tuple[Path, Ended, list[str]]) -> None:
    asked = recovered[2]
    assert asked.count("DOWN") == 3  # twice at the first attempt
    assert asked.count("HALF") == 2


@pytest.mark.parametrize(
    ("answer", "reason", "others"),
    [
        (status(429), BUSY, ["scrape: BBB  refused: too many requests (429)"]),
        (hang_up, HUNG_UP, ["scrape: BBB  refused: too many requests (429)"]),
        (
            truncated,
            NO_JSON,
            ["BBB: refused: too many requests (429); next attempt in 0.0 s"] * 5
            + ["scrape: BBB  refused: too many requests (429)"],
        ),
    ],
    ids=["refused", "no answer", "broken"],
)
def test_lasting_failures_are_named_and_after_a_refusal_the_others_get_one_attempt(
    answer: Answer, reason: str, others: list[str], three: Yahoo, folder: Path
) -> None:
    three.answers["AAA"], three.answers["BBB"] = [answer] * FOR_EVER, [status(429)] * FOR_EVER
    ended = scrape(folder, three)
    assert ended.status == 1
    assert all(re.fullmatch(rf"AAA: {reason}; next attempt in 0\.0 s", line) for line in ended.said[:5])
    assert re.fullmatch(rf"scrape: AAA  {reason}", ended.complaints[0])
    assert [*ended.said[5:], *ended.complaints[1:]] == [*others, f"scrape: 2 of 3 {KEPT}"]
    assert kept_in(folder) == ["CCC"]
    assert left_in(folder) == set()


LASTING: dict[str, tuple[list[Answer], str]] = {
    "BEFORE": ([explained(400, DATA)] * 2, f"no data from {START} to {END} (400): {DATA}"),
    "GONE": ([changed(delisted)], "delisted: Yahoo has no data"),
    "IDLE": ([changed(empty)], f"no data from {START} to {END}"),
    "NOBODY": ([], "unknown to Yahoo, or delisted (404)"),
    "NOONE": ([], "unknown to Yahoo, or delisted (404)"),
    "NOT.HERE": ([], "unknown to Yahoo, or delisted (404)"),
}


def test_permanent_failures_get_one_attempt_and_are_named_together(fake: Yahoo, folder: Path) -> None:
    fake.bodies["ZZZ"] = body_of(made_prices("ZZZ", 40, seed=1))
    for ticker, (answers, _) in LASTING.items():
        if answers:
            fake.bodies[ticker] = body_of(made_prices(ticker, 40, seed=1))
            fake.answers[ticker] = answers * FOR_EVER
    table = [f"scrape: {ticker:8}  {reason}" for ticker, (_, reason) in LASTING.items()]
    assert scrape(folder, fake, tickers=[*LASTING, "ZZZ"]) == Ended(1, [], [*table, f"scrape: 6 of 7 {KEPT}"])
    assert fake.asked == ["BEFORE", "BEFORE", "GONE", "IDLE", "ZZZ"]
    assert kept_in(folder) == ["ZZZ"]
    assert left_in(folder) == set()


def test_a_certificate_that_is_not_trusted_is_not_tried_again(three: Yahoo, folder: Path, tmp_path: Path) -> None:
    trustme.CA().cert_pem.write_to_path(str(tmp_path / "other.pem"))
    others = dict.fromkeys(["CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE"], str(tmp_path / "other.pem"))
    three.environment.update(others)
    ended = scrape(folder, three, tickers=["AAA"])
    assert (ended.status, ended.said, len(ended.complaints)) == (1, [], 2)
    assert ended.complaints[0].startswith("scrape: AAA  no answer: Failed to perform, curl: (60) SSL certificate")
    assert "http" not in ended.complaints[0]


def test_sessions_in_the_wrong_order_are_sorted(three: Yahoo, folder: Path) -> None:
    three.answers["AAA"] = [changed(backwards)]
    assert scrape(folder, three).status == 0
    found = prices_in(folder).query("ticker == 'AAA'")
    expected = made_prices("AAA", 40, seed=0)
    for name in ("date", "open", "high", "low", "close", "adj_close", "volume"):
        assert found[name].tolist() == expected[name].tolist()


def test_sessions_outside_the_period_are_left_out_even_if_yahoo_sends_them(three: Yahoo, folder: Path) -> None:
    three.answers["AAA"] = [status(200, json.dumps(three.bodies["AAA"]).encode())]
    line = "AAA: 10 rows, 2001-01-08 to 2001-01-19; calendar 24/5: nothing missing"
    assert scrape(folder, three, tickers=["AAA"], start="2001-01-06", end="2001-01-19") == Ended(0, [line], [])


def test_rows_without_prices_are_dropped_counted_and_listed(three: Yahoo, folder: Path) -> None:
    for values in columns_of(result_of(three.bodies["AAA"])).values():
        values[7] = values[39] = None
    ended = scrape(folder, three, tickers=["AAA"], max_missing=0.1)
    line = "AAA: 38 rows, 2001-01-01 to 2001-02-22; calendar 24/5: 1 missing, 2 without a value"
    assert ended == Ended(0, [line], [])


def test_an_infinite_price_is_an_impossible_row_to_refuse_or_to_drop(three: Yahoo, folder: Path) -> None:
    three.answers["AAA"] = [changed(infinite)]
    ended = scrape(folder, three, tickers=["AAA"])
    assert (ended.status, len(ended.complaints)) == (1, 2)
    assert ended.complaints[0].startswith(
        "scrape: AAA 2001-01-04: found an impossible row (not a finite number): open "
    )
    assert "adj_close inf, " in ended.complaints[0]
    assert left_in(folder) == set()
    ended = scrape(folder, three, tickers=["AAA"], invalid_rows="drop", max_missing=0.1)
    assert ended.said == ["AAA: 39 rows, 2001-01-01 to 2001-02-23; calendar 24/5: 1 missing, 1 impossible and dropped"]
    assert three.asked == ["AAA"]


def test_a_zone_whose_clock_changes_at_midnight_has_its_dates(fake: Yahoo, folder: Path) -> None:
    # In Cairo 2023-04-28 began at 01:00.
    prices = made_prices("COMI.CA", 8, seed=0).assign(date=pd.date_range("2023-04-25", periods=8, unit="us"))
    fake.bodies["COMI.CA"] = body_of(prices, "Africa/Cairo", "10:00")
    line = "COMI.CA: 8 rows, 2023-04-25 to 2023-05-02; calendar 24/7: nothing missing"
    assert scrape(folder, fake, start="2023-04-25", end="2023-05-02", calendar="24/7") == Ended(0, [line], [])


def until(body: Body, begin: float, end: float) -> Body:
    """The same, with a current session from begin to end."""
    result_of(body)["meta"]["currentTradingPeriod"]["regular"] |= {"start": int(begin), "end": int(end)}
    return body


def test_a_session_counts_half_an_hour_after_it_ended_and_not_before(fake: Yahoo, folder: Path) -> None:
    prices = made_prices("AAA", 10, seed=0)  # to Friday, 2001-01-12
    opened = pd.Timestamp("2001-01-12 09:30", tz="America/New_York").timestamp()
    fake.now = pd.Timestamp("2001-01-12 16:30", tz="America/New_York").timestamp()
    ended = fake.now - 30 * 60
    fake.bodies = {
        "EARLIER": until(body_of(prices[:-1]), opened, ended + 3600),
        "ENDED": until(body_of(prices), opened, ended),
        "LIVE": until(body_of(prices), opened, ended + 1),
    }
    assert scrape(folder, fake).said == [
        "EARLIER: 9 rows, 2001-01-01 to 2001-01-11; calendar 24/5: nothing missing",
        "ENDED: 10 rows, 2001-01-01 to 2001-01-12; calendar 24/5: nothing missing",
        "LIVE: 9 rows, 2001-01-01 to 2001-01-11; calendar 24/5: 1 unfinished and left out",
    ]
    found = {name: own["unfinished_sessions"] for name, own in report_in(folder).items()}
    assert found == {"EARLIER": [], "ENDED": [], "LIVE": ["2001-01-12"]}
    fake.now += 1
    assert scrape(folder, fake, max_missing=0.1).said[2].startswith("LIVE: 9 rows")  # the same download
    assert (
        scrape(folder, fake, vintage="2").said[2]
        == "LIVE: 10 rows, 2001-01-01 to 2001-01-12; calendar 24/5: nothing missing"
    )


@pytest.mark.parametrize(("now", "unfinished"), [("00:28:59", ["2001-01-10"]), ("00:29:00", [])])
def test_what_trades_at_all_hours_ends_with_its_day(now: str, unfinished: list[str], fake: Yahoo, folder: Path) -> None:
    prices = made_prices("BTC-USD", 10, seed=0).assign(date=pd.date_range("2001-01-01", periods=10, unit="us"))
    today = pd.Timestamp("2001-01-10", tz="UTC").timestamp()
    fake.bodies["BTC-USD"] = until(body_of(prices, "UTC", "00:00"), today, today + 24 * 3600 - 60)
    fake.now = pd.Timestamp(f"2001-01-11 {now}", tz="UTC").timestamp()
    assert scrape(folder, fake, calendar="24/7").status == 0
    assert report_in(folder)["BTC-USD"]["unfinished_sessions"] == unfinished


def test_an_answer_without_a_date_is_of_the_time_of_the_last_trade(fake: Yahoo, folder: Path) -> None:
    prices = made_prices("AAA", 10, seed=0)  # to Friday, 2001-01-12
    opened, closed = (pd.Timestamp(f"2001-01-12 {at}", tz="America/New_York").timestamp() for at in ("09:30", "16:00"))
    fake.dated = False
    fake.bodies = {"CLOSED": until(body_of(prices), opened, closed), "EARLIER": body_of(prices[:-1])}
    result_of(fake.bodies["EARLIER"])["meta"]["regularMarketTime"] = int(closed)
    assert scrape(folder, fake).said == [
        "CLOSED: 9 rows, 2001-01-01 to 2001-01-11; calendar 24/5: 1 unfinished and left out",
        "EARLIER: 9 rows, 2001-01-01 to 2001-01-11; calendar 24/5: nothing missing",
    ]


def test_an_answer_without_any_time_is_refused_by_name(three: Yahoo, folder: Path) -> None:
    three.dated = False
    del result_of(three.bodies["BBB"])["meta"]["regularMarketTime"]
    ended = scrape(folder, three)
    reason = (
        "broken answer: found neither a header Date nor meta.regularMarketTime; "
        "accepted: one of them, which tells what sessions have ended"
    )
    assert ended.said == [f"BBB: {reason}; next attempt in 0.0 s"] * 5
    assert ended.complaints == [f"scrape: BBB  {reason}", f"scrape: 1 of 3 {KEPT}"]
    assert kept_in(folder) == ["AAA", "CCC"]


def test_a_rerun_fetches_only_the_failed_tickers(three: Yahoo, folder: Path) -> None:
    three.answers["BBB"] = [explained(400, DATA)] * 2
    assert scrape(folder, three) == Ended(
        1, [], [f"scrape: BBB  no data from {START} to {END} (400): {DATA}", f"scrape: 1 of 3 {KEPT}"]
    )
    assert three.asked == ["AAA", "BBB", "BBB", "CCC"]
    assert kept_in(folder) == ["AAA", "CCC"]
    assert left_in(folder) == set()
    three.asked.clear()
    assert scrape(folder, three).status == 0
    assert three.asked == ["BBB"]
    assert prices_in(folder)["ticker"].unique().tolist() == ["AAA", "BBB", "CCC"]


def test_another_parameter_asks_for_nothing_and_a_new_vintage_for_all(three: Yahoo, folder: Path) -> None:
    everything = ["AAA", "BBB", "CCC"]
    assert scrape(folder, three).status == 0
    before = (folder / "data/prices.parquet").read_bytes()
    assert scrape(folder, three, max_missing=0.1).status == 0
    assert three.asked == everything
    assert scrape(folder, three, vintage="2").status == 0
    assert three.asked == everything * 2
    assert scrape(folder, three).status == 0  # the old vintage brings its download back
    assert three.asked == everything * 2
    assert (folder / "data/prices.parquet").read_bytes() == before


def test_names_of_every_kind_work_and_nothing_is_written_elsewhere(fake: Yahoo, folder: Path, tmp_path: Path) -> None:
    names = ["^GSPC", "BRK-B", "BTC-USD", "EURUSD=X", "M&M.NS", "RELIANCE.NS"]
    for name in names:
        fake.bodies[name] = body_of(made_prices(name, 40, seed=1))
    (tmp_path / "scratch").mkdir()
    fake.environment["TMPDIR"] = str(tmp_path / "scratch")
    assert scrape(folder, fake).complaints == []
    assert prices_in(folder)["ticker"].unique().tolist() == sorted(names)
    assert fake.asked == sorted(names)  # and of no other host
    assert {path.name for path in tmp_path.iterdir()} == {"project", "scratch", "authority.pem"}
    assert list((tmp_path / "scratch").iterdir()) == []


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"tickers": ["US0378331005"]},
         "scrape.tickers: found US0378331005, which is an ISIN; accepted: the tickers of Yahoo, such as AAPL"),
        ({"tickers": ["../AAA"]},
         "scrape.tickers.0: found '../AAA'; accepted: a text that matches ^[A-Z0-9^][A-Z0-9^.=&-]{0,49}$"),
        ({"tickers": ["AAA", "BBB", "AAA"]}, "scrape.tickers: found AAA 2 times; accepted: each once"),
        ({"start": "2002-01-01"},
         "scrape: found start 2002-01-01 after end 2001-12-31; accepted: a start that is not after the end"),
        ({"end": "2020-02-30"}, "scrape.end: found '2020-02-30' (day is out of range for month); "
                                'accepted: a quoted date, such as "2018-12-31"'),
    ],
    ids=["ISIN", "path", "twice", "start after end", "no date"],
)  # fmt: skip
def test_parameters_that_cannot_be_meant_are_refused_before_anything_is_asked(
    changes: dict[str, Any], line: str, three: Yahoo, folder: Path
) -> None:
    three.delay = 60  # whoever asks anything comes too late
    assert scrape(folder, three, **changes) == Ended(1, [], [f"scrape: params.yaml: {line}"])
    assert three.asked == []
    assert {path.name for path in folder.iterdir()} == {"params.yaml"}


RECORDINGS = ROOT.parent / "shared/data/yahoo"
recorded = pytest.mark.skipif(not RECORDINGS.is_dir(), reason="recorded answers of Yahoo are not beside the repository")


def recording(name: str) -> Body:
    body: Body = json.loads((RECORDINGS / f"{name}.json").read_text())
    return body


EVENTS: dict[str, dict[str, dict[str, float]]] = {
    "NVDA": {"splits": {"2021-07-20": 4.0}, "dividends": {}},
    "MSFT": {
        "splits": {},
        "dividends": {"2021-02-17": 0.56, "2021-05-19": 0.56, "2021-08-18": 0.56, "2021-11-17": 0.62},
    },
    "AAPL": {"splits": {"2020-08-31": 4.0}, "dividends": {"2020-11-06": 0.205}},
}


@recorded
@pytest.mark.parametrize(
    ("name", "start", "end", "calendar", "unit", "dates"),
    [
        ("NVDA_1d_2021-02_2022-01_split", "2021-02-01", "2022-01-28", "XNYS", "USD", (252, "2021-02-01", "2022-01-28")),
        ("MSFT_1d_2021-02_2022-01_dividends", "2021-02-01", "2022-01-28", "XNYS", "USD",
         (252, "2021-02-01", "2022-01-28")),
        ("AAPL_1d_2020-08-31_2020-11-07", "2020-08-31", "2020-11-06", "XNYS", "USD",  # the clock's change is within
         (49, "2020-08-31", "2020-11-06")),
        ("TSLA_1d_2010-06_2023-08", "2010-06-29", "2023-08-11", "XNYS", "USD", (3303, "2010-06-29", "2023-08-11")),
        ("BTC-USD_1d_2020-01-01_2020-01-03", "2020-01-01", "2020-01-02", "24/7", "USD",  # Yahoo gives the day after too
         (2, "2020-01-01", "2020-01-02")),
        ("EURUSD=X_1d_2020-01-01_2020-01-03", "2020-01-01", "2020-01-03", "24/5", "USD",
         (3, "2020-01-01", "2020-01-03")),
        ("OCDO.L_1d_2020-01-01_2020-01-03", "2020-01-01", "2020-01-03", "XLON", "GBp", (1, "2020-01-02", "2020-01-02")),
        ("WSU.DE_1d_2023-08-04_2023-08-09", "2023-08-04", "2023-08-09", "XETR", "EUR", (3, "2023-08-04", "2023-08-08")),
    ],
    ids=["split", "dividends", "split and dividend", "thirteen years", "coin", "currency", "pence", "ints and floats"],
)  # fmt: skip
def test_what_yahoo_really_answered_comes_through(
    name: str, start: str, end: str, calendar: str, unit: str, dates: tuple[int, str, str], fake: Yahoo, folder: Path
) -> None:
    ticker, body = name.partition("_")[0], recording(name)
    fake.bodies[ticker] = body
    line = f"{ticker}: {dates[0]} rows, {dates[1]} to {dates[2]}; calendar {calendar}: nothing missing"
    assert scrape(folder, fake, start=start, end=end, calendar=calendar) == Ended(0, [line], [])
    found = prices_in(folder).assign(date=lambda own: own["date"].dt.strftime("%Y-%m-%d")).set_index("date")
    assert report_in(folder)[ticker]["unit"] == unit
    for column, expected in EVENTS.get(ticker, {}).items():
        assert found.loc[found[column] != 0, column].to_dict() == expected

    zone = result_of(body)["meta"]["exchangeTimezoneName"]
    local = pd.to_datetime(result_of(body)["timestamp"], unit="s", utc=True).tz_convert(zone).strftime("%Y-%m-%d")
    for theirs, values in columns_of(result_of(body)).items():
        by_date = dict(zip(local, map(float, values), strict=True))
        assert found[{"adjclose": "adj_close"}.get(theirs, theirs)].tolist() == [by_date[date] for date in found.index]


@recorded
def test_a_recorded_ticker_is_a_market_beside_the_sample_up_to_the_splits(
    fake: Yahoo, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake.bodies["TSLA"] = recording("TSLA_1d_2010-06_2023-08")
    tesla: dict[str, Any] = {
        "source": "yahoo",
        "tickers": ["TSLA"],
        "start": "2010-06-29",
        "end": "2023-08-11",
        "vintage": "1",
    }
    tesla |= {"calendar": "XNYS", "max_missing": 0.0, "invalid_rows": "reject"}
    markets = several_params({"source": "sample", "calendar": "XNYS"}, tesla)
    lines = [
        "S&P 500: 5031 rows, 1999-01-04 to 2018-12-31; calendar XNYS: nothing missing",
        "TSLA: 3303 rows, 2010-06-29 to 2023-08-11; calendar XNYS: nothing missing",
    ]
    assert scrape(folder, fake, **markets) == Ended(0, lines, [])
    assert report_in(folder)["TSLA"]["unit"] == "USD"
    assert fake.asked == ["TSLA"]
    assert scrape(folder, fake, **markets).status == 0
    assert fake.asked == ["TSLA"]  # the stored download is used again
    dates = {"validation": "2016-01-04", "test": "2017-01-03", "pool": "by_ticker"}
    YAML().dump(small_params(scrape=markets, prepare=dates), folder / "params.yaml")
    monkeypatch.chdir(folder)
    ran("prepare")
    counts = samples_in(folder).groupby("ticker")["split"].value_counts().unstack()
    assert (counts[["train", "validation", "test"]] > 200).all(axis=None)


@recorded
@pytest.mark.parametrize(
    ("name", "day", "reason"),
    [
        ("CAPIO.ST_delisted_noData", "2024-10-16", "delisted: Yahoo has no data"),
        ("AAPL_1m_2025-02-01_weekend_empty", "2025-02-01", "no data from 2025-02-01 to 2025-02-01"),
    ],
    ids=["delisted", "weekend"],
)
def test_yahoos_real_answer_for_a_period_without_data_is_explained(
    name: str, day: str, reason: str, fake: Yahoo, folder: Path
) -> None:
    ticker = name.partition("_")[0]
    fake.bodies[ticker] = recording(name)
    ended = scrape(folder, fake, start=day, end=day)
    assert ended == Ended(1, [], [f"scrape: {ticker}  {reason}", f"scrape: 1 of 1 {KEPT}"])
    assert fake.asked == [ticker]
    assert left_in(folder) == set()


@pytest.mark.slow
def test_the_waits_between_attempts_grow_and_are_said(three: Yahoo, folder: Path) -> None:
    three.answers["BBB"] = [status(429)] * 6
    begun = time.monotonic()
    ended = scrape_as_is(folder, three)
    seconds = time.monotonic() - begun
    assert (ended.status, ended.complaints) == (0, [])
    form = r"BBB: refused: too many requests \(429\); next attempt in (\d\.\d) s"
    waits = [float(found[1]) for line in ended.said if (found := re.fullmatch(form, line))]
    assert [1 <= waits[0] <= 2, 2 <= waits[1] <= 3, 4 <= waits[2] <= 5] == [True] * 3
    assert len(waits) == 3
    assert seconds > sum(waits) - 0.2


@pytest.mark.slow
def test_killed_at_any_moment_a_rerun_gives_the_bytes_of_an_undisturbed_one(fake: Yahoo, tmp_path: Path) -> None:
    fake.delay = 0.1
    for number, ticker in enumerate(["AAA", "BBB", "CCC", "DDD"]):
        fake.bodies[ticker] = body_of(with_events(ticker, seed=number))
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    begun = time.monotonic()
    assert scrape_as_is(whole, fake).status == 0
    length, rng, ends = time.monotonic() - begun, np.random.default_rng(0), list[int]()
    settle(killed, fake)
    for tenth in range(10):  # of a run's length
        begun = time.monotonic()
        ends.append(killed_after(length * (tenth + rng.random()) / 10, killed, fake))
        if ends[-1] == 0:  # the runs before had left less to do
            length = time.monotonic() - begun
    assert ends.count(-signal.SIGKILL) >= 6
    kept = kept_in(killed)
    fake.asked.clear()
    assert scrape_as_is(killed, fake).status == 0
    assert sorted(kept + fake.asked) == sorted(fake.bodies)
    assert left_in(killed) == left_in(whole)
    for name in ("data/prices.parquet", "reports/scrape.json"):
        assert (killed / name).read_bytes() == (whole / name).read_bytes()


def killed_after(seconds: float, folder: Path, fake: Yahoo) -> int:
    """The exit status of a scrape with this time limit."""
    process = subprocess.Popen(
        AS_IS,
        cwd=folder,
        env=environment(folder, fake),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        return process.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait(timeout=60)
