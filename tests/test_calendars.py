"""Sessions come from the exchange, and from the dates asked for, never from today's."""

import pandas as pd
import pytest

from pipeline.calendars import following, sessions
from pipeline.errors import UserError


def test_the_sample_has_every_session_of_its_exchange(sample_prices: pd.DataFrame) -> None:
    found = sessions("XNYS", pd.Timestamp("1999-01-01"), pd.Timestamp("2018-12-31"))
    assert found.tolist() == sample_prices["date"].tolist()


def test_the_sessions_after_the_sample_skip_new_year_and_the_weekend() -> None:
    dates = [f"{date:%Y-%m-%d}" for date in following("XNYS", pd.Timestamp("2018-12-31"), 5)]
    assert dates == ["2019-01-02", "2019-01-03", "2019-01-04", "2019-01-07", "2019-01-08"]


def test_a_month_ahead_is_there() -> None:
    assert len(following("XBOM", pd.Timestamp("2018-12-31"), 22)) == 22


def test_dates_have_no_zone_and_microseconds() -> None:
    assert following("24/7", pd.Timestamp("2018-12-31"), 2).dtype == "datetime64[us]"


def test_an_unknown_calendar_is_named() -> None:
    with pytest.raises(UserError, match=r"^params.yaml: scrape.calendar: found 'NYSEX'; accepted: "):
        sessions("NYSEX", pd.Timestamp("2018-01-01"), pd.Timestamp("2018-12-31"))


@pytest.mark.parametrize("calendar", ["AIXK", "XTAE", "ASEX"])
def test_a_calendar_that_is_not_known_for_the_dates_is_named_with_the_reason(calendar: str) -> None:
    with pytest.raises(
        UserError, match=rf"^params.yaml: scrape.calendar: found '{calendar}', which exchange_calendars "
    ):
        sessions(calendar, pd.Timestamp("1999-01-04"), pd.Timestamp("2018-12-31"))
