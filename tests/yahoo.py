"""A Yahoo of our own on 127.0.0.1: a proxy that answers for *.yahoo.com over TLS, and misbehaves on command.

Real yfinance talks to it because `https_proxy` and `CURL_CA_BUNDLE` say so; nothing else is touched.
"""

import json
import ssl
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pandas as pd
import trustme

Body = dict[str, Any]
# What one misbehaviour does: from the right body to status and content, or None to hang up.
Answer = Callable[[Body], tuple[int, bytes] | None]

UNKNOWN = {"chart": {"result": None, "error": {
    "code": "Not Found", "description": "No data found, symbol may be delisted"}}}  # fmt: skip


def good(body: Body) -> tuple[int, bytes]:
    return 200, json.dumps(body).encode()


def status(code: int, content: bytes = b"") -> Answer:
    return lambda body: (code, content)


def truncated(body: Body) -> tuple[int, bytes]:
    content = json.dumps(body).encode()
    return 200, content[: len(content) // 2]


def slow(seconds: float) -> Answer:
    def answer(body: Body) -> tuple[int, bytes]:
        time.sleep(seconds)
        return good(body)

    return answer


def hang_up(body: Body) -> None:
    return None


def changed(change: Callable[[Body], None]) -> Answer:
    """A good answer, but for a change to its one result."""

    def answer(body: Body) -> tuple[int, bytes]:
        change(body["chart"]["result"][0])
        return good(body)

    return answer


def empty(result: Body) -> None:
    result["indicators"] = {"quote": [{}], "adjclose": [{}]}
    result.pop("timestamp", None)


@dataclass
class Yahoo:
    """Bodies by ticker; what each ticker's coming answers to requests for prices, and for its time zone, do; what was
    asked; the time it says it is; whether it says so; seconds before each answer.
    """

    environment: dict[str, str]
    bodies: dict[str, Body] = field(default_factory=dict)
    answers: dict[str, list[Answer]] = field(default_factory=lambda: defaultdict(list))
    zones: dict[str, list[Answer]] = field(default_factory=lambda: defaultdict(list))
    asked: list[str] = field(default_factory=list)
    now: float | None = None
    dated: bool = True
    delay: float = 0


def body_of(prices: pd.DataFrame, zone: str = "America/New_York", opens: str = "09:30", **meta: Any) -> Body:
    """A chart body as Yahoo writes it, of one ticker's prices."""
    local = (prices["date"] + pd.Timedelta(f"{opens}:00")).dt.tz_localize(zone)
    stamps = [int(stamp.timestamp()) for stamp in local]
    columns = {name: prices[name].tolist() for name in ("open", "high", "low", "close")}
    day = 24 * 3600
    regular = {"start": stamps[-1] + day, "end": stamps[-1] + day + 23400, "timezone": "EST", "gmtoffset": -18000}
    known = {
        "currency": "USD",
        "symbol": prices["ticker"].iloc[0],
        "instrumentType": "EQUITY",
        "firstTradeDate": stamps[0],
        "regularMarketTime": stamps[-1] + 23400,
        "exchangeTimezoneName": zone,
        "priceHint": 2,
        "currentTradingPeriod": {name: dict(regular) for name in ("pre", "regular", "post")},
        "dataGranularity": "1d",
        "range": "",
        "validRanges": ["1d", "max"],
    }
    events = {
        "dividends": {
            str(stamp): {"amount": amount, "date": stamp}
            for stamp, amount in zip(stamps, prices["dividends"], strict=True)
            if amount > 0
        },
        "splits": {
            str(stamp): {"date": stamp, "numerator": ratio, "denominator": 1, "splitRatio": f"{ratio:g}:1"}
            for stamp, ratio in zip(stamps, prices["splits"], strict=True)
            if ratio > 0
        },
    }
    result = {
        "meta": {**known, **meta},
        "events": {kind: own for kind, own in events.items() if own},
        "timestamp": stamps,
        "indicators": {
            "quote": [{**columns, "volume": [int(volume) for volume in prices["volume"]]}],
            "adjclose": [{"adjclose": prices["adj_close"].tolist()}],
        },
    }
    return {"chart": {"result": [result], "error": None}}


def sliced(body: Body, first: int, last: int) -> Body:
    """What Yahoo gives for a period: sessions from first to last, both included, and their events."""
    (result,) = body["chart"]["result"]
    if "timestamp" not in result:
        return body
    within = [i for i, stamp in enumerate(result["timestamp"]) if first <= stamp <= last]
    own = {**result, "indicators": {
        kind: [{name: [values[i] for i in within] for name, values in block.items()} for block in blocks]
        for kind, blocks in result["indicators"].items()
    }}  # fmt: skip
    if "events" in result:
        own["events"] = {
            kind: {key: event for key, event in events.items() if first <= event["date"] <= last}
            for kind, events in result["events"].items()
        }
    if within:
        own["timestamp"] = [result["timestamp"][i] for i in within]
    else:
        empty(own)
    return {"chart": {"result": [own], "error": None}}


@contextmanager
def yahoo(folder: Path) -> Iterator[Yahoo]:
    """Started, and ended with the block. folder: for the certificate and yfinance's own files."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(folder / "authority.pem"))
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("*.yahoo.com", "*.finance.yahoo.com").configure_cert(tls)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # which would hold each answer back for 40 ms

        def do_CONNECT(self) -> None:
            self.send_response_only(200)
            self.end_headers()
            if not self.path.endswith(".yahoo.com:443"):
                fake.asked.append(f"outside: {self.path}")
            self.connection = tls.wrap_socket(self.connection, server_side=True)
            self.rfile, self.wfile = self.connection.makefile("rb"), self.connection.makefile("wb", 0)

        def do_GET(self) -> None:
            time.sleep(fake.delay)
            found = answer(fake, self.path)
            if found is None:
                self.close_connection = True
                return
            code, content = found
            self.send_response_only(code)
            if fake.dated:
                self.send_header("Date", self.date_time_string())
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_POST = do_GET  # noqa: N815

        def date_time_string(self, timestamp: float | None = None) -> str:
            return super().date_time_string(timestamp if timestamp is not None else fake.now)

        def log_message(self, *words: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.handle_error = lambda *words: None  # type: ignore[method-assign]  # the other side may hang up
    address = f"http://127.0.0.1:{server.server_address[1]}"
    bundle = str(folder / "authority.pem")
    trust = dict.fromkeys(["CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE"], bundle)  # a machine may set the second, which wins
    fake = Yahoo({"https_proxy": address, "XDG_CACHE_HOME": str(folder / "xdg"), **trust})
    thread = threading.Thread(target=server.serve_forever, args=[0.01], daemon=True)  # seconds until it hears of an end
    thread.start()
    try:
        yield fake
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=10)


def answer(fake: Yahoo, path: str) -> tuple[int, bytes] | None:
    """Status and content for a path of Yahoo's, or None to hang up."""
    parts = urlsplit(path)
    if parts.path.endswith("/getcrumb"):
        return 200, b"crumb"
    if "/v8/finance/chart/" not in parts.path:
        return (404 if "quoteSummary" in parts.path else 200), b"{}"
    ticker, query = unquote(parts.path.rsplit("/", 1)[-1]), parse_qs(parts.query)
    body = fake.bodies.get(ticker)
    if body is None:
        return 404, json.dumps(UNKNOWN).encode()
    if "period1" not in query:  # yfinance asks for the time zone
        return next_of(fake.zones[ticker])(body)
    fake.asked.append(ticker)
    first, last = int(query["period1"][0]), int(query["period2"][0])
    return next_of(fake.answers[ticker])(json.loads(json.dumps(sliced(body, first, last))))


def next_of(answers: list[Answer]) -> Answer:
    """Of the coming answers the first, once; good ones when there are no more."""
    return answers.pop(0) if answers else good
