"""Fetch prices from Yahoo Finance. Only this module imports yfinance and the packages for requests and retries.

Tickers are fetched one after the other, and each failed ticker gets an error line. Fetched prices are stored by start,
end and vintage (the user's name for a download; a new name fetches everything again). If you change any other
parameter, nothing is fetched again.
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
from pipeline.prices import NUMBERS, SourceData
from pipeline.scrape.params import check_unit

warnings.filterwarnings("ignore", category=DeprecationWarning, module="yfinance")  # yfinance turns these warnings on

DOWNLOADS = Path("data/yahoo")
DOWNLOAD_FORMAT = 1  # increase it after a change of what `fetch` returns
MAX_ATTEMPTS = 6  # with waits of 1, 2, 4, 8 and 16 s between them, each plus up to 1 s
TIMEOUT = 10  # seconds
QUOTE_DELAY = pd.Timedelta(minutes=30)  # Yahoo's prices of a session may still change after its close


class Session(requests.Session):
    """An HTTP session that keeps the last answer, because yfinance hides the status and the date of it."""

    last: requests.Response | None = None

    def request(self, *args: Any, **kwargs: Any) -> requests.Response:
        self.last = None
        self.last = super().request(*args, **kwargs)
        return self.last


class TickerError(Exception):
    """The reason why a ticker was not fetched. temporary: whether another attempt may help."""

    def __init__(self, reason: str, *, temporary: bool) -> None:
        super().__init__(reason)
        self.temporary = temporary


def prices(tickers: Collection[str], start: str, end: str, vintage: str) -> SourceData:
    """Fetch unadjusted open, high, low and close, adjusted close, volume, dividends and splits.

    start and end are included. Rows that Yahoo gives without prices are null. After all tickers were tried, raises
    UserError with a line for each failed ticker.
    """
    yfinance.set_tz_cache_location(str(DOWNLOADS / "cache"))
    yfinance.config.debug.hide_exceptions = False
    logging.getLogger("yfinance").setLevel(logging.CRITICAL)  # its errors are reported below, with the ticker
    set_on_retry_hooks([print_retry])
    request = json.dumps([DOWNLOAD_FORMAT, yfinance.__version__, start, end, vintage])
    folder = DOWNLOADS / hashlib.sha256(request.encode()).hexdigest()[:16]
    session, failed = Session(impersonate="chrome"), dict[str, TickerError]()
    retry = stamina.retry(
        on=lambda error: isinstance(error, TickerError) and error.temporary,
        attempts=MAX_ATTEMPTS,
        timeout=None,
        wait_initial=1,
        wait_max=16,
    )
    for number, ticker in enumerate(sorted(tickers), 1):
        path = folder / f"{ticker}.json"
        status = "fetched before"
        if not path.exists():
            # After a refusal the next tickers will probably fail too, so each gets only one attempt.
            refused = any(str(failure).startswith(("refused", "no answer")) for failure in failed.values())
            try:
                write_json(path, (fetch if refused else retry(fetch))(session, ticker, start, end))
                status = "fetched"
            except TickerError as failure:
                failed[ticker], status = failure, str(failure)
        if sys.stdout.isatty():
            print(f"{number} of {len(tickers)}: {ticker}: {status}", flush=True)
    if failed:
        width = max(map(len, failed))
        lines = [f"{ticker:{width}}  {failure}" for ticker, failure in failed.items()]
        stored = f"fetched prices are stored in {DOWNLOADS}"
        again = "the next `dvc repro` with the same start, end and vintage fetches only the failed tickers"
        raise UserError("\n".join([*lines, f"{len(failed)} of {len(tickers)} tickers failed; {stored}; {again}"]))
    answers = {ticker: read_json(folder / f"{ticker}.json") for ticker in sorted(tickers)}
    tables = [pd.DataFrame(answer["sessions"]).assign(ticker=ticker) for ticker, answer in answers.items()]
    table = pd.concat(tables, ignore_index=True)
    return SourceData(
        table.assign(date=pd.to_datetime(table["date"]).astype("datetime64[us]")),
        units={ticker: answer["currency"] or "" for ticker, answer in answers.items()},
        unfinished={ticker: answer["unfinished"] for ticker, answer in answers.items()},
    )


def print_retry(details: RetryDetails) -> None:
    print(f"{details.args[1]}: {details.caused_by}; next attempt in {details.wait_for:.1f} s", flush=True)


def fetch(session: Session, ticker: str, start: str, end: str) -> dict[str, Any]:
    """Fetch a ticker: its currency, its prices (a list for each column) and its unfinished sessions.

    Raises TickerError.
    """
    YfData.cache_get.cache_clear()  # otherwise yfinance would repeat a stored bad answer
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
        has_ended = finished(frame.index, meta, answered_at(session.last, meta))
        if not isinstance(meta["currency"], str | None):
            raise TypeError(f"found the currency {meta['currency']!r}; accepted: a text")
        check_unit(meta["currency"] or "")
        frame = frame.rename(columns={"Stock Splits": "splits"})
        frame = frame.rename(columns=lambda name: name.lower().replace(" ", "_"))[list(NUMBERS)].astype("float64")
        frame.insert(0, "date", frame.index.tz_localize(None).normalize())
    except TickerError:
        raise
    except Exception as error:  # a broken answer can make yfinance raise any error
        raise ticker_error(error, session.last, start, end) from error
    requested = frame["date"].between(first, last).to_numpy()
    if not (requested & has_ended).any():
        raise TickerError(f"no data from {start} to {end}", temporary=False)
    table = frame.assign(date=frame["date"].map(format_date)).astype(object)
    table = table.where(table.notna(), None).replace([np.inf, -np.inf], ["inf", "-inf"])  # JSON has no infinity
    return {
        "currency": meta["currency"],
        "sessions": table[requested & has_ended].to_dict("list"),
        "unfinished": table["date"][requested & ~has_ended].tolist(),
    }


def answered_at(answer: requests.Response, meta: dict[str, Any]) -> pd.Timestamp:
    """Return the time of an answer: its header Date or, without one, the last trade that its field `meta` names.

    Raises TickerError if it has neither.
    """
    if date := answer.headers.get("date"):
        return pd.Timestamp(parsedate_to_datetime(date))
    if meta.get("regularMarketTime") is None:
        found = "broken answer: found neither a header Date nor meta.regularMarketTime"
        raise TickerError(f"{found}; accepted: one of them, which tells what sessions have ended", temporary=True)
    return pd.Timestamp(meta["regularMarketTime"], unit="s", tz="UTC")


def finished(dates: pd.DatetimeIndex, meta: dict[str, Any], now: pd.Timestamp) -> NDArray[np.bool_]:
    """Return which sessions ended at least QUOTE_DELAY before Yahoo answered (the time is that of the answer).

    dates: local midnights with time zone; meta: the field `meta` of Yahoo's answer; now: the time of the answer.
    Yahoo names the end of the current session. Every other session ends at the end of its day.
    """
    following = dates.tz_localize(None).normalize() + pd.Timedelta(days=1)
    # Some time zones change their clocks at midnight: in Cairo, 2023-04-28 began at 01:00.
    midnights = following.tz_localize(dates.tz, ambiguous=True, nonexistent="shift_forward")
    ends = pd.Series(midnights, index=dates.date)
    regular = meta.get("currentTradingPeriod", {}).get("regular", {})
    if regular:
        begin, end = (pd.Timestamp(regular[name], unit="s", tz="UTC").tz_convert(dates.tz) for name in ("start", "end"))
        ends[ends.index == begin.date()] = end
    return (ends + QUOTE_DELAY <= now).to_numpy()


def ticker_error(error: Exception, answer: requests.Response | None, start: str, end: str) -> TickerError:
    """Choose an error message for an exception of yfinance, by the HTTP status of Yahoo's last answer."""
    reason = " ".join(str(getattr(error, "yahoo_reason", None) or error).split())
    if answer is None:
        untrusted = isinstance(error, requests.exceptions.CertificateVerifyError)
        return TickerError(f"no answer: {reason.partition(' See https')[0]}", temporary=not untrusted)
    match answer.status_code:
        case 429:
            return TickerError("refused: too many requests (429)", temporary=True)
        case 404:
            return TickerError("unknown to Yahoo, or delisted (404)", temporary=False)
        case 400 if isinstance(error, YFPricesMissingError):
            return TickerError(f"no data from {start} to {end} (400): {reason}", temporary=False)
        case status if status >= 400:
            return TickerError(f"refused: Yahoo answered {status}", temporary=True)
        case _ if isinstance(error, YFPricesMissingError):
            try:
                has_traded = answer.json()["chart"]["result"][0]["meta"].get("firstTradeDate") is not None
            except (LookupError, TypeError):
                detail = f": {reason}" if error.yahoo_reason else ""
                return TickerError(f"broken answer: no result{detail}", temporary=True)
            return TickerError(
                f"no data from {start} to {end}" if has_traded else "delisted: Yahoo has no data", temporary=False
            )
        case _:
            return TickerError(f"broken answer: {type(error).__name__}: {reason}", temporary=True)
