"""What was found of each ticker is counted, listed and told in sentences and lines."""

from typing import Any

import pandas as pd
import pytest

from pipeline.findings import (
    SHOWN,
    Dropped,
    Jump,
    TickerReport,
    faults,
    first,
    gaps,
    is_odd,
    lines,
    moment,
    notes,
    spans,
    ticker,
)
from pipeline.prices import impossible
from tests.series import made_prices

PRICES = made_prices("AAA", 10, seed=0)
SESSIONS = pd.DatetimeIndex(PRICES["date"])
NONE = PRICES.iloc[:0]
NO_FAULTS = faults(PRICES, impossible(PRICES, None))


def report(prices: pd.DataFrame = PRICES, sessions: pd.DatetimeIndex = SESSIONS, **changes: Any) -> TickerReport:
    """What reports/scrape.json says of these prices, but for `changes`."""
    since = sessions[0] if len(sessions) else pd.Timestamp.max
    return ticker(prices, NONE, NO_FAULTS, sessions, since, unit="EUR", unfinished=[]).model_copy(update=changes)


def test_a_moment_is_a_date_with_the_time_where_there_is_one() -> None:
    assert moment(pd.Timestamp("2020-01-02")) == "2020-01-02"
    assert moment(pd.Timestamp("2020-01-02 05:00")) == "2020-01-02 05:00"


@pytest.mark.parametrize(
    ("count", "shown"), [(0, []), (2, ["0", "1"]), (3, ["0", "1", "2"]), (5, ["0", "1", "2", "... and 2 more"])]
)
def test_of_many_lines_the_first_are_shown_and_the_rest_counted(count: int, shown: list[str]) -> None:
    assert first([str(n) for n in range(count)], 3) == shown


def test_faults_tell_what_the_row_held() -> None:
    rows = PRICES[["ticker", "date", "open", "close"]].assign(open=1234567.5, close=[0.1 + 0.2] * 9 + [None])
    found = pd.DataFrame({"row": [9, 0, 0], "ticker": "AAA", "date": SESSIONS[[9, 0, 0]], "reason": ["a", "b", "c"]})
    assert faults(rows, found).to_dict("records") == [
        {"ticker": "AAA", "date": "2001-01-12", "reason": "a", "numbers": "open 1234567.5"},
        {"ticker": "AAA", "date": "2001-01-01", "reason": "b", "numbers": "open 1234567.5, close 0.3"},
        {"ticker": "AAA", "date": "2001-01-01", "reason": "c", "numbers": "open 1234567.5, close 0.3"},
    ]


def test_a_whole_ticker_has_nothing_odd() -> None:
    whole = report()
    assert (whole.sessions, whole.first, whole.last) == (10, "2001-01-01", "2001-01-12")
    assert not is_odd(whole)
    assert list(notes(whole, "24/5", "session")) == [
        "No session of the calendar 24/5 is missing.",
        "Values the source does not give: dividends (10), splits (10).",
    ]


def test_a_ticker_is_told_what_it_lacks_and_what_it_has_too_much() -> None:
    prices = PRICES.drop(columns=["dividends", "splits"]).drop(index=[4, 6]).astype({"volume": float})
    prices.loc[8, ["close", "volume"]] = [1e4, 0]
    nulls, sessions = PRICES.loc[[4]], SESSIONS.delete(7)[2:]
    dropped = pd.DataFrame({"date": ["2001-01-09"], "reason": ["high below low"], "numbers": ["high 1, low 2"]})
    found = ticker(prices, nulls, dropped, sessions, sessions[0], unit="", unfinished=["2001-01-15"])
    assert found.missing_sessions == ["2001-01-05", "2001-01-09"]
    assert found.unexpected_sessions == ["2001-01-10"]
    assert found.unchecked_sessions == 2
    assert found.null_values == ["2001-01-05"]
    assert [row.model_dump() for row in found.dropped] == dropped.to_dict("records")
    assert found.zero_volumes == 1
    assert [jump.date for jump in found.jumps] == ["2001-01-11", "2001-01-12"]
    up, down = (f"{jump.factor:.4g}" for jump in found.jumps)
    assert list(notes(found, "XBOM", "session")) == [
        "Missing sessions by the calendar XBOM: 2: 2001-01-05, 2001-01-09.",
        "Not checked, for the calendar XBOM is not known so early: 2 sessions.",
        "Dates that are no session of the calendar XBOM: 1: 2001-01-10.",
        "Rows without a value: 1: 2001-01-05.",
        "Left out, not ended yet: 1: 2001-01-15.",
        "Rows that could not be true, dropped: 1: 2001-01-09, high below low (high 1, low 2).",
        "Closes at least 1.5 times the one before, or at most 1/1.5 of it: 2: "
        f"2001-01-11 (times {up}); 2001-01-12 (times {down}).",
        "Volumes of 0, which count as missing: 1.",
    ]
    assert list(lines({"AAA": found}, "XBOM")) == [
        "AAA: 8 rows, 2001-01-01 to 2001-01-12; by XBOM 2 missing, 1 unexpected, 1 without a value, "
        "1 impossible and dropped, 2 with a jump, 1 unfinished and left out, 2 before XBOM is known"
    ]


def test_a_series_of_its_own_has_no_jumps_and_no_volumes() -> None:
    hours = pd.date_range("2020-01-01", periods=6, freq="1h")
    heat = pd.DataFrame({"ticker": "Oslo", "date": hours, "heat": [1.0, 9, -5, 0, 7, 1]}).drop(index=3)
    found = report(heat, hours)
    assert (found.jumps, found.zero_volumes) == ([], 0)
    assert list(notes(found, "1h", "hour")) == ["Missing hours by the calendar 1h: 1: 2020-01-01 03:00."]
    assert list(lines({"Oslo": found}, "1h")) == [
        "Oslo: 5 rows, 2020-01-01 to 2020-01-01 05:00; by 1h 1 missing",
    ]


def test_nothing_is_checked_where_the_calendar_is_not_known() -> None:
    found = report(sessions=SESSIONS[:0])
    assert (found.unchecked_sessions, found.missing_sessions, found.unexpected_sessions) == (10, [], [])
    assert list(gaps({"AAA": found}, "XBOM", "session", 0.0)) == []


def test_of_many_dates_twenty_are_noted() -> None:
    dates = [f"2001-01-01 {n}" for n in range(60)]
    said = list(notes(report(null_values=dates), "24/5", "session"))[1]
    assert said.startswith("Rows without a value: 60: 2001-01-01 0; 2001-01-01 1; ")
    assert said.endswith("; 2001-01-01 19; ... and 40 more.")


def test_sessions_that_are_missing_in_a_row_are_told_as_one_span() -> None:
    assert spans(SESSIONS[[1, 4, 5, 6, 8]], SESSIONS) == [
        "2001-01-02",
        "2001-01-05 to 2001-01-09 (3)",  # a weekend between them is no session
        "2001-01-11",
    ]
    assert spans(SESSIONS, SESSIONS) == ["2001-01-01 to 2001-01-12 (10)"]
    assert spans(SESSIONS[:0], SESSIONS) == []
    hours = pd.date_range("2020-01-01 22:00", periods=6, freq="1h")
    assert spans(hours[1:4], hours) == ["2020-01-01 23:00 to 2020-01-02 01:00 (3)"]


@pytest.mark.parametrize(("most", "told"), [(0.0, True), (0.29, True), (0.3, False), (0.31, False)])
def test_more_missing_sessions_than_allowed_are_a_line(most: float, told: bool) -> None:
    three, one = report(PRICES.drop(index=[2, 4, 6])), report()
    accepted = f"accepted: at most {most:.2%}"
    line = f"AAA: 3 of 10 sessions of 24/5 are missing (30.00%): 2001-01-03, 2001-01-05, 2001-01-09; {accepted}"
    assert gaps({"AAA": three, "BBB": one}, "24/5", "session", most) == ([line] if told else [])


def test_of_many_spans_of_missing_sessions_three_are_named() -> None:
    assert gaps({"AAA": report(PRICES.drop(index=[1, 3, 4, 6, 8]))}, "24/5", "session", 0.1) == [
        "AAA: 5 of 10 sessions of 24/5 are missing (50.00%): "
        "2001-01-02, 2001-01-04 to 2001-01-05 (2), 2001-01-09, ...; accepted: at most 10.00%"
    ]


def test_what_is_unexpected_or_unchecked_is_not_among_the_expected() -> None:
    found = report(PRICES.drop(index=[4]), SESSIONS.delete(7)[2:])
    assert gaps({"AAA": found}, "XBOM", "session", 0.1) == [
        "AAA: 1 of 7 sessions of XBOM are missing (14.29%): 2001-01-05; accepted: at most 10.00%"
    ]


def printed(count: int, odd: dict[str, dict[str, Any]]) -> list[str]:
    """The lines of so many whole tickers, and of those that are odd."""
    whole = {f"T{n:02}": report() for n in range(count)}
    return list(lines({**whole, **{name: report(**own) for name, own in odd.items()}}, "24/5"))


def test_few_tickers_have_a_line_each() -> None:
    assert printed(2, {}) == [
        "T00: 10 rows, 2001-01-01 to 2001-01-12; by 24/5 nothing missing",
        "T01: 10 rows, 2001-01-01 to 2001-01-12; by 24/5 nothing missing",
    ]
    assert len(printed(SHOWN, {})) == SHOWN


def test_many_tickers_have_a_line_together_and_one_for_each_that_is_odd() -> None:
    assert printed(SHOWN + 1, {}) == ["21 tickers, 210 rows, 2001-01-01 to 2001-01-12; 0 begin later or end earlier"]
    late = {"last": "2001-01-19", "unfinished_sessions": ["2001-01-22"]}
    odd: dict[str, dict[str, Any]] = {"T05": {"null_values": ["2001-01-05"]}, "T99": late}
    assert printed(SHOWN + 1, odd) == [
        "22 tickers, 220 rows, 2001-01-01 to 2001-01-19; 21 begin later or end earlier",
        "T05: 10 rows, 2001-01-01 to 2001-01-12; by 24/5 1 without a value",
        "T99: 10 rows, 2001-01-01 to 2001-01-19; by 24/5 1 unfinished and left out",
    ]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("missing_sessions", ["2001-01-05"]),
        ("unexpected_sessions", ["2001-01-06"]),
        ("null_values", ["2001-01-05"]),
        ("dropped", [Dropped(date="2001-01-05", reason="high below low", numbers="high 1, low 2")]),
        ("jumps", [Jump(date="2001-01-05", factor=2.0)]),
        ("unfinished_sessions", ["2001-01-15"]),
    ],
)
def test_what_may_be_wrong_makes_a_ticker_odd(key: str, value: list[Any]) -> None:
    assert is_odd(report(**{key: value}))
    assert not is_odd(report(**{key: []}))
