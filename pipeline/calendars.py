"""The dates on which a series has values: the sessions of an exchange, or the steps of an evenly spaced series.

Only this module imports exchange_calendars.
"""

import re
from functools import cache, lru_cache

import exchange_calendars
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.io.errors import UserError

ACCEPTED = (
    "the code of an exchange in the package exchange_calendars, such as XNYS, XLON, XBOM or 24/7, "
    "or the step of an evenly spaced series, such as 15min, 1h, 1D"
)
STEP_NAMES = {"1min": "minute", "1h": "hour", "1D": "day", "7D": "week"}
EARLIEST_DATE = pd.Timestamp("0001-01-01")
MAX_STEPS = 100  # of an evenly spaced series, for each row
CORRECTION_TIME = pd.Timedelta(hours=1)  # prices of a session may still be corrected after its close


def step_length(calendar: str) -> pd.Timedelta | None:
    """Return the time between two values of an evenly spaced series; None for an exchange."""
    return pd.Timedelta(calendar) if re.fullmatch(r"[1-9]\d{0,5}(min|h|D)", calendar) else None


def step_name(calendar: str) -> str:
    """Return the word for one step: session, hour, day, ..."""
    return "session" if step_length(calendar) is None else STEP_NAMES.get(calendar, "step")


@cache
def first_known_date(calendar: str) -> pd.Timestamp:
    """Return the first date that the calendar knows. Raises UserError for an unknown calendar."""
    if step_length(calendar) is not None:
        return EARLIEST_DATE
    if calendar not in exchange_calendars.get_calendar_names():
        raise UserError(f"params.yaml: scrape.calendar: found {calendar!r}; accepted: {ACCEPTED}")
    return exchange_calendars.get_calendar(calendar).bound_min() or EARLIEST_DATE


def sessions(calendar: str, first: pd.Timestamp, last: pd.Timestamp) -> pd.DatetimeIndex:
    """Return the sessions of an exchange from first to last, both included: datetime64[us] without time zone.

    Sessions before the first date that the calendar knows are left out.
    Raises UserError if the calendar is unknown or does not reach to the last date.
    """
    first_known = first_known_date(calendar)
    since, until = max(first, first_known).normalize(), last.normalize()
    if since > until:
        return pd.DatetimeIndex([], dtype="datetime64[us]")
    # Without bounds the package would use today's date. It requires start and end to differ.
    start = max(min(since, until - pd.Timedelta(days=10)), first_known)
    try:
        known_sessions = _sessions(calendar, start, until)
    except (ValueError, NotImplementedError, exchange_calendars.errors.CalendarError) as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise UserError(
            f"params.yaml: scrape.calendar: found {calendar!r}, for which exchange_calendars has no sessions "
            f"from {first:%Y-%m-%d} to {last:%Y-%m-%d} ({reason}); accepted: a calendar that covers these dates"
        ) from None
    return known_sessions[known_sessions >= since]


@lru_cache(maxsize=64)  # a calendar takes longer than a forecast, and a server needs the same one again and again
def _sessions(calendar: str, start: pd.Timestamp, end: pd.Timestamp) -> pd.DatetimeIndex:
    return exchange_calendars.get_calendar(calendar, start=start, end=end).sessions.as_unit("us")


def step_dates(dates: pd.Series, length: pd.Timedelta) -> pd.DatetimeIndex:
    """Return the dates of an evenly spaced series from the first to the last, with the offset that most dates have.

    Raises UserError if the steps are so many more than the dates that one of the dates must be wrong.
    """
    first, last, max_steps = dates.min(), dates.max(), MAX_STEPS * max(len(dates), 1000)
    if (steps := (last - first) / length) > max_steps:
        found = f"found dates from {first:%Y-%m-%d} to {last:%Y-%m-%d}, which are {steps:,.0f} steps"
        raise UserError(f"{found} of {length}; accepted for {len(dates):,} rows: at most {max_steps:,} steps")
    offset = ((dates - first) % length).mode().iloc[0]
    return pd.date_range(first + offset, last, freq=length).as_unit("us")


def next_dates(calendar: str, after: pd.DatetimeIndex, count: int) -> NDArray[np.datetime64]:
    """Return the dates of the next `count` sessions or steps after each of several dates: (dates, count)."""
    length = step_length(calendar)
    if length is not None:
        return after.as_unit("us").to_numpy()[:, None] + length.to_numpy() * np.arange(1, count + 1)
    # Except in wars, no exchange in the package was closed for longer than 30 days.
    last = after.max() + pd.Timedelta(days=30 + 3 * count)
    known_sessions = sessions(calendar, after.min() + pd.Timedelta(days=1), last)
    return known_sessions.to_numpy()[known_sessions.searchsorted(after, side="right")[:, None] + np.arange(count)]


def opening_times(calendar: str, dates: pd.Series) -> pd.Series:
    """Return when each session opens, in UTC; a step begins at its date, read as UTC. The calendar must cover them."""
    if dates.empty or step_length(calendar) is not None:
        return dates.dt.tz_localize("UTC")
    start = dates.min() - pd.Timedelta(days=10)  # the package requires start and end to differ
    opens = exchange_calendars.get_calendar(calendar, start=start, end=dates.max()).opens
    return opens.reindex(dates, method="bfill").set_axis(dates.index)  # a closed day has the next session's opening


def last_finished(calendar: str, now: pd.Timestamp) -> pd.Timestamp:
    """Return the last session that closed at least CORRECTION_TIME before `now`, a time in UTC.

    Raises UserError for a step, and as `sessions` does.
    """
    if step_length(calendar) is not None:
        accepted = "accepted by `make latest`: an exchange, such as XNYS"
        raise UserError(f"params.yaml: scrape.calendar: found the step {calendar!r}; {accepted}")
    today = now.tz_localize(None).normalize()
    sessions(calendar, today, today)  # raises UserError if the calendar is unknown
    recent = exchange_calendars.get_calendar(calendar, start=today - pd.Timedelta(days=30), end=today)
    closes = recent.closes
    return closes.index[closes + CORRECTION_TIME <= now][-1]
