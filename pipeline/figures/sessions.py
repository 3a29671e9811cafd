"""Figures of a series session by session: its course, candles, volatility, drawdown, and the calendar of its faults."""

from typing import Any

import numpy as np
import pandas as pd

from pipeline import charts, thinning
from pipeline.figures import Figure
from pipeline.findings import TickerReport, moment
from pipeline.subject import Subject
from pipeline.tables.prices import OHLC
from pipeline.verdict import chance

ROLLING = {"session": 22, "day": 30, "hour": 168, "week": 13}  # steps: a month, a week of hours, a quarter of weeks
COMES_AND_GOES = 2.0  # the high volatility in times the low one
SHOWN = 120  # candles at first
FEW = 15  # dates of a part to choose
SPANS = {
    "1 day": pd.Timedelta(days=1),
    "1 week": pd.Timedelta(weeks=1),
    "1 month": pd.DateOffset(months=1),
    "3 months": pd.DateOffset(months=3),
    "1 year": pd.DateOffset(years=1),
    "5 years": pd.DateOffset(years=5),
}


def course(own: pd.DataFrame, numbers: dict[str, Any], subject: Subject, most: int) -> Figure:
    """own: date, value, and the volume where there is one, in order; numbers: of tables/summary."""
    known = own.dropna(subset="value")
    first, last = known["value"].iloc[0], known["value"].iloc[-1]
    years = (known["date"].iloc[-1] - known["date"].iloc[0]) / pd.Timedelta(days=365.25)
    rows = {"values": thinning.line(own[["date", "value"]], "value", most)}
    tests = f"ADF p {chance(numbers['adf'])}, KPSS p {chance(numbers['kpss'])}"
    level = {
        "": "its level cannot be tested",
        "stationary": f"it keeps to a level ({tests})",
        "wanders (unit root)": f"it wanders and has no level to come back to ({tests})",
    }.get(numbers["stationarity"], f"whether it has a level to come back to is unclear ({tests})")
    if subject.priced:
        annual = f", {(last / first) ** (1 / years) - 1:+.1%} a year" if years >= 1 else ""
        moved = f"from {subject.value(first)} to {subject.value(last)}, {last / first - 1:+.1%}{annual}"
        says = f"The {subject.name} went {moved}; {level}."
    else:
        low, high = known["value"].min(), known["value"].max()
        mean = subject.amount(known["value"].mean())
        between = f"between {subject.value(low)} and {subject.value(high)}, {mean} on average"
        says = f"The {subject.name} lies {between}; {level}."
    traded = is_traded(own)
    if traded:
        volumes = own[["date", "volume"]].set_axis(["date", "value"], axis=1)
        rows["volumes"] = thinning.line(volumes, "value", most)
    title = f"The {subject.name}" + (" and the volume" if traded else "")
    return Figure(title, says, charts.course(subject, traded=traded), rows)


def is_traded(own: pd.DataFrame) -> bool:
    """Whether prices have a volume."""
    return {"close", "volume"} <= set(own) and bool((own["volume"] > 0).any())


def candles(own: pd.DataFrame, subject: Subject, most: int) -> Figure:
    """own: date, open, high, low, close, in order, any missing; the last `most` are there to choose from."""
    known = own.dropna(subset=list(OHLC))
    up, down = (known["close"] > known["open"]).mean(), (known["close"] < known["open"]).mean()
    more = "More" if up > down else "Fewer" if up < down else "As many"
    than = "as" if up == down else "than"
    span = known["high"] / known["low"] - 1
    widest = moment(known.loc[span.idxmax(), "date"])
    says = (
        f"{more} {subject.step}s closed above their open {than} below it: {up:.1%} and {down:.1%} of {len(known):,}; "
        f"the widest, {widest}, spanned {span.max():.1%}, the median one {span.median():.2%}."
    )
    shown = known[["date", *OHLC]].tail(most)
    start = {"brush": part(shown["date"], SHOWN), "density": density(shown["date"])}
    return Figure("Candles", says, charts.candles(subject), {"sessions": shown}, start, spans(shown["date"]))


def part(dates: pd.Series, count: int) -> dict[str, Any]:
    """The last `count` dates as the part of a figure that is shown."""
    return {"x": [charts.moment(dates.iloc[-min(count, len(dates))]), charts.moment(dates.iloc[-1])]}


def spans(dates: pd.Series) -> dict[str, Any]:
    """By label the parts to choose from, up to the last date: those with some dates, and all."""
    found = {}
    for label, span in SPANS.items():
        count = int((dates > dates.iloc[-1] - span).sum())
        if FEW <= count < len(dates):
            found[label] = part(dates, count)
    return {**found, "all": part(dates, len(dates))}


def density(dates: pd.Series) -> float:
    """Steps a millisecond."""
    span = (dates.iloc[-1] - dates.iloc[0]) / pd.Timedelta(milliseconds=1)
    return float(f"{len(dates) / max(span, 1):.3g}")


def volatility(dates: pd.Series, measured: pd.Series, subject: Subject, most: int) -> Figure:
    """measured: returns of prices, anything else as it is, in order."""
    count = ROLLING.get(subject.step, 22)
    yearly = len(dates) / max((dates.iloc[-1] - dates.iloc[0]) / pd.Timedelta(days=365.25), 1e-9)
    deviation = measured.rolling(count, min_periods=count * 3 // 4).std() * (np.sqrt(yearly) if subject.priced else 1)
    form = charts.axis_form(subject)
    what = "Annualised volatility" if subject.priced else f"Deviation of the {subject.name}"
    title = f"{what} of the last {count} {subject.step}s"
    shape = charts.dated(
        "volatility" if subject.priced else "deviation",
        form,
        f"Line of the rolling deviation over {count} {subject.step}s.",
        filled=False,
    )
    rows = thinning.line(pd.DataFrame({"date": dates, "value": deviation}).iloc[count - 1 :], "value", most)
    return Figure(title, _comes_and_goes(deviation.dropna(), what, subject), shape, {"values": rows})


def _comes_and_goes(deviation: pd.Series, what: str, subject: Subject) -> str:
    if deviation.empty:
        return f"Too few {subject.step}s for a rolling deviation."
    low, high = deviation.quantile(0.05), deviation.quantile(0.95)
    told = (lambda value: f"{value:.1%}") if subject.priced else subject.amount
    changes = "comes and goes" if high >= COMES_AND_GOES * low and high > 0 else "hardly changes"
    return (
        f"{what} {changes}: nine tenths of the time it lies between {told(low)} and {told(high)}, at the end at "
        f"{told(deviation.iloc[-1])}, higher than {(deviation < deviation.iloc[-1]).mean():.0%} of the time."
    )


def drawdown(dates: pd.Series, values: pd.Series, subject: Subject, most: int) -> Figure:
    """values: prices in order, none missing."""
    fall = values / values.cummax() - 1
    title = f"Drawdown: how far the {subject.name} is below its highest before"
    shape = charts.dated("drawdown", charts.PERCENT, "Area from zero down to the drawdown by date.", filled=True)
    rows = thinning.line(pd.DataFrame({"date": dates, "value": fall}), "value", most)
    return Figure(title, _deepest(dates, values, fall, subject), shape, {"values": rows})


def _deepest(dates: pd.Series, values: pd.Series, fall: pd.Series, subject: Subject) -> str:
    if fall.min() == 0:
        return f"The {subject.name} never fell below an earlier one."
    bottom, below = fall.idxmin(), fall[fall < 0]
    peak = values.loc[:bottom].idxmax()
    healed = values.loc[bottom:][values.loc[bottom:] >= values[peak]]
    end = f"was made good on {moment(dates[healed.index[0]])}" if len(healed) else "has not been made good"
    return (
        f"The deepest fall, {-fall.min():.1%}, went from {moment(dates[peak])} to {moment(dates[bottom])} and {end}; "
        f"{len(below) / len(fall):.0%} of the {subject.step}s lie below an earlier high, half of those by more than "
        f"{-below.median():.1%}."
    )


def faults(dates: pd.Series, report: TickerReport, subject: Subject) -> Figure:
    """dates: with a value, in order; report: of the ticker in reports/scrape.json."""
    without = {*report.null_values, *(row.date for row in report.dropped)}
    found = {
        "missing": [date for date in report.missing_sessions if date not in without],
        "without a value": report.null_values,
        "dropped": [row.date for row in report.dropped],
        "unexpected": report.unexpected_sessions,
        "jump": [jump.date for jump in report.jumps],
    }
    days = pd.DataFrame(
        [(kind, date[:10]) for kind, dates in found.items() for date in dates], columns=["kind", "date"]
    )
    days = days.drop_duplicates(ignore_index=True)
    when = pd.to_datetime(days["date"])
    days = days.assign(year=when.dt.year, day=when.dt.day_of_year)
    years = dates.groupby(dates.dt.year).agg(["min", "max"])
    spans = pd.DataFrame(
        {"year": years.index, "from": years["min"].dt.day_of_year, "to": years["max"].dt.day_of_year + 1}
    )
    odd = _told(found, "jump", "unexpected") or "none is odd"
    absent = _told(found, "missing", "without a value", "dropped") or "none is missing or dropped"
    says = f"Of {report.sessions:,} {subject.step}s with a value {odd}; beside them {absent}."
    return Figure("Calendar of what is missing or odd", says, charts.faults(subject), {"spans": spans, "days": days})


def _told(found: dict[str, list[str]], *kinds: str) -> str:
    """How many there are of each kind; empty where there are none."""
    words = {"jump": "jumped", "unexpected": "were unexpected"}
    return ", ".join(f"{len(found[kind]):,} {words.get(kind, kind)}" for kind in kinds if found[kind])
