"""Yahoo Finance through yfinance (the only module that imports it, and what it fetches and retries with).

One ticker after the other, each error by name. What was fetched is kept aside, for the same request and vintage, so
that a rerun asks for the rest alone and a change of another parameter asks for nothing.
"""

import hashlib
import json
import logging
import sys
import warnings
from collections.abc import Collection
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import stamina
import yfinance
from curl_cffi import requests
from numpy.typing import NDArray
from stamina.instrumentation import RetryDetails, set_on_retry_hooks
from yfinance.data import YfData
from yfinance.exceptions import YFPricesMissingError

from pipeline.formats import format_date
from pipeline.io.artifacts import read_json, write_json
from pipeline.io.errors import UserError
from pipeline.prices import Found

warnings.filterwarnings("ignore", category=DeprecationWarning, module="yfinance")  # importing it turned these on

ASIDE = Path("data/yahoo")
FORMAT = 1  # of what is kept there: a change of what `asked` makes of an answer needs another number
COLUMNS = {
    "Open": "open",
    "High": "high",
    "Low": "low",
    "Close": "close",
    "Adj Close": "adj_close",
    "Volume": "volume",
    "Dividends": "dividends",
    "Stock Splits": "splits",
}
ATTEMPTS = 6  # with waits of 1, 2, 4, 8 and 16 s and up to 1 s more between them
TIMEOUT = 10  # seconds
SETTLED = pd.Timedelta(minutes=30)  # after its close a session's bar may still move: Yahoo's quotes lag


class Session(requests.Session):
    """Remembers the last answer: yfinance tells neither its status nor its date."""

    last: requests.Response | None = None

    def request(self, *args: Any, **kwargs: Any) -> requests.Response:
        self.last = None
        self.last = super().request(*args, **kwargs)
        return self.last


class TickerError(Exception):
    """Why a ticker was not fetched, in words; whether another attempt may help."""

    def __init__(self, reason: str, *, passing: bool) -> None:
        super().__init__(reason)
        self.passing = passing

    @property
    def general(self) -> bool:
        """Whether the next ticker would fare alike, and so is asked only once: Yahoo refuses, or does not answer."""
        return str(self).startswith(("refused", "no answer"))


def prices(tickers: Collection[str], start: str, end: str, vintage: str) -> Found:
    """Raw open, high, low and close, adjusted close, volume, dividends and splits, from start to end, both included.

    Rows that Yahoo gives without prices come as nulls. Raises UserError after all tickers were tried, with a line for
    each that failed.
    """
    yfinance.set_tz_cache_location(str(ASIDE / "cache"))
    yfinance.config.debug.hide_exceptions = False
    logging.getLogger("yfinance").setLevel(logging.CRITICAL)  # its errors are told here, by name
    set_on_retry_hooks([told])
    request = json.dumps([FORMAT, yfinance.__version__, start, end, vintage])
    aside = ASIDE / hashlib.sha256(request.encode()).hexdigest()[:16]
    session, failed = Session(impersonate="chrome"), dict[str, TickerError]()
    for number, ticker in enumerate(sorted(tickers), 1):
        path = aside / f"{ticker}.json"
        said = "kept from before"
        if not path.exists():
            attempts = 1 if any(failure.general for failure in failed.values()) else ATTEMPTS
            try:
                write_json(path, answered(session, ticker, start, end, attempts))
                said = "fetched"
            except TickerError as failure:
                failed[ticker], said = failure, str(failure)
        if sys.stdout.isatty():
            print(f"{number} of {len(tickers)}: {ticker}: {said}", flush=True)
    if failed:
        width = max(map(len, failed))
        lines = [f"{ticker:{width}}  {failure}" for ticker, failure in failed.items()]
        kept = f"what was fetched of the others is kept in {ASIDE} for the same start, end and vintage"
        lines.append(
            f"{len(failed)} of {len(tickers)} tickers failed; {kept}: the next `dvc repro` asks for these alone"
        )
        raise UserError("\n".join(lines))
    answers = {ticker: read_json(aside / f"{ticker}.json") for ticker in sorted(tickers)}
    tables = [pd.DataFrame(answer["sessions"]).assign(ticker=ticker) for ticker, answer in answers.items()]
    table = pd.concat(tables, ignore_index=True)
    return Found(
        table.assign(date=pd.to_datetime(table["date"]).astype("datetime64[us]")),
        units={ticker: answer["currency"] or "" for ticker, answer in answers.items()},
        unfinished={ticker: answer["unfinished"] for ticker, answer in answers.items()},
    )


def told(details: RetryDetails) -> None:
    print(f"{details.args[1]}: {details.caused_by}; again in {details.wait_for:.1f} s", flush=True)


def answered(session: Session, ticker: str, start: str, end: str, attempts: int) -> dict[str, Any]:
    """What Yahoo says of a ticker: its currency, its sessions by column, and those not finished. Raises TickerError."""
    retry = stamina.retry(
        on=lambda error: isinstance(error, TickerError) and error.passing,
        attempts=attempts,
        timeout=None,
        wait_initial=1,
        wait_max=16,
    )
    return retry(asked)(session, ticker, start, end)


def asked(session: Session, ticker: str, start: str, end: str) -> dict[str, Any]:
    """One attempt."""
    YfData.cache_get.cache_clear()  # it would give the same bad answer for the life of the process
    session.last = None
    first, last = pd.Timestamp(start), pd.Timestamp(end)
    try:
        frame = yfinance.Ticker(ticker, session=session).history(
            start=start,
            end=f"{last + pd.Timedelta(days=1):%Y-%m-%d}",
            auto_adjust=False,
            actions=True,
            keepna=True,
            timeout=TIMEOUT,
        )
        assert session.last is not None
        meta = session.last.json()["chart"]["result"][0]["meta"]
        told_at = pd.Timestamp(parsedate_to_datetime(session.last.headers["date"]))
        ended = finished(frame.index, meta, told_at)
    except Exception as error:  # yfinance raises whatever a broken answer makes it stumble over
        raise failure(error, session.last, start, end) from error
    frame = frame.rename(columns=COLUMNS)[list(COLUMNS.values())]
    frame.insert(0, "date", frame.index.tz_localize(None).normalize())
    asked_for = frame["date"].between(first, last).to_numpy()
    if not (asked_for & ended).any():
        raise TickerError(f"no data from {start} to {end}", passing=False)
    texts = frame.assign(date=frame["date"].map(format_date)).astype(object)
    texts = texts.where(texts.notna(), None).replace([np.inf, -np.inf], ["inf", "-inf"])  # JSON has no infinity
    sessions = texts[asked_for & ended].to_dict("list")
    return {
        "currency": meta["currency"],
        "sessions": sessions,
        "unfinished": texts["date"][asked_for & ~ended].tolist(),
    }


def finished(dates: pd.DatetimeIndex, meta: dict[str, Any], now: pd.Timestamp) -> NDArray[np.bool_]:
    """Which sessions had ended, and settled, when Yahoo answered, by Yahoo's clock.

    dates: local midnights, with zone; meta: Yahoo's; now: the date of its answer. A session ends when Yahoo says that
    the current one does, any other with its day.
    """
    following = dates.tz_localize(None).normalize() + pd.Timedelta(days=1)
    # Some clocks change at midnight: Cairo's, say, where 2023-04-28 began at 01:00.
    midnights = following.tz_localize(dates.tz, ambiguous=True, nonexistent="shift_forward")
    ends = pd.Series(midnights, index=dates.date)
    regular = meta.get("currentTradingPeriod", {}).get("regular", {})
    if regular:
        begin, end = (pd.Timestamp(regular[name], unit="s", tz="UTC").tz_convert(dates.tz) for name in ("start", "end"))
        ends[ends.index == begin.date()] = end
    return (ends + SETTLED <= now).to_numpy()


def failure(error: Exception, answer: requests.Response | None, start: str, end: str) -> TickerError:
    """What an exception of yfinance means, by the status of Yahoo's last answer."""
    reason = " ".join(str(getattr(error, "yahoo_reason", None) or error).split())
    if answer is None:
        distrusted = isinstance(error, requests.exceptions.CertificateVerifyError)
        return TickerError(f"no answer: {reason.partition(' See https')[0]}", passing=not distrusted)
    match answer.status_code:
        case 429:
            return TickerError("refused: too many requests (429)", passing=True)
        case 404:
            return TickerError("unknown to Yahoo, or delisted (404)", passing=False)
        case 400 if isinstance(error, YFPricesMissingError):
            return TickerError(f"no data from {start} to {end} (400): {reason}", passing=False)
        case status if status >= 400:
            return TickerError(f"refused: Yahoo answered {status}", passing=True)
        case _ if isinstance(error, YFPricesMissingError):
            try:
                known = answer.json()["chart"]["result"][0]["meta"].get("firstTradeDate") is not None
            except (LookupError, TypeError):
                explained = f": {reason}" if error.yahoo_reason else ""
                return TickerError(f"broken answer: no result{explained}", passing=True)
            return TickerError(
                f"no data from {start} to {end}" if known else "delisted: Yahoo has no data", passing=False
            )
        case _:
            return TickerError(f"broken answer: {type(error).__name__}: {reason}", passing=True)
