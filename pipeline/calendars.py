"""Trading sessions of exchanges (the only module that imports exchange_calendars)."""

import exchange_calendars
import pandas as pd

from pipeline.errors import UserError


def sessions(calendar: str, first: pd.Timestamp, last: pd.Timestamp) -> pd.DatetimeIndex:
    """The exchange's sessions from first to last, both included: dates without zone, datetime64[us].

    Raises UserError for a calendar that is unknown, or not known for these dates.
    """
    if calendar not in exchange_calendars.get_calendar_names():
        raise UserError(
            f"params.yaml: scrape.calendar: found {calendar!r}; accepted: an exchange's market identifier code "
            "that exchange_calendars knows, such as XNYS, XLON, XBOM, or 24/7"
        )
    # Bounds are given: left out, they would follow today's date.
    try:
        return exchange_calendars.get_calendar(calendar, start=first, end=last).sessions.as_unit("us")
    except (ValueError, NotImplementedError, exchange_calendars.errors.CalendarError) as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise UserError(
            f"params.yaml: scrape.calendar: found {calendar!r}, which exchange_calendars cannot tell "
            f"from {first:%Y-%m-%d} to {last:%Y-%m-%d}: {reason}; accepted: another calendar"
        ) from None


def following(calendar: str, after: pd.Timestamp, count: int) -> pd.DatetimeIndex:
    """The next `count` sessions later than `after`."""
    # No exchange in the package has closed for longer than this, wars aside.
    last = after + pd.Timedelta(days=30 + 3 * count)
    return sessions(calendar, after + pd.Timedelta(days=1), last)[:count]
