"""What the EDA report says, from the tables: a ticker's figures, and the cells of the summary."""

from typing import Any

import pandas as pd

from pipeline import charts
from pipeline.figures import Figure, dependence, distribution, sessions
from pipeline.findings import TickerReport
from pipeline.subject import Subject
from pipeline.summary import LAGS, measured
from pipeline.tables.prices import has_range
from pipeline.verdict import chance

ROWS = 50_000  # of the longest tables of a page, shared by its tickers
MOST = 2000  # points of a line: more than a screen is wide
DOTS = 1500  # of a scatter
CANDLES = 10_000  # to choose from


def points(tickers: int) -> tuple[int, int]:
    """How many points a line may have, and how many candles there may be, for so many tickers."""
    share = max(ROWS // tickers, 80)
    return min(share, MOST), min(share, CANDLES)


def figures(
    own: pd.DataFrame,
    column: str,
    numbers: dict[str, Any],
    report: TickerReport,
    subject: Subject,
    lags: int,
    tickers: int,
) -> dict[str, Figure]:
    """One ticker's figures by name.

    own: its rows of tables/prices; numbers: its row of tables/summary; report: of it in reports/scrape.json; tickers:
    how many share the page.
    """
    most, candles = points(tickers)
    own = own.reset_index(drop=True).assign(value=own[column].to_numpy())
    dates, values = own["date"], own["value"]
    steps, known = measured(values, priced=subject.priced), values.notna()
    traded = sessions.is_traded(own)
    found = {"course" if traded else "line": sessions.course(own, numbers, subject, most)}
    if subject.priced and has_range(own):
        found["candles"] = sessions.candles(own, subject, candles)
    found["faults"] = sessions.faults(dates[known], report, subject)
    found["volatility"] = sessions.volatility(dates, steps, subject, most)
    if subject.priced:
        found["drawdown"] = sessions.drawdown(dates[known], values[known], subject, most)
    found["distribution"] = distribution.histogram(steps, subject, subject.many, subject.measured)
    found["quantiles"] = distribution.quantiles(steps, subject, subject.many, subject.measured, most)
    dots = min(most, DOTS)
    found |= calendar(steps, dates, subject, dots)
    found["lagged"] = dependence.lagged(steps, subject, dots)
    if traded:
        found["volumes"] = dependence.volumes(steps, own["volume"], subject, dots)
    found["memory"] = dependence.memory(steps, lags, subject, subject.many)
    if subject.priced:
        found["clustering"] = dependence.clustering(steps, lags, subject)
    else:
        found["changes"] = dependence.memory(steps.diff(), lags, subject, "changes")
    return found


def calendar(steps: pd.Series, dates: pd.Series, subject: Subject, most: int) -> dict[str, Figure]:
    """Box plots by month and by weekday, and by hour where dates have hours."""
    month, weekday, hour = dates.dt.month - 1, dates.dt.day_of_week, dates.dt.hour
    found = {
        "months": distribution.boxes(steps, month, charts.MONTHS, "month", subject, most),
        "weekdays": distribution.boxes(steps, weekday, charts.DAYS, "weekday", subject, most),
    }
    if subject.timed:
        found["hours"] = distribution.boxes(steps, hour, charts.HOURS, "hour", subject, most)
    return found


def table(summaries: pd.DataFrame, step: str) -> tuple[list[str], list[list[str]]]:
    """Heads and cells of tables/summary."""
    heads = [HEADS.get(name, name.replace("_", " ")).replace("sessions", f"{step}s") for name in summaries.columns]
    cells = [
        [shown(name, value) for name, value in zip(summaries.columns, row, strict=True)]
        for row in summaries.itertuples(index=False)
    ]
    return heads, cells


HEADS = {
    "adf": "ADF p",
    "kpss": "KPSS p",
    "stationarity": "ADF and KPSS say",
    "ljung_box": "Ljung–Box p",
    "ljung_box_squares": "Ljung–Box p of squares",
}
SHARES = ("annual_return", "annual_volatility", "largest_drawdown")
P_VALUES = ("adf", "kpss", "ljung_box", "ljung_box_squares")


def shown(name: str, value: Any) -> str:
    """A cell of the summary, empty where undefined."""
    if isinstance(value, pd.Timestamp):
        return f"{value:%Y-%m-%d}"
    if not isinstance(value, float):
        return f"{value:,}" if isinstance(value, int) else str(value)
    if pd.isna(value):
        return ""
    if name in P_VALUES:
        return chance(value)
    if name in ("skew", "excess_kurtosis"):
        return f"{value:.2f}"
    if name in SHARES:
        return f"{value:.1%}" if name == "annual_volatility" else f"{value:+.1%}"
    return f"{value:,.0f}" if abs(value) >= 9999.5 else f"{value:,.4g}"


def undrawn(names: list[str], enough: str) -> str:
    """What to tell of tickers without figures, empty where there are none. enough: "30 returns", say."""
    return f"Without figures, for they have fewer than {enough}: {', '.join(names)}." if names else ""


def legend(column: str, step: str, *, priced: bool) -> str:
    """What the summary's numbers are of."""
    what = f"log returns of the {column}" if priced else f"values of {column}"
    level = f"the log of the {column}" if priced else f"the {column}"
    annual = "annual figures are at each ticker's own number of sessions a year; " if priced else ""
    return (
        f"Figures are of {what}; {annual}kurtosis is in excess of the normal distribution's 3. ADF and KPSS test "
        f"{level}: ADF's null hypothesis is a unit root, KPSS's a constant level; what they say is at 5 %. Ljung–Box "
        f"tests the first {LAGS} autocorrelations of the {'returns' if priced else 'values'}, and of their squares; "
        f"where volatility clusters, or {step}s resemble the ones before, small values are to be expected."
    )


def thinned(longest: int, tickers: int) -> str:
    """What to tell of figures that show some of their values, empty where all are shown. longest: rows of a ticker."""
    most, candles = points(tickers)
    if longest <= min(most, DOTS, distribution.QUANTILES):
        return ""
    return (
        f"Lines of many values are drawn from at most {most:,} of them, chosen by largest triangle three buckets "
        f"(Steinarsson 2013), which keeps peaks; Q–Q plots so from at most {min(most, distribution.QUANTILES)}; "
        f"scatters and outliers from at most {min(most, DOTS):,}, at even distances; at most the last {candles:,} "
        "candles are there. Sentences and tables are of all values."
    )
