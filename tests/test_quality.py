"""The data quality of each ticker is counted, listed and described in sentences."""

from typing import Any

import pandas as pd
import pytest

from pipeline.prices import impossible_rows
from pipeline.quality import (
    MAX_LINES,
    TickerReport,
    dropped_rows,
    first_lines,
    impossible_row_lines,
    is_odd,
    notes,
    spans,
    terminal_lines,
    ticker_report,
    too_many_missing,
)
from tests.series import made_prices

PRICES = made_prices("AAA", 10, seed=0)
SESSIONS = pd.DatetimeIndex(PRICES["date"])
NONE = PRICES.iloc[:0]
NO_DROPPED = dropped_rows(PRICES, impossible_rows(PRICES, None))


def report(
    prices: pd.DataFrame = PRICES, sessions: pd.DatetimeIndex = SESSIONS, calendar: str = "24/5", **changes: Any
) -> TickerReport:
    """Return the report on these prices, with `changes` to its fields."""
    since = sessions[0] if len(sessions) else pd.Timestamp.max
    others: dict[str, Any] = {"unit": "EUR", "unfinished": [], "irregular": {}}
    found = ticker_report(prices, NONE, NO_DROPPED, NONE, calendar, sessions, since, **others)
    return found.model_copy(update=changes)


@pytest.mark.parametrize(("count", "more"), [(0, []), (MAX_LINES, []), (MAX_LINES + 2, ["... and 2 more"])])
def test_of_many_lines_the_first_are_shown_and_the_rest_counted(count: int, more: list[str]) -> None:
    shown = [str(n) for n in range(count)]
    assert first_lines(shown) == shown[:MAX_LINES] + more


def test_faults_tell_what_the_row_held() -> None:
    rows = PRICES[["ticker", "date", "open", "close"]].assign(open=1234567.5, close=[0.1 + 0.2] * 9 + [None])
    found = pd.DataFrame({"row": [9, 0], "ticker": "AAA", "date": SESSIONS[[9, 0]], "reason": ["a", "b"]})
    assert dropped_rows(rows, found)["numbers"].tolist() == ["open 1234567.5", "open 1234567.5, close 0.3"]


def impossible_lines(*rows: pd.DataFrame) -> list[str]:
    """Return the error lines for PRICES and more rows."""
    prices = pd.concat([PRICES, *rows], ignore_index=True)
    return impossible_row_lines(dropped_rows(prices, impossible_rows(prices, None)))


def test_few_impossible_rows_have_a_line_each_and_many_one_together() -> None:
    late = PRICES.assign(date=PRICES["date"] + pd.Timedelta(days=14), ticker="BBB")
    few, many = (late[:count].assign(close=1e6) for count in (3, 4))
    assert [line.split("):")[0] for line in impossible_lines(few)] == [
        f"BBB 2001-01-{day}: found an impossible row (close outside low to high" for day in (15, 16, 17)
    ]
    assert impossible_lines(many, late[4:]) == [
        "BBB: found close outside low to high in 4 of 10 rows, from 2001-01-15 to 2001-01-18; "
        "such prices are often not adjusted for a split"
    ]
    assert impossible_lines(late.assign(high=1e6, volume=-1.0)) == [
        "BBB: found volume below zero in 10 of 10 rows, from 2001-01-15 to 2001-01-26"
    ]


def test_dates_given_twice_are_counted_and_the_first_are_named() -> None:
    assert impossible_lines(PRICES[:2].assign(volume=1.0)) == [
        "AAA: found date given twice in 4 of 12 rows: 2001-01-01, 2001-01-02"
    ]
    assert impossible_lines(PRICES[:5].assign(volume=1.0)) == [
        "AAA: found date given twice in 10 of 15 rows: 2001-01-01, 2001-01-02, 2001-01-03, ..."
    ]


def test_a_report_names_merged_rows_and_grouped_numbers_only_if_there_are_any() -> None:
    assert {"merged", "irregular"}.isdisjoint(report().model_dump())
    odd = report(merged=["2001-01-05"], irregular={"volume": 1})
    assert TickerReport.model_validate(odd.model_dump()) == odd
    assert is_odd(report(irregular={"volume": 1}))


def test_a_complete_ticker_has_no_remarks() -> None:
    whole = report()
    assert (whole.sessions, whole.first, whole.last) == (10, "2001-01-01", "2001-01-12")
    assert not is_odd(whole)
    assert list(notes(whole, "session")) == [
        "No session of the calendar 24/5 is missing.",
        "Values that the source does not give: dividends (10), splits (10).",
    ]


def test_a_report_lists_what_is_missing_and_what_is_unexpected() -> None:
    prices = PRICES.drop(columns=["dividends", "splits"]).drop(index=[4, 6]).astype({"volume": float})
    prices.loc[8, ["close", "volume"]] = [1e4, 0]
    nulls, sessions = PRICES.loc[[4]], SESSIONS.delete(7)[2:]
    dropped = pd.DataFrame({"date": SESSIONS[[6]], "reason": "high below low", "numbers": "high 1, low 2"})
    others: dict[str, Any] = {"unit": "", "unfinished": ["2001-01-15"], "irregular": {"close": 2, "volume": 12}}
    found = ticker_report(prices, nulls, dropped, prices.iloc[[3]], "XBOM", sessions, sessions[0], **others)
    assert found.missing_sessions == ["2001-01-05", "2001-01-09"]
    assert found.unexpected_sessions == ["2001-01-10"]
    assert found.unchecked_sessions == 2
    assert found.null_values == ["2001-01-05"]
    assert [row.date for row in found.dropped] == ["2001-01-09"]
    assert found.zero_volumes == 1
    assert [jump.date for jump in found.jumps] == ["2001-01-11", "2001-01-12"]
    up, down = (f"{jump.factor:.4g}" for jump in found.jumps)
    assert list(notes(found, "session")) == [
        "Missing sessions of the calendar XBOM (2): 2001-01-05, 2001-01-09.",
        "Not checked, because they are earlier than the calendar XBOM is known: 2 sessions.",
        "Dates that are no session of the calendar XBOM (1): 2001-01-10.",
        "Rows without a value (1): 2001-01-05.",
        "Left out because they had not ended yet (1): 2001-01-15.",
        "Dropped rows with impossible values (1): 2001-01-09, high below low (high 1, low 2).",
        "Rows merged with an earlier row of the same date (1): 2001-01-04.",
        "Closes at least 1.5 times the previous close, or at most 1/1.5 of it (2): "
        f"2001-01-11 (times {up}); 2001-01-12 (times {down}).",
        "Numbers grouped neither as 1,234,567 nor as 12,34,567: close (2), volume (12).",
        "Volumes of 0, which count as missing: 1.",
    ]
    assert list(terminal_lines({"AAA": found})) == [
        "AAA: 8 rows, 2001-01-01 to 2001-01-12; calendar XBOM: 2 missing, 1 unexpected, 1 without a value, "
        "1 impossible and dropped, 2 with a jump, 1 unfinished and left out, 1 given twice and merged, "
        "2 earlier than XBOM is known, 2 numbers of close grouped irregularly, 12 numbers of volume grouped irregularly"
    ]


def test_a_series_without_a_close_has_no_jumps_and_no_volumes() -> None:
    hours = pd.date_range("2020-01-01", periods=6, freq="1h")
    heat = pd.DataFrame({"ticker": "Oslo", "date": hours, "heat": [1.0, 9, -5, 0, 7, 1]}).drop(index=3)
    found = report(heat, hours, "1h")
    assert (found.jumps, found.zero_volumes) == ([], 0)
    assert list(notes(found, "hour")) == ["Missing hours of the calendar 1h (1): 2020-01-01 03:00."]
    assert list(terminal_lines({"Oslo": found})) == [
        "Oslo: 5 rows, 2020-01-01 to 2020-01-01 05:00; calendar 1h: 1 missing",
    ]


def test_nothing_is_checked_before_the_calendar_is_known() -> None:
    found = report(sessions=SESSIONS[:0])
    assert (found.unchecked_sessions, found.missing_sessions, found.unexpected_sessions) == (10, [], [])
    assert list(too_many_missing({"AAA": found}, "session", 0.0)) == []


def test_consecutive_missing_sessions_are_one_span() -> None:
    assert spans(SESSIONS[[1, 4, 5, 6, 8]], SESSIONS) == [
        "2001-01-02",
        "2001-01-05 to 2001-01-09 (3)",  # a weekend between them is no session
        "2001-01-11",
    ]
    assert spans(SESSIONS, SESSIONS) == ["2001-01-01 to 2001-01-12 (10)"]
    assert spans(SESSIONS[:0], SESSIONS) == []
    hours = pd.date_range("2020-01-01 22:00", periods=6, freq="1h")
    assert spans(hours[1:4], hours) == ["2020-01-01 23:00 to 2020-01-02 01:00 (3)"]


@pytest.mark.parametrize(("most", "told"), [(0.0, True), (0.49, True), (0.5, False)])
def test_more_missing_sessions_than_allowed_are_a_line_that_names_three_spans(most: float, told: bool) -> None:
    half = report(PRICES.drop(index=[1, 3, 4, 6, 8]))
    line = (
        "AAA: found 5 of 10 sessions of the calendar 24/5 missing (50.00%): "
        f"2001-01-02, 2001-01-04 to 2001-01-05 (2), 2001-01-09, ...; accepted: at most {most:.2%}"
    )
    assert too_many_missing({"AAA": half, "BBB": report()}, "session", most) == ([line] if told else [])


def test_what_is_unexpected_or_unchecked_is_not_among_the_expected() -> None:
    found = report(PRICES.drop(index=[4]), SESSIONS.delete(7)[2:], "XBOM")
    assert too_many_missing({"AAA": found}, "session", 0.1) == [
        "AAA: found 1 of 7 sessions of the calendar XBOM missing (14.29%): 2001-01-05; accepted: at most 10.00%"
    ]


def printed(count: int, **odd: TickerReport) -> list[str]:
    """Return the lines for `count` tickers without remarks, and for those in `odd`."""
    return list(terminal_lines({**{f"T{n:02}": report() for n in range(count)}, **odd}))


def test_few_tickers_have_a_line_each() -> None:
    one, *others = printed(MAX_LINES)
    assert one == "T00: 10 rows, 2001-01-01 to 2001-01-12; calendar 24/5: nothing missing"
    assert len(others) == MAX_LINES - 1


def test_many_tickers_have_a_line_together_and_one_for_each_that_is_odd() -> None:
    late = report(last="2001-01-19", unfinished_sessions=["2001-01-22"])
    assert printed(MAX_LINES, T98=report(null_values=["2001-01-05"]), T99=late) == [
        "22 tickers, 220 rows, 2001-01-01 to 2001-01-19; 21 begin later or end earlier",
        "T98: 10 rows, 2001-01-01 to 2001-01-12; calendar 24/5: 1 without a value",
        "T99: 10 rows, 2001-01-01 to 2001-01-19; calendar 24/5: 1 unfinished and left out",
    ]


@pytest.mark.parametrize(
    "key",
    ["missing_sessions", "unexpected_sessions", "null_values", "dropped", "jumps", "unfinished_sessions", "merged"],
)
def test_what_may_be_wrong_makes_a_ticker_odd(key: str) -> None:
    assert is_odd(report().model_copy(update={key: ["2001-01-05"]}))
