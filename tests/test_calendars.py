"""Sessions come from the exchange and the requested dates, never from today's date."""

import numpy as np
import pandas as pd
import pytest

from pipeline.calendars import (
    first_known_date,
    last_finished,
    next_dates,
    opening_times,
    sessions,
    step_dates,
    step_name,
)
from pipeline.io.errors import UserError


def test_the_sample_has_every_session_of_its_exchange(sample_prices: pd.DataFrame) -> None:
    found = sessions("XNYS", pd.Timestamp("1999-01-01"), pd.Timestamp("2018-12-31"))
    assert found.tolist() == sample_prices["date"].tolist()


def test_the_sessions_after_the_sample_skip_new_year_and_the_weekend() -> None:
    found = next_dates("XNYS", pd.DatetimeIndex(["2018-12-31", "2019-01-05"]), 22)
    assert found[0, :4].astype("datetime64[D]").astype(str).tolist() == [
        "2019-01-02", "2019-01-03", "2019-01-04", "2019-01-07",
    ]  # fmt: skip
    assert found[1, 0] == np.datetime64("2019-01-07")
    assert found.shape == (2, 22)
    assert found.dtype == "datetime64[us]"


def test_an_unknown_calendar_is_named() -> None:
    with pytest.raises(UserError, match=r"^params.yaml: scrape.calendar: found 'NYSEX'; accepted: "):
        sessions("NYSEX", pd.Timestamp("2018-01-01"), pd.Timestamp("2018-12-31"))


def test_what_a_calendar_does_not_know_yet_is_left_out_and_said() -> None:
    assert f"{first_known_date('XBOM'):%Y-%m-%d}" == "1997-01-01"
    found = sessions("XBOM", pd.Timestamp("1990-07-03"), pd.Timestamp("1997-01-10"))
    assert f"{found[0]:%Y-%m-%d}" == "1997-01-01"
    assert sessions("XBOM", pd.Timestamp("1990-07-03"), pd.Timestamp("1991-01-10")).empty


def test_a_calendar_that_is_not_known_so_late_is_named_with_the_reason() -> None:
    with pytest.raises(UserError, match=r"^params.yaml: scrape.calendar: found 'XBOM', for which exchange_calendars "):
        sessions("XBOM", pd.Timestamp("2020-01-01"), pd.Timestamp("2040-12-31"))


def test_one_session_is_a_table_too() -> None:
    day = pd.Timestamp("2018-12-31")
    assert sessions("XNYS", day, day).tolist() == [day]


@pytest.mark.parametrize(
    ("calendar", "after"),
    [("15min", "2019-01-01 00:15"), ("1h", "2019-01-01 01:00"), ("1D", "2019-01-02 00:00"), ("7D", "2019-01-08 00:00")],
)
def test_an_evenly_spaced_series_goes_on_in_its_steps(calendar: str, after: str) -> None:
    found = next_dates(calendar, pd.DatetimeIndex(["2019-01-01"]), 3)
    assert found[0, 0] == pd.Timestamp(after)
    assert found.dtype == "datetime64[us]"


@pytest.mark.parametrize("calendar", ["0h", "1.5h", "h", "1M", "-1D", "1 D"])
def test_a_text_that_is_not_a_step_is_rejected(calendar: str) -> None:
    with pytest.raises(
        UserError, match=r"accepted: the code of an exchange .*, or the step of an evenly spaced series"
    ):
        first_known_date(calendar)


def test_the_steps_have_the_offset_of_most_dates() -> None:
    hours = pd.Series(pd.date_range("2020-01-01 00:30", periods=40, freq="1h"))
    astray = pd.concat([pd.Series([pd.Timestamp("2020-01-01 00:07")]), hours], ignore_index=True)
    assert step_dates(astray, pd.Timedelta("1h")).tolist() == hours.tolist()


def test_a_step_has_its_name() -> None:
    assert [step_name(name) for name in ("XNYS", "1h", "1D", "15min")] == ["session", "hour", "day", "step"]


@pytest.mark.parametrize(
    ("calendar", "now", "expected"),
    [
        ("XNYS", "2018-12-31 20:59", "2018-12-28"),  # the New York close is at 21:00 UTC
        ("XNYS", "2018-12-31 21:59", "2018-12-28"),  # and not settled yet
        ("XNYS", "2018-12-31 22:00", "2018-12-31"),
        ("XNYS", "2019-01-01 15:00", "2018-12-31"),
        ("XNYS", "2018-11-23 19:00", "2018-11-23"),  # a half day, closed at 18:00 UTC
        ("XBOM", "2018-12-31 11:00", "2018-12-31"),
        ("24/7", "2019-01-05 00:30", "2019-01-03"),
        ("24/7", "2019-01-05 01:00", "2019-01-04"),
    ],
)
def test_the_last_finished_session_has_closed_and_settled(calendar: str, now: str, expected: str) -> None:
    assert f"{last_finished(calendar, pd.Timestamp(now, tz='UTC')):%Y-%m-%d}" == expected


@pytest.mark.parametrize(
    ("calendar", "date", "opens"),
    [
        ("XNYS", "2024-03-08", "2024-03-08 14:30"),
        ("XNYS", "2024-03-11", "2024-03-11 13:30"),  # New York is on summer time
        ("XNYS", "2025-01-09", "2025-01-10 14:30"),  # a day of mourning: the next session
        ("XASX", "2025-01-08", "2025-01-07 23:00"),  # Sydney's morning
        ("24/5", "2025-01-08", "2025-01-08 00:00"),
        ("1h", "2025-01-08 05:00", "2025-01-08 05:00"),
    ],
)
def test_a_session_opens_by_its_exchange_and_a_step_at_its_date(calendar: str, date: str, opens: str) -> None:
    dates = pd.Series([pd.Timestamp(date), pd.Timestamp("2025-02-03")], [5, 3])
    found = opening_times(calendar, dates)
    assert found.index.tolist() == [5, 3]
    assert found.iloc[0] == pd.Timestamp(opens, tz="UTC")
    assert opening_times(calendar, dates[:0]).empty


def test_a_wrong_date_does_not_make_millions_of_steps() -> None:
    dates = pd.Series(pd.to_datetime(["2020-01-01", "9999-12-31"]).astype("datetime64[us]"))
    with pytest.raises(
        UserError, match=r"^found dates from 2020-01-01 to 9999-12-31, which are .* steps of .*; accepted"
    ):
        step_dates(dates, pd.Timedelta("1min"))
