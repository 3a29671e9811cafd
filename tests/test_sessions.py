"""What is said of a series session by session, on series of which it is true and on series of which it is not."""

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.signal import lfilter

from pipeline import charts, stationarity
from pipeline.figures import sessions
from pipeline.subject import Subject
from pipeline.summary import summary
from tests.series import made_prices, made_report

CLOSE = Subject("close", "USD", "session", priced=True)
HEAT = Subject("heat", "°C", "day", priced=False)
HOURLY = Subject("heat", "°C", "hour", priced=False)
STEPS = np.random.default_rng(0).normal(0, 1, 600)
UNKNOWN = {"adf": np.nan, "kpss": np.nan, "stationarity": ""}


def days(count: int, freq: str = "D") -> pd.Series:
    return pd.Series(pd.date_range("2001-01-01", periods=count, freq=freq).as_unit("us"))


def course(
    values: Any, subject: Subject = HEAT, numbers: dict | None = None, volume: float = 1000.0
) -> sessions.Figure:
    own = pd.DataFrame({"date": days(len(values)), "value": np.asarray(values, dtype=float)})
    if subject.priced:
        own = own.assign(close=own["value"], volume=volume)
    numbers = numbers or summary(own["date"], own["value"], priced=subject.priced)
    return sessions.course(own, numbers, subject, 100)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (np.cumsum(STEPS), "it wanders and has no level to come back to (ADF p 0."),
        (lfilter([1], [1, -0.5], STEPS), "it keeps to a level (ADF p <0.0001, KPSS p 0."),
        (STEPS[:29], "its level cannot be tested."),
        (np.full(60, 5.0), "its level cannot be tested."),
    ],
    ids=["walk", "level", "short", "constant"],
)
def test_a_series_that_wanders_is_told_from_one_that_keeps_to_a_level(values: np.ndarray, said: str) -> None:
    assert f"; {said}" in course(values).says
    if np.ptp(values) > 0:
        assert f"; {said}" in course(np.exp(values / 100), CLOSE).says


@pytest.mark.parametrize("p", [0.01, 0.5])
def test_tests_that_do_not_agree_leave_the_level_unclear(p: float) -> None:
    numbers = {"adf": p, "kpss": p, "stationarity": stationarity.words(p, p)}
    said = f"; whether it has a level to come back to is unclear (ADF p {p:.4f}, KPSS p {p:.4f})."
    assert course(STEPS, numbers=numbers).says.endswith(said)


def test_prices_are_told_by_their_change_and_from_a_year_on_by_their_change_a_year() -> None:
    two_years = 100 * 1.21 ** (np.arange(732) / 731)
    assert "went from 100 USD to 121 USD, +21.0%, +10.0% a year; " in course(two_years, CLOSE, UNKNOWN).says
    assert "went from 100 USD to 104.888 USD, +4.9%; " in course(two_years[:184], CLOSE, UNKNOWN).says


def test_other_values_are_told_by_their_range_and_mean_gaps_passed_over() -> None:
    said = "The heat lies between -3 °C and 6 °C, 1 °C on average; "
    assert course([np.nan, -3, 0, np.nan, 6, np.nan], numbers=UNKNOWN).says.startswith(said)


def test_prices_alone_have_their_volume_beside_them_and_long_lines_are_thinned() -> None:
    assert set(course(STEPS[:50]).rows) == {"values"}
    priced = course(np.exp(STEPS / 100), CLOSE)
    assert {name: len(rows) for name, rows in priced.rows.items()} == {"values": 100, "volumes": 100}
    assert priced.title == "The close and the volume"


@pytest.mark.parametrize("volume", [0.0, np.nan])
def test_prices_without_volume_are_alone(volume: float) -> None:
    figure = course(np.exp(STEPS[:50]), CLOSE, volume=volume)
    assert (figure.title, set(figure.rows)) == ("The close", {"values"})


def bars(ups: int, downs: int, even: int) -> pd.DataFrame:
    close = np.array([10.1] * ups + [9.9] * downs + [10.0] * even)
    return pd.DataFrame({"date": days(len(close)), "open": 10.0, "high": 10.5, "low": 9.5, "close": close})


@pytest.mark.parametrize(
    ("own", "said"),
    [
        (bars(6, 3, 1), "More sessions closed above their open than below it: 60.0% and 30.0% of 10; "),
        (bars(3, 6, 1), "Fewer sessions closed above their open than below it: 30.0% and 60.0% of 10; "),
        (bars(4, 4, 2), "As many sessions closed above their open as below it: 40.0% and 40.0% of 10; "),
    ],
    ids=["more", "fewer", "as many"],
)
def test_sessions_that_closed_higher_are_counted_beside_those_that_closed_lower(own: pd.DataFrame, said: str) -> None:
    assert sessions.candles(own, CLOSE, 100).says.startswith(said)


def test_the_widest_session_is_named() -> None:
    own = bars(5, 5, 0)
    own.loc[3, ["high", "low"]] = [12.0, 8.0]
    says = sessions.candles(own, CLOSE, 100).says
    assert says.endswith("; the widest, 2001-01-04, spanned 50.0%, the median one 10.53%.")


def test_the_last_candles_alone_are_there_to_choose_from_and_the_last_120_are_shown_at_first() -> None:
    own = made_prices("AAA", 900, seed=0)
    own.loc[3, "high"] = np.nan
    figure = sessions.candles(own, CLOSE, 500)
    shown = figure.rows["sessions"]["date"]
    assert shown.tolist() == own["date"].tail(500).tolist()
    assert "of 899; " in figure.says
    assert figure.start is not None
    assert figure.start["brush"]["x"] == [charts.moment(shown.iloc[-120]), charts.moment(shown.iloc[-1])]


def test_parts_to_choose_are_those_with_some_dates_and_all() -> None:
    assert list(sessions.spans(days(900))) == ["1 month", "3 months", "1 year", "all"]
    assert list(sessions.spans(days(900, "h"))) == ["1 day", "1 week", "1 month", "all"]
    assert list(sessions.spans(days(2))) == ["all"]
    assert sessions.spans(days(2)[:1])["all"]["x"] == [charts.moment(pd.Timestamp("2001-01-01"))] * 2


def test_a_year_to_choose_begins_a_year_before_the_last_date() -> None:
    dates = days(900)
    begin, end = sessions.spans(dates)["1 year"]["x"]
    assert end == charts.moment(dates.iloc[-1])
    assert begin == charts.moment(dates.iloc[-1] - pd.DateOffset(years=1) + pd.Timedelta(days=1))


def test_density_is_in_steps_a_millisecond() -> None:
    assert sessions.density(days(901)) == pytest.approx(1 / 86_400_000, rel=0.01)
    assert sessions.density(days(1)) == 1


CALM = pd.Series(np.random.default_rng(0).normal(0, 0.01, 600))
STORMS = CALM * np.where(np.arange(600) // 100 % 2, 5, 1)


@pytest.mark.parametrize(
    ("subject", "what"),
    [(CLOSE, "Annualised volatility"), (HEAT, "Deviation of the heat")],
    ids=["prices", "another series"],
)
def test_volatility_that_comes_and_goes_is_told_from_one_that_hardly_changes(subject: Subject, what: str) -> None:
    calm, storms = (sessions.volatility(days(600), own, subject, 100).says for own in (CALM, STORMS))
    assert calm.startswith(f"{what} hardly changes: nine tenths of the time it lies between ")
    assert storms.startswith(f"{what} comes and goes: nine tenths of the time it lies between ")


def test_the_volatility_at_the_end_is_of_the_last_22_sessions_a_year() -> None:
    dates = days(600, "B")
    figure = sessions.volatility(dates, STORMS, CLOSE, 1000)
    years = (dates.iloc[-1] - dates.iloc[0]) / pd.Timedelta(days=365.25)
    rolling = STORMS.rolling(22).std().dropna()
    last = STORMS[-22:].std() * np.sqrt(600 / years)
    assert figure.rows["values"]["value"].iloc[-1] == pytest.approx(last)
    assert len(figure.rows["values"]) == 579
    share = np.mean(rolling < rolling.iloc[-1])
    assert f", at the end at {last:.1%}, higher than " in figure.says
    assert abs(share - float(figure.says.split("higher than ")[1].split("%")[0]) / 100) < 0.01


def test_a_few_missing_values_leave_the_deviation_known_and_many_do_not() -> None:
    holes = CALM.where(np.arange(600) % 10 > 0)
    assert "hardly changes" in sessions.volatility(days(600), holes, HEAT, 100).says
    sparse = CALM.where(np.arange(600) % 2 > 0)
    assert sessions.volatility(days(600), sparse, HEAT, 100).says == "Too few days for a rolling deviation."


def test_too_few_steps_have_no_rolling_deviation() -> None:
    assert sessions.volatility(days(20), CALM[:20], HEAT, 100).says == "Too few days for a rolling deviation."
    assert "Too few hours" in sessions.volatility(days(100, "h"), CALM[:100], HOURLY, 100).says


def drawdown(*prices: float) -> sessions.Figure:
    return sessions.drawdown(days(len(prices)), pd.Series(prices), CLOSE, 100)


@pytest.mark.parametrize("prices", [(1.0, 2.0, 3.0), (5.0, 5.0), (5.0,)], ids=["rise", "constant", "one"])
def test_what_only_rose_is_said_never_to_have_fallen(prices: tuple[float, ...]) -> None:
    assert drawdown(*prices).says == "The close never fell below an earlier one."


def test_a_fall_made_good_is_told_with_its_dates() -> None:
    figure = drawdown(100, 120, 90, 60, 90, 130, 117)
    assert figure.says == (
        "The deepest fall, 50.0%, went from 2001-01-02 to 2001-01-04 and was made good on 2001-01-06; 57% of "
        "the sessions lie below an earlier high, half of those by more than 25.0%."
    )
    np.testing.assert_allclose(figure.rows["values"]["value"], [0, 0, -0.25, -0.5, -0.25, 0, -0.1])


def test_a_fall_not_made_good_is_said_to_be_open() -> None:
    says = drawdown(100, 120, 60, 119, 80).says
    assert says.startswith("The deepest fall, 50.0%, went from 2001-01-02 to 2001-01-03 and has not been made good; ")


def faults(subject: Subject = CLOSE, **found: Any) -> sessions.Figure:
    return sessions.faults(days(1000), made_report(**found), subject)


def test_nothing_missing_is_said() -> None:
    figure = faults(jumps=[])
    assert figure.says == "Of 1,000 sessions with a value none is odd; beside them none is missing or dropped."
    assert figure.rows["days"].empty
    assert json.dumps(charts.columns(figure.rows["days"]), allow_nan=False)


def test_what_is_missing_or_odd_is_counted_by_kind_and_drawn_on_its_day() -> None:
    figure = faults(
        missing_sessions=["2001-02-01", "2002-12-31"],
        unexpected_sessions=["2001-03-03"],
        dropped=[{"date": "2001-01-31", "reason": "volume below zero", "numbers": ""}],
        jumps=[{"date": "2001-05-05", "factor": 2.0}, {"date": "2001-06-06", "factor": 0.5}],
    )
    assert (
        figure.says == "Of 1,000 sessions with a value 2 jumped, 1 were unexpected; beside them 2 missing, 1 dropped."
    )
    drawn = figure.rows["days"].set_index("date")
    assert drawn.loc["2001-02-01", ["kind", "year", "day"]].tolist() == ["missing", 2001, 32]
    assert drawn.loc["2002-12-31", ["kind", "year", "day"]].tolist() == ["missing", 2002, 365]
    assert set(drawn["kind"]) <= set(charts.KINDS)


def test_one_jump_is_one() -> None:
    assert faults(jumps=[{"date": "2001-05-05", "factor": 2.0}]).says.startswith(
        "Of 1,000 sessions with a value 1 jumped; "
    )


def test_what_has_no_value_is_not_counted_as_missing_too() -> None:
    figure = faults(missing_sessions=["2001-02-01", "2001-02-02"], null_values=["2001-02-01"])
    assert figure.says == "Of 1,000 sessions with a value none is odd; beside them 1 missing, 1 without a value."
    assert figure.rows["days"]["kind"].tolist() == ["missing", "without a value"]


def test_hours_of_one_day_are_counted_each_and_drawn_once() -> None:
    hours = [f"2001-02-01 {hour:02}:00" for hour in range(5)]
    figure = faults(HOURLY, missing_sessions=hours)
    assert figure.says == "Of 1,000 hours with a value none is odd; beside them 5 missing."
    assert figure.rows["days"]["date"].tolist() == ["2001-02-01"]


def test_each_year_has_a_line_from_its_first_day_with_a_value_to_its_last() -> None:
    spans = faults().rows["spans"]
    assert spans.to_numpy().tolist() == [[2001, 1, 366], [2002, 1, 366], [2003, 1, 271]]
    (only,) = sessions.faults(days(10), made_report(), CLOSE).rows["spans"].to_numpy().tolist()
    assert only == [2001, 1, 11]


def test_a_dropped_session_is_not_counted_as_missing_too() -> None:
    dropped = [{"date": "2001-01-05", "reason": "", "numbers": ""}]
    assert "; beside them 1 dropped." in faults(missing_sessions=["2001-01-05"], dropped=dropped).says


def test_a_close_that_never_moves_has_no_volatility_that_comes_and_goes() -> None:
    figure = sessions.volatility(days(100), pd.Series(np.zeros(100)), CLOSE, 100)
    assert "hardly changes" in figure.says
