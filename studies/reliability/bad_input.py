"""Bad input, made as an attacker would make it, and how it is answered: by a right answer or by a message.

Everything else is counted as another end: a traceback, a case that needs too long or too much memory, a file that is
written outside the repository, HTML injected by a name. Hypothesis draws the cases, the same in each run.
"""

import contextlib
import gzip
import importlib
import io
import json
import os
import resource
import shutil
import signal
import socket
import tempfile
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.__main__ import main as command_line
from pipeline.forecaster.forecaster import Forecaster
from pipeline.formats import Table
from pipeline.from_file import read_prices
from pipeline.io.artifacts import read_table
from pipeline.io.errors import UserError
from pipeline.io.params import FILE, SECTIONS, load, parse_yaml
from pipeline.scrape.__main__ import main as scrape
from pipeline.scrape.params import SOURCES, is_ticker
from pipeline.settings import SECTION_MODELS
from pipeline.settings import check as check_settings
from studies.study import ROOT

INTRODUCTION = """Input was made as an attacker would make it: hostile, damaged or huge cells, files and names. A case
ends well with a right answer (finite, possible numbers) or with a message of short lines. All else counts as "other": a
traceback, over 30 seconds of work or 4 GiB of memory, a file outside the repository, HTML injected by a name. The cases
are drawn by Hypothesis, the same in each run."""
CPU_SECONDS, SECONDS, BYTES = 30, 600, 4 * 2**30  # what one case may need: more of it counts as a hang, or as too much
MESSAGE, RIGHT = "message", "right answer"
# fmt: off
HOSTILE = [
    "../../x", "/etc/passwd", "<script>alert(1)</script>", "</script>", "<img src=x onerror=alert(1)>", "-->", "]]>",
    "", " ", "A\nB", "A\0B", "😀", "\u202eabc", "\u200f", "\ufeff", "\x1b[2J", "$(touch x)", "`touch x`",
    "=cmd|' /C calc'!A0", "{{7*7}}", "${x}", "%s", "a|b", "[bold]", "__proto__", "NaN", "nan", "null", "1e400", "-0",
    "inf", "-inf", "１２", "٣", "1_000", "0x10", "1,5", "1e-400", "0000-01-01", "0001-01-01", "9999-12-31",
    "2020-02-30", "10000-01-01", "2020-01-03T00:00:00Z", "now", "today", "2020-01-03+14:00", "1677-09-21", '"', "'",
    "A" * 10_000, "9" * 400,
]
# fmt: on
texts = st.sampled_from(HOSTILE) | st.text(max_size=20)
junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from([2**31, 2**63, 10**400, -1]) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=5,
)
COLUMNS = ["ticker", "date", "open", "high", "low", "close", "volume"]
FORM = parse_yaml((ROOT / "examples/yahoo-csv.yaml").read_text())["scrape"] | {
    "path": "own.csv",
    "ticker": "",
    "date_columns": ["date"],
    "date_format": "%Y-%m-%d",
    "calendar": "24/5",
    "columns": {name: name for name in COLUMNS if name != "date"},
    "max_missing": 0.5,
    "na_values": [""],
}
DAYS = pd.bdate_range("2020-01-01", periods=8)
ROWS: list[list[Any]] = [
    ["AAA", f"{day:%Y-%m-%d}", 2.0, 3.0, 1.0, 2.0 + number / 10, 5.0] for number, day in enumerate(DAYS)
]
TABLE = pd.DataFrame(ROWS, columns=COLUMNS)
CSV = TABLE.to_csv(index=False)


@dataclass
class Ends:
    """How the cases of a kind ended: the number of each end, and the tracebacks of those that ended otherwise."""

    counts: Counter[str] = field(default_factory=Counter)
    others: list[str] = field(default_factory=list)


class ExceededError(BaseException):
    """A case needed too long."""


@contextlib.contextmanager
def limits() -> Iterator[None]:
    """Limit the time of a block, and the memory that it may add to this process."""

    def exceeded(*_: object) -> None:
        raise ExceededError

    old = resource.getrlimit(resource.RLIMIT_DATA)
    pages = int(Path("/proc/self/statm").read_text().split()[5])
    handlers = {number: signal.signal(number, exceeded) for number in (signal.SIGPROF, signal.SIGALRM)}
    resource.setrlimit(resource.RLIMIT_DATA, (pages * resource.getpagesize() + BYTES, old[1]))
    signal.setitimer(signal.ITIMER_PROF, CPU_SECONDS)
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    try:
        yield
    finally:
        for timer in (signal.ITIMER_PROF, signal.ITIMER_REAL):
            signal.setitimer(timer, 0)
        resource.setrlimit(resource.RLIMIT_DATA, old)
        for number, handler in handlers.items():
            signal.signal(number, handler)


def end_of(answer: Callable[..., object], case: Any, ends: Ends) -> None:
    """Count how `answer` ends for a case: without an error, with a message in lines that are not too long, or else."""
    try:
        with limits(), contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()) as said:
            answer(case)
        end = RIGHT
    except UserError as error:
        end = MESSAGE if str(error) and max(map(len, str(error).split("\n"))) < 1100 else "no clear message"
    except SystemExit as error:  # argparse prints its message and exits with 2
        failed = error.code not in (None, 0) and (isinstance(error.code, str) or said.getvalue())
        end = MESSAGE if failed else RIGHT if not error.code else "no clear message"
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        # MLflow's server answers this error with the status 400
        end = MESSAGE if getattr(error, "error_code", "") == "INVALID_PARAMETER_VALUE" else type(error).__name__
        if end != MESSAGE:
            ends.others.append(f"{case!r:.2000}\n{''.join(traceback.format_exception(error))[-3000:]}")
    ends.counts[end] += 1


def drawn(cases: st.SearchStrategy[Any] | list[Any], answer: Callable[..., object], count: int) -> Ends:
    """Return how `count` cases of a strategy end, or all of a list, in a new folder that is called repository."""
    ends = Ends()
    with tempfile.TemporaryDirectory() as name:
        repository = Path(name, "repository")
        repository.mkdir()
        with contextlib.chdir(repository):
            if isinstance(cases, list):
                for case in cases:
                    end_of(answer, case, ends)
            else:
                for_each(cases, count, lambda case: end_of(answer, case, ends))
        if outside := [path.name for path in Path(name).iterdir() if path != repository]:
            ends.counts["a file outside the repository"] += len(outside)
            ends.others.append(f"written outside: {outside}")
    return ends


def for_each(cases: st.SearchStrategy[Any], count: int, call: Callable[[Any], None]) -> None:
    """Call a function with `count` cases of a strategy, the same in each run."""

    @settings(
        max_examples=count, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck)
    )
    @given(cases)
    def each(case: Any) -> None:
        call(case)

    each()


# Files of prices ------------------------------------------------------------------------------------------------------


def scraped(form: dict[str, Any]) -> None:
    """Run the stage scrape on a declared file. What it writes must be a table of possible prices."""
    scrape(load("scrape", SOURCES, {"scrape": {**FORM, **form}}))
    prices = read_table(Path("data/prices.parquet"))
    assert len(prices)
    assert np.isfinite(prices[["open", "high", "low", "close"]].dropna()).all(axis=None)
    assert prices["ticker"].map(lambda ticker: ticker.isprintable() and 0 < len(ticker) <= 50).all()


def scrape_file(case: tuple[str, bytes]) -> None:
    path, content = case
    Path(path).write_bytes(content)
    scraped({"path": path})


@st.composite
def changed_cells(draw: st.DrawFn) -> tuple[str, bytes]:
    """Draw a CSV with hostile cells, in one of several encodings, gzipped or not."""
    rows = [[str(cell) for cell in row] for row in (COLUMNS, *ROWS)]
    places = st.tuples(st.integers(0, len(rows) - 1), st.integers(0, len(COLUMNS) - 1))
    for row, column in draw(st.lists(places, min_size=1, max_size=3)):
        rows[row][column] = draw(texts)
    if draw(st.booleans()):  # all rows of a ticker
        rows[1:] = [[rows[1][0], *row[1:]] for row in rows[1:]]
    quoted = '"{}"'.format if draw(st.booleans()) else str
    text = "\n".join(",".join(map(quoted, row)) for row in rows)
    encoding = draw(st.sampled_from(["utf-8", "utf-8", "utf-8-sig", "utf-16", "utf-32", "latin-1"]))
    content = text.encode(encoding, "replace")
    return ("own.csv.gz", gzip.compress(content, 1)) if draw(st.booleans()) else ("own.csv", content)


@st.composite
def damaged(draw: st.DrawFn, whole: bytes) -> bytes:
    """Draw a text of bytes that is cut, or in which some bytes are replaced, inserted or repeated."""
    content = whole[: draw(st.integers(0, len(whole)))] if draw(st.booleans()) else whole
    for place in draw(st.lists(st.integers(0, len(content)), max_size=4)):
        new = draw(st.binary(max_size=3) | st.sampled_from([b'"', b"\0", b"\n", b",", b"\r", b"\xff", whole[:50]]))
        content = content[:place] + new + content[place + draw(st.integers(0, 2)) :]
    return content


def parquet(table: pa.Table) -> bytes:
    """Return a table as the bytes of a Parquet file."""
    sink = io.BytesIO()
    pq.write_table(table, sink)
    return sink.getvalue()


ZONED, DECIMAL, WORDS = pa.timestamp("ns", "Asia/Tokyo"), pa.decimal128(38, 10), pa.dictionary(pa.int32(), pa.string())
TYPES: list[Any] = [
    pa.int8(),
    pa.uint64(),
    pa.float16(),
    pa.float32(),
    pa.bool_(),
    pa.string(),
    pa.binary(),
    pa.binary(3),
    WORDS,
]
TYPES += [pa.date32(), pa.date64(), pa.timestamp("s"), ZONED, pa.time32("s"), pa.duration("us"), DECIMAL, pa.null()]
TYPES += [pa.list_(pa.float64()), pa.struct([("a", pa.int64())]), pa.map_(pa.string(), pa.int64())]
VALUES: list[Any] = [1, -1, 2**62, 1.5, float("nan"), float("inf"), True, b"\xff\0a", [1.0], {"a": 1}, None, *HOSTILE]


@st.composite
def odd_columns(draw: st.DrawFn) -> tuple[str, bytes]:
    """Draw a Parquet file with a column of another type, or with another name, twice, or as a pandas index."""
    columns: dict[str, Any] = {name: pa.array(TABLE[name]) for name in COLUMNS}
    for name in draw(st.lists(st.sampled_from(COLUMNS), max_size=2)):
        with contextlib.suppress(pa.ArrowException, TypeError, ValueError, OverflowError):  # not of this type
            columns[name] = pa.array([draw(st.sampled_from(VALUES))] * len(TABLE), draw(st.sampled_from(TYPES)))
    names = [draw(texts) if draw(st.integers(0, 20)) == 0 else name for name in columns]
    with contextlib.suppress(pa.ArrowException, UnicodeError):
        return "own.parquet", parquet(pa.Table.from_arrays(list(columns.values()), names=names))
    return "own.parquet", b""


def scrape_path(path: str) -> None:
    """Read what is no plain file of prices, as the only file and as one of several markets."""
    for name, make in {"pipe.csv": os.mkfifo, "loop.csv": lambda own: Path(own).symlink_to(own)}.items():
        if not Path(name).is_symlink() and not Path(name).exists():
            make(name)
    for name in ("huge.csv", "huge.csv.gz", "huge.parquet"):
        with Path(name).open("wb") as file:
            file.truncate(2**30)  # a line of 1 GiB, which takes no room on the disk
    for name in ("folder.csv", "folder.csv.gz", "folder.parquet"):
        Path(name).mkdir(exist_ok=True)
    for device in ("zero", "null", "random"):
        link = Path(f"{device}.csv")
        if not link.is_symlink():
            link.symlink_to(f"/dev/{device}")
    with contextlib.closing(socket.socket(socket.AF_UNIX)) as listening:
        Path("socket.csv").unlink(missing_ok=True)
        listening.bind("socket.csv")
        found = ""
        for form in ({"path": path}, {"source": "several", "path": ".", "markets": [{**FORM, "path": path}]}):
            try:
                scrape(load("scrape", SOURCES, {"scrape": {**FORM, **form} if "markets" not in form else form}))
            except UserError as error:
                found = str(error)
        raise UserError(found)


SUFFIXES = [".csv", ".csv.gz", ".parquet", ".zip", ".bz2", ".xz", ".zst", ".tar", ".tar.gz", ".CSV", ""]
stems = st.sampled_from(
    ["pipe", "loop", "folder", "huge", "zero", "null", "random", "socket", "..", "/dev/zero", "~", "a" * 300]
)
paths = st.builds(str.__add__, stems | texts, st.sampled_from(SUFFIXES))


# Parameters -----------------------------------------------------------------------------------------------------------

DEFAULTS = (ROOT / "params.yaml").read_text()
SECTION_VALUES = parse_yaml(DEFAULTS)
YAML = """&a [*a]
&a {b: *a}
!!python/object/apply:os.system [touch x]
!!binary '!'
!!int x
!!float x
!!bool x
!!timestamp x
2018-02-30
<<: *b
\t1""".splitlines()
YAML += ["[" * 2000, "{a: " * 500, "9" * 5000, "0x" + "f" * 5000, "x" * 600_000, "\n- a" * 50_000, "\n? [a]\n: b"]
YAML.append(f"&a {'x' * 5000}\nb: [{'*a, ' * 500}]")
YAML.append("\n" + "".join(f"x{n}: &x{n} [{f'*x{n - 1}, ' * 9 if n else 'lol'}]\n" for n in range(12)))


def load_sections(content: bytes) -> None:
    """Check all sections of params.yaml, as `make repro` does."""
    FILE.write_bytes(content)
    check_settings()


@st.composite
def params(draw: st.DrawFn) -> bytes:
    """Draw a params.yaml in which a key has another value, or a line is hostile, or bytes are damaged."""
    way = draw(st.integers(0, 3))
    if way == 0:
        return draw(damaged(DEFAULTS.encode()))
    if way == 1:
        lines = DEFAULTS.splitlines()
        number = draw(st.integers(0, len(lines) - 1))
        lines[number] = f"{lines[number].partition(':')[0]}: {draw(st.sampled_from(YAML))}"
        return "\n".join(lines).encode("utf-8", "replace")
    values = {section: dict(own) for section, own in SECTION_VALUES.items()}
    if draw(st.booleans()):
        values["scrape"] = (
            {**FORM} if draw(st.booleans()) else {"source": "several", "path": ".", "markets": [{**FORM}]}
        )
    section = draw(st.sampled_from(SECTIONS))
    key = draw(st.sampled_from(sorted(values[section])) | texts)
    market = values[section]["markets"][0] if section == "scrape" and "markets" in values[section] else values[section]
    (market if draw(st.booleans()) else values[section])[key] = draw(junk)
    return json.dumps(values, default=str).encode()  # JSON is YAML


# Yahoo ----------------------------------------------------------------------------------------------------------------

OPENED = [int(day.timestamp()) + 14 * 3600 for day in DAYS]
PERIOD = {"start": OPENED[-1], "end": OPENED[-1] + 9, "timezone": "EST", "gmtoffset": 0}
META: dict[str, Any] = {
    "currency": "USD",
    "symbol": "AAA",
    "instrumentType": "EQUITY",
    "exchangeTimezoneName": "America/New_York",
}
META |= {"firstTradeDate": OPENED[0], "regularMarketTime": OPENED[-1], "priceHint": 2, "dataGranularity": "1d"}
SPLIT: dict[str, Any] = {"date": OPENED[3], "numerator": 2, "denominator": 1, "splitRatio": "2:1"}
RESULT: dict[str, Any] = {
    "meta": META | {"currentTradingPeriod": {"pre": PERIOD, "regular": PERIOD, "post": PERIOD}, "validRanges": ["1d"]},
    "timestamp": OPENED,
    "events": {"splits": {str(OPENED[3]): SPLIT}},
    "indicators": {
        "quote": [{name: TABLE[name].tolist() for name in COLUMNS[2:]}],
        "adjclose": [{"adjclose": TABLE["close"].tolist()}],
    },
}
BODY = json.dumps({"chart": {"result": [RESULT], "error": None}}).encode()


@st.composite
def bodies(draw: st.DrawFn) -> bytes:
    """Draw an answer that is cut or damaged, or in which one value is of another type."""
    if draw(st.booleans()):
        return draw(
            damaged(BODY) | st.sampled_from([b"", b"<html>", b"null", b"[" * 10**5, b"\x1f\x8b", BODY + b"x" * 10**7])
        )
    whole = json.loads(BODY)
    place, keys = whole, list[Any]()
    while isinstance(place, dict | list) and place and (not keys or draw(st.integers(0, 5))):
        keys.append((place, draw(st.sampled_from(sorted(place) if isinstance(place, dict) else range(len(place))))))
        place = place[keys[-1][1]]
    parent, key = keys[-1]
    parent[key] = draw(junk)
    if draw(st.integers(0, 3)) == 0:
        del parent[key]
    return json.dumps(whole).encode()


def fetch(body: bytes) -> None:
    """Scrape a ticker whose prices Yahoo answers with these bytes, by the real yfinance and without a network."""
    import stamina
    from curl_cffi import requests

    from pipeline.scrape import yahoo

    def answered(session: Any, method: str, url: str, **_: Any) -> Any:
        session.last = requests.Response()
        session.last.url, session.last.status_code, session.last.ok = url, 200, True
        session.last.headers = requests.Headers({"date": "Fri, 31 Jan 2020 00:00:00 GMT"})
        session.last.content = body if "/chart/" in url else b"crumb"
        return session.last

    for path in Path("data/yahoo").glob("*/*.json"):
        path.unlink()
    form: dict[str, Any] = {
        "source": "yahoo",
        "path": ".",
        "tickers": ["AAA"],
        "start": "2020-01-01",
        "end": "2020-01-10",
    }
    form |= {"vintage": "1", "calendar": "24/5", "max_missing": 0.5, "invalid_rows": "reject"}
    with patch.object(yahoo.Session, "request", answered), stamina.set_testing(True, attempts=1):
        scrape(load("scrape", SOURCES, {"scrape": form}))


# The fitted forecaster: a file of new prices, requests, commands and pages --------------------------------------------


def forecast_file(forecaster: Forecaster) -> Callable[[tuple[str, bytes]], None]:
    """Return what `python -m pipeline forecast FILE` does with the bytes of a file."""

    def answer(case: tuple[str, bytes]) -> None:
        path, content = case
        FILE.write_text(DEFAULTS)
        Path(path).write_bytes(content)
        forecasts = forecaster.forecast(read_prices(Path(path), forecaster))
        assert np.isfinite(forecasts["forecast"]).all()

    return answer


@st.composite
def requests_of(draw: st.DrawFn, prices: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Draw a request: rows with some hostile values, columns or rows removed, repeated or in another order."""
    frame = prices.copy()
    for name in draw(st.lists(st.sampled_from(list(frame.columns)), max_size=2)):
        values = draw(
            junk | st.sampled_from([-1.0, 0.0, np.inf, np.nan, 1e308, 1e-308, pd.Timestamp("2262-04-11"), pd.NaT])
        )
        rows = draw(st.sampled_from([slice(None), slice(-1, None), slice(0, 1)]))
        column = frame[name].astype(object)
        column.iloc[rows] = pd.Series([values] * len(column.iloc[rows]), index=column.iloc[rows].index, dtype=object)
        frame[name] = column.infer_objects() if draw(st.booleans()) else column
    change = draw(st.sampled_from(["none", "drop", "twice", "reverse", "short", "empty", "far"]))
    if change == "drop":
        frame = frame.drop(columns=draw(st.sampled_from(list(frame.columns))))
    elif change == "far":
        days = pd.to_timedelta(draw(st.integers(-800_000, 3_000_000)), unit="D").as_unit("s")
        with contextlib.suppress(Exception):
            frame["date"] = frame["date"].astype("datetime64[s]") + days
    else:
        other = {"twice": pd.concat([frame, frame]), "reverse": frame[::-1], "short": frame.tail(9), "empty": frame[:0]}
        frame = other.get(change, frame)
    return frame, draw(st.sampled_from([{}, {}]) | st.fixed_dictionaries({"since": texts}))


def serve(data: Path) -> Callable[[tuple[pd.DataFrame, dict[str, Any]]], None]:
    """Return what the served model does with a request."""
    from pipeline.track.served import ServedForecaster

    model = ServedForecaster()
    model.load_context(SimpleNamespace(artifacts={"forecaster": str(data)}))

    def answer(case: tuple[pd.DataFrame, dict[str, Any]]) -> None:
        forecasts = model.predict(SimpleNamespace(), *case)
        assert np.isfinite(forecasts["forecast"]).all()

    return answer


words = st.lists(texts | st.sampled_from(["--force", "--rev", "--cpu", "-h", "--", "HEAD", "@file", "-1"]), max_size=3)
commands = st.sampled_from(["models", "forecast", "revisions", "record", "verify"]) | texts.filter(
    lambda own: own != ""
)
typed = st.builds(lambda command, more: [own.replace("\0", "") for own in [command, *more]], commands, words)


class Elements(HTMLParser):
    """Counts the elements of a page, and collects the names of attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags, self.attributes = Counter[str](), set[str]()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.attributes |= {name for name, _ in attrs}


def show(walked: Path) -> Callable[[tuple[str, str]], None]:
    """Return what explore and plot do when a ticker and a unit have hostile names. walked: where every stage ran."""

    def elements(ticker: str, unit: str) -> list[Elements]:
        old = str(read_table(walked / "data/prices.parquet")["ticker"].iloc[0])
        shutil.copy(walked / "params.yaml", FILE)
        for name in ("data", "reports"):
            shutil.copytree(walked / name, name, dirs_exist_ok=True)
        rename(Path(), old, ticker, unit)
        for stage in ("explore", "plot"):
            importlib.import_module(f"pipeline.{stage}.__main__").main(load(stage, SECTION_MODELS[stage]))
        return [Elements(Path(f"reports/{name}.html").read_text()) for name in ("explore", "forecast")]

    def answer(case: tuple[str, str]) -> None:
        for plain, hostile in zip(elements("plain", "unit"), elements(*case), strict=True):
            assert plain.tags == hostile.tags, "a name made an element"
            assert plain.attributes >= hostile.attributes, "a name made an attribute"

    return answer


def rename(folder: Path, old: str, new: str, unit: str) -> None:
    """Give a ticker another name and unit in all tables and records of a folder."""
    for path in folder.glob("data/*.parquet"):
        table = pd.read_parquet(path)
        if "ticker" in table:
            table["ticker"] = table["ticker"].replace(old, new)
            table.to_parquet(path)
    report = json.loads((folder / "reports/scrape.json").read_text())
    report["tickers"] = {new if name == old else name: own | {"unit": unit} for name, own in report["tickers"].items()}
    (folder / "reports/scrape.json").write_text(json.dumps(report))
    preparation = json.loads((folder / "data/preparation.json").read_text())
    preparation["units"] = {new if name == old else name: unit for name in preparation["units"]}
    (folder / "data/preparation.json").write_text(json.dumps(preparation))


names = st.sampled_from([name for name in HOSTILE if is_ticker(name) and name.strip()])  # the others are refused


# ----------------------------------------------------------------------------------------------------------------------


def kinds(walked: Path) -> dict[str, tuple[int, st.SearchStrategy[Any] | list[Any], Callable[..., object]]]:
    """Return, by name, the share of each kind in a thousand cases, its cases, and what answers one.

    All cases of a list count. walked: a folder in which every stage ran, such as this repository after `dvc repro`.
    """
    forecaster = Forecaster.load(walked / "data")
    prices = read_table(walked / "data/prices.parquet")
    last = prices[prices["ticker"] == prices["ticker"].iloc[0]].tail(forecaster.max_sessions)
    needed = last[["ticker", "date", *forecaster.columns]].reset_index(drop=True)
    text = needed.to_csv(index=False).encode()
    damaged_csv = st.tuples(st.just("own.csv"), damaged(CSV.encode()))
    zipped = st.tuples(st.just("own.csv.gz"), damaged(gzip.compress(CSV.encode(), 1, mtime=0)))
    damaged_parquet = st.tuples(st.just("own.parquet"), damaged(parquet(pa.Table.from_pandas(TABLE))))
    new = st.tuples(st.just("own.csv"), damaged(text)) | changed_cells() | odd_columns()
    return {
        "CSV: hostile cells, other encodings": (200, changed_cells(), scrape_file),
        "CSV: damaged, plain or gzipped": (150, damaged_csv | zipped, scrape_file),
        "Parquet: damaged": (100, damaged_parquet, scrape_file),
        "Parquet: columns of other types and names": (100, odd_columns(), scrape_file),
        "paths: pipes, devices, links, lines of 1 GiB, other endings": (40, paths, scrape_path),
        "params.yaml: other values, hostile YAML, damaged": (150, params(), load_sections),
        "Yahoo: answers that are cut, damaged or of other types": (150, bodies(), fetch),
        "Yahoo: an answer that is cut after each of its bytes": (0, [BODY[:size] for size in range(len(BODY))], fetch),
        "`python -m pipeline forecast FILE`": (50, new, forecast_file(forecaster)),
        "requests to the served model": (40, requests_of(needed), serve(walked / "data")),
        "words after `python -m pipeline`": (18, typed, command_line),
        "pages: hostile tickers and units": (2, st.tuples(names, names), show(walked)),
    }


def results(walked: Path, count: int) -> dict[str, Ends]:
    """Return how about `count` cases of all kinds end. walked: see `kinds`."""
    chosen = kinds(walked.resolve())
    return {
        name: drawn(cases, answer, max(count * share // 1000, 1)) for name, (share, cases, answer) in chosen.items()
    }


def part(_: Path, count: int = 10_000) -> str:
    """Return the part of the page."""
    return f"{INTRODUCTION}\n\n{report(count=count)}"


def report(walked: Path = ROOT, count: int = 10_000) -> str:
    """Return the table in Markdown: cases of each kind, and how they ended."""
    rows = []
    for name, ends in results(walked, count).items():
        right, message, total = ends.counts[RIGHT], ends.counts[MESSAGE], ends.counts.total()
        rows.append([name, *(f"{number:,}" for number in (total, message, right, total - message - right))])
    return Table("", ["input", "cases", "message", "right answer", "other"], rows).markdown
