"""When a series has values: the sessions of an exchange (the only module that imports exchange_calendars), or the
steps of an evenly spaced series.
"""

import re

import exchange_calendars
import pandas as pd

from pipeline.io.errors import UserError

ACCEPTED = (
    "an exchange's market identifier code that exchange_calendars knows, such as XNYS, XLON, XBOM, or 24/7, "
    "or the step of an evenly spaced series, such as 15min, 1h, 1D"
)
NOUNS = {"1min": "minute", "1h": "hour", "1D": "day", "7D": "week"}
EVER = pd.Timestamp("0001-01-01")
SETTLED = pd.Timedelta(hours=1)  # after its close a session's numbers may still be corrected


def step(calendar: str) -> pd.Timedelta | None:
    """The step of an evenly spaced series; None for an exchange."""
    return pd.Timedelta(calendar) if re.fullmatch(r"[1-9]\d{0,5}(min|h|D)", calendar) else None


def noun(calendar: str) -> str:
    """What one step is called: session, hour, day, ..."""
    return "session" if step(calendar) is None else NOUNS.get(calendar, "step")


def known_from(calendar: str) -> pd.Timestamp:
    """The first day the calendar can tell of. Raises UserError for an unknown calendar."""
    if step(calendar) is not None:
        return EVER
    if calendar not in exchange_calendars.get_calendar_names():
        raise UserError(f"params.yaml: scrape.calendar: found {calendar!r}; accepted: {ACCEPTED}")
    return exchange_calendars.get_calendar(calendar).bound_min() or EVER


def sessions(calendar: str, first: pd.Timestamp, last: pd.Timestamp) -> pd.DatetimeIndex:
    """An exchange's sessions from first to last, both included, as far as known: without zone, datetime64[us].

    Raises UserError for a calendar that is unknown, or not known for these dates.
    """
    known = known_from(calendar)
    since, until = max(first, known).normalize(), last.normalize()
    if since > until:
        return pd.DatetimeIndex([], dtype="datetime64[us]")
    # Bounds are given: left out, they would follow today's date; the package wants two different ones.
    start = max(min(since, until - pd.Timedelta(days=10)), known)
    try:
        found = exchange_calendars.get_calendar(calendar, start=start, end=until).sessions.as_unit("us")
    except (ValueError, NotImplementedError, exchange_calendars.errors.CalendarError) as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise UserError(
            f"params.yaml: scrape.calendar: found {calendar!r}, which exchange_calendars cannot tell "
            f"from {first:%Y-%m-%d} to {last:%Y-%m-%d}: {reason}; accepted: another calendar"
        ) from None
    return found[found >= since]


def steps(dates: pd.Series, every: pd.Timedelta) -> pd.DatetimeIndex:
    """The steps of an evenly spaced series from its first to its last date, on the offset that most dates have."""
    offset = ((dates - dates.min()) % every).mode().iloc[0]
    return pd.date_range(dates.min() + offset, dates.max(), freq=every).as_unit("us")


def following(calendar: str, after: pd.Timestamp, count: int) -> pd.DatetimeIndex:
    """The next `count` sessions, or steps, later than `after`."""
    every = step(calendar)
    if every is not None:
        return pd.date_range(after + every, periods=count, freq=every).as_unit("us")
    # No exchange in the package has closed for longer than this, wars aside.
    last = after + pd.Timedelta(days=30 + 3 * count)
    return sessions(calendar, after + pd.Timedelta(days=1), last)[:count]


def last_finished(calendar: str, now: pd.Timestamp) -> pd.Timestamp:
    """The last session that had closed, and settled, at `now`, a time in UTC. Raises UserError as `sessions` does."""
    if step(calendar) is not None:
        raise UserError(f"params.yaml: scrape.calendar: found {calendar!r}, a step; accepted here: an exchange")
    today = now.tz_localize(None).normalize()
    sessions(calendar, today, today)  # raises what there is to say of the calendar
    around = exchange_calendars.get_calendar(calendar, start=today - pd.Timedelta(days=30), end=today)
    closes = around.closes
    return closes.index[closes + SETTLED <= now][-1]
