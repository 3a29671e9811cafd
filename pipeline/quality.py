"""Data quality (reports/scrape.json): for each ticker, what is missing, what was left out, and what looks unusual."""

from collections.abc import Iterator, Sequence
from operator import not_

import pandas as pd
from pydantic import Field

from pipeline.formats import format_date
from pipeline.io.artifacts import Record
from pipeline.prices import GIVEN_TWICE, value_columns

MAX_LINES = 20  # of rows, dates or tickers in one list
MAX_EXAMPLES = 3  # of rows or dates that show one mistake
JUMP_FACTOR = 1.5  # a close that grows or shrinks by this factor in one session is reported


class Dropped(Record):
    """A row with impossible values, which was removed."""

    date: str
    reason: str
    numbers: str
    """All values of the row, each after the name of its column."""

    def __str__(self) -> str:
        return f"{self.date}, {self.reason} ({self.numbers})"


class Jump(Record):
    """A close that differs strongly from the close before it."""

    date: str
    factor: float
    """close / previous close"""

    def __str__(self) -> str:
        return f"{self.date} (times {self.factor:.4g})"


class TickerReport(Record):
    """Data quality of one ticker. Dates are texts, with the time of day if it is not midnight.

    The main column is close, or the first column if there is no close.
    """

    calendar: str
    """An exchange's market identifier code, such as XNYS, or the step of an evenly spaced series, such as 1h."""
    sessions: int
    """Number of sessions with a value in the main column."""
    first: str
    last: str
    missing_sessions: list[str]
    """Sessions of the calendar between first and last that have no value."""
    missing_spans: list[str]
    """The same, joined where they follow each other: "2018-01-05 to 2018-03-12 (44)"."""
    unexpected_sessions: list[str]
    """Dates that the calendar does not have."""
    unchecked_sessions: int
    """Number of sessions before the first date that the calendar knows."""
    null_values: list[str]
    """Dates of rows without a value in the main column."""
    missing_values: dict[str, int]
    """Number of missing values by column, in rows with a value in the main column."""
    dropped: list[Dropped]
    zero_volumes: int
    """Number of sessions with a volume of 0; 0 without a column volume."""
    jumps: list[Jump]
    """Empty without a column close."""
    unit: str
    """Unit of the main column; empty if the source does not name it."""
    unfinished_sessions: list[str]
    """Sessions left out because they had not ended yet."""
    merged: list[str] = Field(default_factory=list, exclude_if=not_)
    """Date of each row that was merged with an earlier row of that date; not in the file if there is none."""
    irregular: dict[str, int] = Field(default_factory=dict, exclude_if=not_)
    """Number of irregularly grouped numbers by column, such as 1,2345; not in the file if there is none."""


class Scraped(Record):
    """The content of reports/scrape.json."""

    source: str
    """One of sample, file, yahoo and several."""
    step: str
    """What one step of every ticker is called: session, hour, day, ..."""
    column: str
    """The main column: see `TickerReport`."""
    tickers: dict[str, TickerReport]


def first_lines(lines: list[str]) -> list[str]:
    """Return the first MAX_LINES lines and, if there are more, a line with the number of the others."""
    more = [f"... and {len(lines) - MAX_LINES} more"] if len(lines) > MAX_LINES else []
    return lines[:MAX_LINES] + more


def dropped_rows(prices: pd.DataFrame, impossible: pd.DataFrame) -> pd.DataFrame:
    """Return ticker, date, reason and numbers (a text) of impossible rows, and n_rows, the number of the ticker's rows.

    impossible: the result of prices.impossible_rows.
    """
    values = prices.loc[impossible["row"], value_columns(prices)]
    texts = [", ".join(f"{name} {value:.10g}" for name, value in row.dropna().items()) for _, row in values.iterrows()]
    n_rows = impossible["ticker"].map(prices["ticker"].value_counts())
    return impossible.assign(numbers=texts, n_rows=n_rows).drop(columns="row")


def impossible_row_lines(dropped: pd.DataFrame) -> list[str]:
    """Return an error line for each impossible row; one for all rows of a ticker and reason if they are many.

    dropped: the result of `dropped_rows`.
    """
    lines = []
    for (ticker, reason), rows in dropped.groupby(["ticker", "reason"], sort=False):
        dates = list(rows["date"].drop_duplicates().map(format_date))
        found = f"{ticker}: found {reason} in {len(rows):,} of {rows['n_rows'].iloc[0]:,} rows"
        if len(rows) <= MAX_EXAMPLES:
            each = zip(rows["date"].map(format_date), rows["numbers"], strict=True)
            lines += [f"{ticker} {date}: found an impossible row ({reason}): {numbers}" for date, numbers in each]
        elif reason == GIVEN_TWICE:
            lines.append(f"{found}: {', '.join(dates[:MAX_EXAMPLES])}{', ...' * (len(dates) > MAX_EXAMPLES)}")
        else:
            hint = "; such prices are often not adjusted for a split" * ("outside low to high" in reason)
            lines.append(f"{found}, from {dates[0]} to {dates[-1]}{hint}")
    return lines


def ticker_report(
    prices: pd.DataFrame,
    nulls: pd.DataFrame,
    dropped: pd.DataFrame,
    merged: pd.DataFrame,
    calendar: str,
    sessions: pd.DatetimeIndex,
    first_known: pd.Timestamp,
    *,
    unit: str,
    unfinished: list[str],
    irregular: dict[str, int],
) -> TickerReport:
    """Return the data quality of one ticker.

    prices: rows with a value in the main column, sorted by date; nulls: rows without one;
    dropped: its rows of `dropped_rows`; merged: its rows that were merged with an earlier one;
    sessions: all dates of the calendar; first_known: first date that it knows.
    """
    dates, has_close = prices["date"], "close" in prices
    expected = sessions[(sessions >= dates.min()) & (sessions <= dates.max())]
    missing = expected.difference(pd.DatetimeIndex(dates))
    unexpected = pd.DatetimeIndex(dates[dates >= first_known]).difference(sessions)
    dropped_list = [
        Dropped(date=format_date(row.date), reason=row.reason, numbers=row.numbers) for row in dropped.itertuples()
    ]
    factors = zip(dates, prices["close"] / prices["close"].shift(), strict=True) if has_close else []
    jumps = [(date, factor) for date, factor in factors if factor >= JUMP_FACTOR or factor <= 1 / JUMP_FACTOR]
    return TickerReport(
        calendar=calendar,
        sessions=len(prices),
        first=format_date(dates.min()),
        last=format_date(dates.max()),
        missing_sessions=list(map(format_date, missing)),
        missing_spans=spans(missing, sessions),
        unexpected_sessions=list(map(format_date, unexpected)),
        unchecked_sessions=int((dates < first_known).sum()),
        null_values=list(map(format_date, nulls["date"])),
        missing_values={name: int(prices[name].isna().sum()) for name in value_columns(prices)},
        dropped=dropped_list,
        zero_volumes=int((prices["volume"] == 0).sum()) if has_close else 0,
        jumps=[Jump(date=format_date(date), factor=factor) for date, factor in jumps],
        unit=unit,
        unfinished_sessions=unfinished,
        merged=list(map(format_date, merged["date"])),
        irregular=irregular,
    )


def spans(missing: pd.DatetimeIndex, sessions: pd.DatetimeIndex) -> list[str]:
    """Join missing sessions that follow each other: "2018-01-05 to 2018-03-12 (44)". A single one is its date.

    sessions: all dates of the calendar.
    """
    positions = pd.Series(sessions.get_indexer(missing))
    runs = pd.Series(missing).groupby((positions.diff() != 1).cumsum())
    ends = [(format_date(run.iloc[0]), format_date(run.iloc[-1]), len(run)) for _, run in runs]
    return [first if count == 1 else f"{first} to {last} ({count})" for first, last, count in ends]


def too_many_missing(tickers: dict[str, TickerReport], step: str, max_missing: float) -> list[str]:
    """Return an error line for each ticker with too large a share of missing sessions or of impossible rows."""
    lines = []
    for name, report in tickers.items():
        missing = len(report.missing_sessions)
        expected = report.sessions - len(report.unexpected_sessions) - report.unchecked_sessions + missing
        if missing > max_missing * expected:
            examples = ", ".join(report.missing_spans[:3]) + ", ..." * (len(report.missing_spans) > 3)
            found = f"found {missing} of {expected} {step}s of the calendar {report.calendar} missing"
            share = f"({missing / expected:.2%})"
            lines.append(f"{name}: {found} {share}: {examples}; accepted: at most {max_missing:.2%}")
        elif len(report.dropped) > max_missing * (report.sessions + len(report.dropped)):
            found = f"found {len(report.dropped)} rows with impossible values"
            lines.append(f"{name}: {found}; accepted: at most {max_missing:.2%} of all rows")
    return lines


ODD_FIELDS = {  # the fields of a report that show something unusual, and the words for the terminal
    "missing_sessions": "missing",
    "unexpected_sessions": "unexpected",
    "null_values": "without a value",
    "dropped": "impossible and dropped",
    "jumps": "with a jump",
    "unfinished_sessions": "unfinished and left out",
    "merged": "given twice and merged",
}


def is_odd(report: TickerReport) -> bool:
    """Return whether a report shows anything unusual."""
    return any(getattr(report, key) for key in (*ODD_FIELDS, "irregular"))


def notes(report: TickerReport, step: str) -> Iterator[str]:
    """Yield sentences about one ticker, for the page reports/explore.html."""
    calendar = report.calendar
    if report.missing_sessions:
        count, spans = len(report.missing_sessions), first_lines(report.missing_spans)
        yield f"Missing {step}s of the calendar {calendar} ({count}): {', '.join(spans)}."
    else:
        yield f"No {step} of the calendar {calendar} is missing."
    if report.unchecked_sessions:
        count = report.unchecked_sessions
        yield f"Not checked, because they are earlier than the calendar {calendar} is known: {count} {step}s."
    others: dict[str, Sequence[object]] = {
        f"Dates that are no {step} of the calendar {calendar}": report.unexpected_sessions,
        "Rows without a value": report.null_values,
        "Left out because they had not ended yet": report.unfinished_sessions,
        "Dropped rows with impossible values": report.dropped,
        "Rows merged with an earlier row of the same date": report.merged,
        f"Closes at least {JUMP_FACTOR:g} times the previous close, or at most 1/{JUMP_FACTOR:g} of it": report.jumps,
    }
    for heading, entries in others.items():
        if entries:
            yield f"{heading} ({len(entries)}): {'; '.join(first_lines(list(map(str, entries))))}."
    if report.irregular:
        counts = ", ".join(f"{name} ({count})" for name, count in report.irregular.items())
        yield f"Numbers grouped neither as 1,234,567 nor as 12,34,567: {counts}."
    if report.zero_volumes:
        yield f"Volumes of 0, which count as missing: {report.zero_volumes}."
    absent = [f"{name} ({count})" for name, count in report.missing_values.items() if count]
    if absent:
        yield f"Values that the source does not give: {', '.join(absent)}."


def terminal_lines(tickers: dict[str, TickerReport]) -> Iterator[str]:
    """Yield a line for each ticker. If there are more than MAX_LINES: a total, and a line for each unusual ticker."""
    begin, end = min(report.first for report in tickers.values()), max(report.last for report in tickers.values())
    if len(tickers) > MAX_LINES:
        total = sum(report.sessions for report in tickers.values())
        shorter = sum((report.first, report.last) != (begin, end) for report in tickers.values())
        yield f"{len(tickers)} tickers, {total} rows, {begin} to {end}; {shorter} begin later or end earlier"
    odd = {name: report for name, report in tickers.items() if is_odd(report)}
    for name, report in (odd if len(tickers) > MAX_LINES else tickers).items():
        remarks = [f"{len(getattr(report, key))} {word}" for key, word in ODD_FIELDS.items() if getattr(report, key)]
        if report.unchecked_sessions:
            remarks.append(f"{report.unchecked_sessions} earlier than {report.calendar} is known")
        remarks += [f"{count} numbers of {column} grouped irregularly" for column, count in report.irregular.items()]
        yield (
            f"{name}: {report.sessions} rows, {report.first} to {report.last}; calendar {report.calendar}: "
            f"{', '.join(remarks) or 'nothing missing'}"
        )
