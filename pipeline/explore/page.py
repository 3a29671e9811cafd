"""The EDA page, from the tables: each ticker's figures, the heat map of all, and the summary."""

import sys
from typing import Any

import pandas as pd

from pipeline.explore import figures
from pipeline.explore.summary import LAGS, measured
from pipeline.formats import Table, format_p
from pipeline.io.errors import UserError
from pipeline.prices import PRICES, has_range
from pipeline.quality import Scraped, TickerReport, is_odd, notes
from pipeline.report import charts
from pipeline.report.figures import Figure, histogram, memory
from pipeline.report.page import Ticker, page
from pipeline.series import SeriesInfo

MAX_ROWS = 50_000  # of the longest tables of a page, shared by its tickers
MAX_POINTS = 2000  # points of a line: more than a screen is wide
MAX_DOTS = 1500  # of a scatter
MAX_CANDLES = 10_000  # to choose from
MIN_STEPS = 30  # returns of prices, values of anything else, for figures; the table has every ticker

HEADS = {
    "adf": "ADF p",
    "kpss": "KPSS p",
    "stationarity": "ADF and KPSS say",
    "ljung_box": "Ljung–Box p",
    "ljung_box_squares": "Ljung–Box p of squares",
}
P_VALUES = ("adf", "kpss", "ljung_box", "ljung_box_squares")
FORMS = {
    "annual_return": "+.1%",
    "annual_volatility": ".1%",
    "largest_drawdown": "+.1%",
    "skew": ".2f",
    "excess_kurtosis": ".2f",
}


def series_of(scraped: Scraped, ticker: str = "") -> SeriesInfo:
    """What the series is; of one ticker with its unit."""
    unit = scraped.tickers[ticker].unit if ticker else ""
    return SeriesInfo(scraped.column, unit, scraped.step, scraped.column in PRICES)


def steps_of(rows: pd.DataFrame, scraped: Scraped) -> pd.Series:
    """A ticker's returns of prices, or values of anything else, by date. rows: of data/prices.parquet."""
    return measured(rows.set_index("date")[scraped.column], priced=scraped.column in PRICES)


def enough(scraped: Scraped) -> str:
    """What a ticker with figures has at least, in words."""
    return f"{MIN_STEPS} {series_of(scraped).quantities}"


def drawn(parts: dict[str, pd.DataFrame], scraped: Scraped) -> dict[str, pd.DataFrame]:
    """Those of the tickers with figures. parts: rows of data/prices.parquet, by ticker.

    Raises UserError where there is none.
    """
    found = {name: own for name, own in parts.items() if steps_of(own, scraped).count() >= MIN_STEPS}
    if not found:
        raise UserError(f"data/prices.parquet: found no ticker with {enough(scraped)}; accepted: a longer period")
    return found


def tickers(parts: dict[str, pd.DataFrame], summaries: pd.DataFrame, scraped: Scraped, lags: int) -> list[Ticker]:
    """What the page shows of each ticker. parts: of those drawn; summaries: a row a ticker."""
    found, numbers = [], summaries.set_index("ticker").to_dict("index")
    for name, own in parts.items():
        series, report = series_of(scraped, name), scraped.tickers[name]
        shown = ticker_figures(own, scraped.column, numbers[name], report, series, lags, len(parts))
        told = list(notes(report, scraped.calendar, scraped.step))
        found.append(Ticker(name, f"{name}: {series.label}", told, shown))
        if sys.stdout.isatty() and len(parts) > 1:
            print(f"{name}: {len(found)} of {len(parts)}")
    return found


def common(parts: dict[str, pd.DataFrame], scraped: Scraped) -> dict[str, Figure]:
    """The figures of all tickers together, where there are several. parts: of those drawn."""
    if len(parts) == 1:
        return {}
    together = pd.DataFrame({name: steps_of(own, scraped) for name, own in parts.items()})
    return {"heat": figures.heat(together, series_of(scraped))}


def html(
    summaries: pd.DataFrame, shown: list[Ticker], common: dict[str, Figure], scraped: Scraped, *, longest: int
) -> bytes:
    """The page. summaries: data/summary.parquet; shown: the tickers with figures; longest: rows of a ticker."""
    odd = {name: report for name, report in scraped.tickers.items() if len(summaries) > 1 and is_odd(report)}
    undrawn = ", ".join(sorted(set(summaries["ticker"]) - {own.name for own in shown}))
    return page(
        "explore/page.html",
        shown,
        common,
        summary=summary_table(summaries, scraped.step),
        legend=legend(series_of(scraped)),
        odd={name: list(notes(report, scraped.calendar, scraped.step)) for name, report in odd.items()},
        downsampling_note=downsampling_note(longest, len(shown)),
        undrawn=undrawn and f"Without figures, for they have fewer than {enough(scraped)}: {undrawn}.",
    )


def points(tickers: int) -> tuple[int, int]:
    """How many points a line may have, and how many candles there may be, for so many tickers."""
    share = max(MAX_ROWS // tickers, 80)
    return min(share, MAX_POINTS), min(share, MAX_CANDLES)


def ticker_figures(
    own: pd.DataFrame,
    column: str,
    numbers: dict[str, Any],
    report: TickerReport,
    series: SeriesInfo,
    lags: int,
    tickers: int,
) -> dict[str, Figure]:
    """One ticker's figures by name.

    own: its rows of data/prices.parquet; numbers: its row of data/summary.parquet; report: of it in
    reports/scrape.json; tickers: how many share the page.
    """
    most, candles = points(tickers)
    own = own.reset_index(drop=True)
    own["value"] = own[column]
    dates, values = own["date"], own["value"]
    steps, known = measured(values, priced=series.priced), values.notna()
    traded = figures.is_traded(own)
    found = {"course" if traded else "line": figures.course(own, numbers, series, most)}
    if series.priced and has_range(own):
        found["candles"] = figures.candles(own, series, candles)
    found["faults"] = figures.faults(dates[known], report, series)
    found["volatility"] = figures.volatility(dates, steps, series, most)
    if series.priced:
        found["drawdown"] = figures.drawdown(dates[known], values[known], series, most)
    found["distribution"] = histogram(steps, series, series.quantities, series.quantity)
    found |= calendar(steps, dates, series, min(most, MAX_DOTS))
    found["memory"] = memory(steps, lags, series, series.quantities)
    if series.priced:
        found["clustering"] = figures.clustering(steps, lags, series)
    else:
        found["changes"] = memory(steps.diff(), lags, series, "changes")
    return found


def calendar(steps: pd.Series, dates: pd.Series, series: SeriesInfo, most: int) -> dict[str, Figure]:
    """Box plots by month and by weekday, and by hour where dates have hours."""
    found = {
        "months": figures.boxes(steps, dates.dt.month - 1, charts.MONTHS, "month", series, most),
        "weekdays": figures.boxes(steps, dates.dt.day_of_week, charts.DAYS, "weekday", series, most),
    }
    if series.has_time:
        found["hours"] = figures.boxes(steps, dates.dt.hour, charts.HOURS, "hour", series, most)
    return found


def summary_table(summaries: pd.DataFrame, step: str) -> Table:
    """The summary for readers. summaries: data/summary.parquet."""
    heads = [HEADS.get(name, name.replace("_", " ")).replace("sessions", f"{step}s") for name in summaries.columns]
    cells = [
        [cell(name, value) for name, value in zip(summaries.columns, row, strict=True)]
        for row in summaries.itertuples(index=False)
    ]
    return Table(f"{len(cells)} tickers" if len(cells) > 1 else "In short", heads, cells)


def cell(name: str, value: Any) -> str:
    """A cell of the summary, empty where undefined."""
    if isinstance(value, pd.Timestamp):
        return f"{value:%Y-%m-%d}"
    if isinstance(value, str):
        return value
    if pd.isna(value):
        return ""
    if name in P_VALUES:
        return format_p(value)
    form = "," if isinstance(value, int) else ",.0f" if abs(value) >= 9999.5 else ",.4g"
    return f"{value:{FORMS.get(name, form)}}"


def legend(series: SeriesInfo) -> str:
    """What the summary's numbers are of."""
    name = series.name
    what = f"log returns of the {name}" if series.priced else f"values of {name}"
    level = f"the log of the {name}" if series.priced else f"the {name}"
    annual = "annual figures are at each ticker's own number of sessions a year; " if series.priced else ""
    return (
        f"Figures are of {what}; {annual}kurtosis is in excess of the normal distribution's 3. ADF and KPSS test "
        f"{level}: ADF's null hypothesis is a unit root, KPSS's a constant level; what they say is at 5 %. Ljung–Box "
        f"tests the first {LAGS} autocorrelations of the {series.quantities}, and of their squares; "
        f"where volatility clusters, or {series.step}s resemble the ones before, small values are to be expected."
    )


def downsampling_note(longest: int, tickers: int) -> str:
    """What to tell of figures that show some of their values, empty where all are shown. longest: rows of a ticker."""
    most, candles = points(tickers)
    if longest <= min(most, MAX_DOTS):
        return ""
    return (
        f"Lines of many values are drawn from at most {most:,} of them, chosen by largest triangle three buckets "
        f"(Steinarsson 2013), which keeps peaks; outliers from at most {min(most, MAX_DOTS):,}, at even distances; "
        f"at most the last {candles:,} candles are there. Sentences and tables are of all values."
    )
