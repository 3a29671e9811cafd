"""`make ui` and `make serve` start MLflow's own programs, which answer on this computer only."""

import json
import re
import shutil
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from pipeline.io.artifacts import read_table
from tests.commands import pipeline
from tests.conftest import walk
from tests.servers import LOOPBACK, free_port, listening_addresses, started
from tests.serving.test_promotion import commit


@pytest.mark.slow
def test_without_a_champion_or_a_run_there_is_one_line(walked: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(walked, tmp_path / "copy")
    done = pipeline(folder, "serve")
    assert (done.returncode, done.stderr) == (
        1,
        "serve: closecast: found no champion; accepted: after `make promote`\n",
    )
    done = pipeline(folder, "ui")
    line = r"ui: closecast: found no such experiment at sqlite:///\S+; accepted: after `dvc repro`\n"
    assert done.returncode == 1
    assert re.fullmatch(line, done.stderr)


@pytest.fixture(scope="module")
def promoted(walked: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a champion."""
    folder = shutil.copytree(walked, tmp_path_factory.mktemp("served") / "copy")
    walk(folder, read_table(folder / "data/prices.parquet"), "track")
    commit(folder)
    done = pipeline(folder, "promote")
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def served(promoted: Path) -> Iterator[str]:
    """The address of the model's server."""
    port = free_port()
    code = f"from pipeline.serving import commands; commands.SERVE_PORT = {port}; commands.serve()"
    with started(promoted, port, sys.executable, "-c", code) as seconds:
        print(f"the server was ready after {seconds:.1f} s")
        assert listening_addresses(port) == {LOOPBACK}
        yield f"http://127.0.0.1:{port}/invocations"


def post(address: str, body: bytes, kind: str = "application/json") -> tuple[int, Any]:
    """Send a request; the status and what the answer holds."""
    request = urllib.request.Request(address, body, {"Content-Type": kind})
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def body_of(prices: pd.DataFrame, **params: Any) -> bytes:
    """The request for a forecast from these prices."""
    records = json.loads(prices.assign(date=prices["date"].dt.strftime("%Y-%m-%d")).to_json(orient="records"))
    return json.dumps({"dataframe_records": records, **({"params": params} if params else {})}).encode()


@pytest.fixture(scope="module")
def prices(promoted: Path) -> pd.DataFrame:
    return read_table(promoted / "data/prices.parquet").groupby("ticker").tail(300)


@pytest.mark.slow
def test_200_requests_at_once_are_all_answered_as_the_pipeline_forecasts(
    served: str, promoted: Path, prices: pd.DataFrame
) -> None:
    body = body_of(prices)
    code, first = post(served, body)
    assert code == 200, first
    found = pd.DataFrame(first["predictions"])
    expected = read_table(promoted / "data/predictions.parquet").query("split == 'future'")
    last = expected.groupby("ticker")["origin"].transform("max")
    expected = expected[expected["origin"] == last].sort_values(["ticker", "horizon"])
    assert found["ticker"].tolist() == expected["ticker"].tolist()
    np.testing.assert_allclose(found["forecast"], expected["predicted"], rtol=1e-6)
    np.testing.assert_allclose(found["upper"], expected["upper"], rtol=1e-6)
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: post(served, body), range(200)))
    assert all(answer == (200, first) for answer in answers)
    begun = time.perf_counter()
    for _ in range(20):
        post(served, body)
    print(f"a forecast takes {(time.perf_counter() - begun) / 20 * 1000:.0f} ms")


REFUSED: dict[str, Any] = {
    "too few rows": (lambda own: body_of(own.tail(3)), "BBB: found 3 rows; accepted: at least 26"),
    "no value": (
        lambda own: body_of(own.assign(close=own["close"].where(own.index != own.index[-1]))),
        "found no close",
    ),
    "price 0": (lambda own: body_of(own.assign(low=0.0)), "price not above zero"),
    "unsorted": (lambda own: body_of(own.iloc[::-1]), "after the same or a later date; accepted: rising dates"),
    "no column": (lambda own: body_of(own.drop(columns="open")), "open"),
    "no date": (lambda own: body_of(own).replace(b"2001-", b"x-"), "date"),
    "a text for a number": (lambda own: body_of(own.astype({"open": object}).assign(open="high")), "open"),
    "another parameter's type": (lambda own: body_of(own, since=["2001"]), "since"),
    "no date since": (lambda own: body_of(own, since="soon"), "since: found 'soon'; accepted: a date"),
    "a time zone": (lambda own: body_of(own, since="2002-01-02T00:00Z"), "accepted: a date without time zone"),
    "no rows": (lambda own: b'{"dataframe_records": []}', ""),
    "no JSON": (lambda own: b"{", ""),
    "10 MB of junk": (lambda own: b"\xff\x00junk" * 2_000_000, ""),
    "another key": (lambda own: b'{"prices": [1, 2]}', ""),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", REFUSED)
def test_a_bad_request_is_the_senders_mistake_and_says_what_is_wrong(
    name: str, served: str, prices: pd.DataFrame
) -> None:
    body, said = REFUSED[name]
    code, answer = post(served, body(prices[prices["ticker"] == "BBB"]))
    assert 400 <= code < 500, answer
    assert said in str(answer)
    assert post(served, body_of(prices))[0] == 200


@pytest.mark.slow
def test_unused_columns_may_be_there_or_not(served: str, prices: pd.DataFrame) -> None:
    plain = post(served, body_of(prices))
    assert plain[0] == 200
    assert post(served, body_of(prices.drop(columns="adj_close", errors="ignore").assign(note=1.0))) == plain
