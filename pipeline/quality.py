"""reports/scrape.json: what was found of each ticker, what is missing, what was left out, and what looks odd."""

from collections.abc import Iterator, Sequence

import pandas as pd

from pipeline.formats import format_date
from pipeline.io.artifacts import Record
from pipeline.prices import columns_of

SHOWN = 20  # of however many rows, dates or tickers
JUMP = 1.5  # a close that grows by this factor, or shrinks by it, from one session to the next is worth a look


class Dropped(Record):
    """A row that could not be true."""

    date: str
    reason: str
    numbers: str
    """All values of the row, by column."""

    def __str__(self) -> str:
        return f"{self.date}, {self.reason} ({self.numbers})"


class Jump(Record):
    """A close that is far from the one before."""

    date: str
    factor: float
    """close / close before"""

    def __str__(self) -> str:
        return f"{self.date} (times {self.factor:.4g})"


class TickerReport(Record):
    """What there is of one ticker, and what is not. Dates are texts, with the time of day where it is not midnight."""

    sessions: int
    """With a value of the main column."""
    first: str
    last: str
    missing_sessions: list[str]
    """The calendar's, between first and last."""
    missing_spans: list[str]
    """The same, run by run: "2018-01-05 to 2018-03-12 (44)"."""
    unexpected_sessions: list[str]
    """That are none of the calendar."""
    unchecked_sessions: int
    """From before the calendar is known."""
    null_values: list[str]
    """Rows without a value of the main column."""
    missing_values: dict[str, int]
    """Of each column, in rows with a value of the main one."""
    dropped: list[Dropped]
    zero_volumes: int
    """0 where there is no volume."""
    jumps: list[Jump]
    """None where there is no close."""
    unit: str
    """Of the main column; empty where the source does not say."""
    unfinished_sessions: list[str]
    """Left out, for they had not ended yet."""


class Scraped(Record):
    """reports/scrape.json"""

    source: str
    """sample, file or yahoo."""
    calendar: str
    """An exchange's market identifier code, such as XNYS, or the step of an evenly spaced series, such as 1h."""
    step: str
    """What one step is called: session, hour, day, ..."""
    column: str
    """The main one: what the series is about."""
    tickers: dict[str, TickerReport]


def first(lines: list[str]) -> list[str]:
    """The first SHOWN lines, and how many more there are."""
    more = [f"... and {len(lines) - SHOWN} more"] if len(lines) > SHOWN else []
    return lines[:SHOWN] + more


def faults(rows: pd.DataFrame, impossible: pd.DataFrame) -> pd.DataFrame:
    """ticker, date, reason and numbers (a text) of impossible rows. impossible: as prices.impossible finds them."""
    values = rows.loc[impossible["row"], columns_of(rows)]
    texts = [", ".join(f"{name} {value:.10g}" for name, value in row.dropna().items()) for _, row in values.iterrows()]
    return impossible.assign(numbers=texts).drop(columns="row")


def impossible(dropped: pd.DataFrame) -> list[str]:
    """A line for each row that could not be true. dropped: as `faults` tells them."""
    return [f"{row.ticker} {format_date(row.date)}: {row.reason}: {row.numbers}" for row in dropped.itertuples()]


def ticker(
    prices: pd.DataFrame,
    nulls: pd.DataFrame,
    dropped: pd.DataFrame,
    sessions: pd.DatetimeIndex,
    since: pd.Timestamp,
    *,
    unit: str,
    unfinished: list[str],
) -> TickerReport:
    """What is there of one ticker, and what is not.

    prices: its rows with a value of the main column, in order; nulls: those without; dropped: as `faults` tells them;
    sessions: the calendar's; since: from when on it is known.
    """
    dates, closes = prices["date"], "close" in prices
    within = sessions[(sessions >= dates.min()) & (sessions <= dates.max())]
    missing = within.difference(pd.DatetimeIndex(dates))
    unexpected = pd.DatetimeIndex(dates[dates >= since]).difference(sessions)
    rows = [Dropped(date=format_date(row.date), reason=row.reason, numbers=row.numbers) for row in dropped.itertuples()]
    factors = zip(dates, prices["close"] / prices["close"].shift(), strict=True) if closes else []
    jumps = [(date, factor) for date, factor in factors if factor >= JUMP or factor <= 1 / JUMP]
    return TickerReport(
        sessions=len(prices),
        first=format_date(dates.min()),
        last=format_date(dates.max()),
        missing_sessions=list(map(format_date, missing)),
        missing_spans=spans(missing, sessions),
        unexpected_sessions=list(map(format_date, unexpected)),
        unchecked_sessions=int((dates < since).sum()),
        null_values=list(map(format_date, nulls["date"])),
        missing_values={name: int(prices[name].isna().sum()) for name in columns_of(prices)},
        dropped=rows,
        zero_volumes=int((prices["volume"] == 0).sum()) if closes else 0,
        jumps=[Jump(date=format_date(date), factor=factor) for date, factor in jumps],
        unit=unit,
        unfinished_sessions=unfinished,
    )


def spans(missing: pd.DatetimeIndex, sessions: pd.DatetimeIndex) -> list[str]:
    """Sessions, of all of them, run by run: "2018-01-05 to 2018-03-12 (44)"; one alone by its date."""
    at = pd.Series(sessions.get_indexer(missing))
    runs = pd.Series(missing).groupby((at.diff() != 1).cumsum())
    return [
        format_date(own.iloc[0])
        if len(own) == 1
        else f"{format_date(own.iloc[0])} to {format_date(own.iloc[-1])} ({len(own)})"
        for _, own in runs
    ]


def gaps(tickers: dict[str, TickerReport], calendar: str, step: str, most: float) -> list[str]:
    """A line for each ticker that lacks more than a share of the calendar's sessions between its first and last."""
    lines = []
    for name, report in tickers.items():
        missing = len(report.missing_sessions)
        expected = report.sessions - len(report.unexpected_sessions) - report.unchecked_sessions + missing
        if missing > most * expected:
            some = ", ".join(report.missing_spans[:3]) + ", ..." * (len(report.missing_spans) > 3)
            lacking = f"{name}: {missing} of {expected} {step}s of {calendar} are missing ({missing / expected:.2%})"
            lines.append(f"{lacking}: {some}; accepted: at most {most:.2%}")
        elif len(report.dropped) > most * (report.sessions + len(report.dropped)):
            lines.append(f"{name}: {len(report.dropped)} rows could not be true; accepted: at most {most:.2%} of them")
    return lines


ODD = {
    "missing_sessions": "missing",
    "unexpected_sessions": "unexpected",
    "null_values": "without a value",
    "dropped": "impossible and dropped",
    "jumps": "with a jump",
    "unfinished_sessions": "unfinished and left out",
}


def is_odd(report: TickerReport) -> bool:
    """Whether anything about a ticker is worth a line."""
    return any(getattr(report, key) for key in ODD)


def notes(report: TickerReport, calendar: str, step: str) -> Iterator[str]:
    """What is odd about one ticker, in sentences."""
    if report.missing_sessions:
        count, some = len(report.missing_sessions), first(report.missing_spans)
        yield f"Missing {step}s by the calendar {calendar}: {count}: {', '.join(some)}."
    else:
        yield f"No {step} of the calendar {calendar} is missing."
    if report.unchecked_sessions:
        yield f"Not checked, for the calendar {calendar} is not known so early: {report.unchecked_sessions} {step}s."
    others: dict[str, Sequence[object]] = {
        f"Dates that are no {step} of the calendar {calendar}": report.unexpected_sessions,
        "Rows without a value": report.null_values,
        "Left out, not ended yet": report.unfinished_sessions,
        "Rows that could not be true, dropped": report.dropped,
        f"Closes at least {JUMP:g} times the one before, or at most 1/{JUMP:g} of it": report.jumps,
    }
    for what, found in others.items():
        if found:
            yield f"{what}: {len(found)}: {'; '.join(first(list(map(str, found))))}."
    if report.zero_volumes:
        yield f"Volumes of 0, which count as missing: {report.zero_volumes}."
    absent = [f"{name} ({count})" for name, count in report.missing_values.items() if count]
    if absent:
        yield f"Values the source does not give: {', '.join(absent)}."


def lines(tickers: dict[str, TickerReport], calendar: str) -> Iterator[str]:
    """For the terminal: a line for each ticker where they are few, else for those with something odd."""
    spans = {name: (report.first, report.last) for name, report in tickers.items()}
    begin, end = min(first for first, _ in spans.values()), max(last for _, last in spans.values())
    if len(tickers) > SHOWN:
        total = sum(report.sessions for report in tickers.values())
        short = sum(span != (begin, end) for span in spans.values())
        yield f"{len(tickers)} tickers, {total} rows, {begin} to {end}; {short} begin later or end earlier"
    odd = {name: report for name, report in tickers.items() if is_odd(report)}
    for name, report in (odd if len(tickers) > SHOWN else tickers).items():
        found = [f"{len(getattr(report, key))} {word}" for key, word in ODD.items() if getattr(report, key)]
        if report.unchecked_sessions:
            found.append(f"{report.unchecked_sessions} before {calendar} is known")
        yield (
            f"{name}: {report.sessions} rows, {report.first} to {report.last}; by {calendar} "
            f"{', '.join(found) or 'nothing missing'}"
        )
