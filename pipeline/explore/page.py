"""The page on the data: each ticker's figures, the correlations between tickers, and the summary table."""

import sys
from collections.abc import Iterable, Iterator
from typing import Any

import pandas as pd

from pipeline.explore import figures
from pipeline.explore.summary import LAGS, quantities
from pipeline.formats import Table, format_p
from pipeline.io.errors import UserError
from pipeline.prices import OHLC, PRICES
from pipeline.quality import Scraped, TickerReport, is_odd, notes
from pipeline.report import charts
from pipeline.report.figures import Figure, autocorrelation_figure, histogram
from pipeline.report.page import Ticker, page
from pipeline.series import SeriesInfo

MAX_ROWS = 50_000  # values of a line, added up over all tickers of the page
MAX_POINTS = 2000  # values of one line; a screen has fewer pixels
MAX_OUTLIERS = 1500  # dots in one figure of box plots
MAX_CANDLESTICKS = 10_000  # in one chart, which shows some of them
MIN_VALUES = 30  # a ticker with fewer returns (or other values) has no figures

HEADS = {
    "deviation": "standard deviation",
    "adf": "ADF p",
    "kpss": "KPSS p",
    "stationarity": "level",
    "ljung_box": "Ljung-Box p",
    "ljung_box_squares": "Ljung-Box p of squares",
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
    """Return the name, step and, if a ticker is given, unit of the series."""
    unit = scraped.tickers[ticker].unit if ticker else ""
    return SeriesInfo(scraped.column, unit, scraped.step, scraped.column in PRICES)


def quantities_of(rows: pd.DataFrame, scraped: Scraped) -> pd.Series:
    """Return a ticker's log returns if it is a price, otherwise its values, by date. rows: the ticker's prices."""
    return quantities(rows.set_index("date")[scraped.column], priced=scraped.column in PRICES)


def long_enough(rows_by_ticker: dict[str, pd.DataFrame], scraped: Scraped) -> dict[str, pd.DataFrame]:
    """Return the tickers that are long enough for figures. Raises UserError if there is none.

    rows_by_ticker: the rows of data/prices.parquet.
    """
    selected = {
        name: rows for name, rows in rows_by_ticker.items() if quantities_of(rows, scraped).count() >= MIN_VALUES
    }
    if not selected:
        what = f"{MIN_VALUES} {series_of(scraped).quantities}"
        raise UserError(f"data/prices.parquet: found no ticker with {what}; accepted: a longer period")
    return selected


def tickers(
    rows_by_ticker: dict[str, pd.DataFrame], summaries: pd.DataFrame, scraped: Scraped, lags: int
) -> Iterator[Ticker]:
    """Yield what the page shows of each ticker.

    rows_by_ticker: the result of `long_enough`; summaries: data/summary.parquet.
    """
    summary_by_ticker = summaries.set_index("ticker").to_dict("index")
    for number, (name, rows) in enumerate(rows_by_ticker.items(), start=1):
        series, report = series_of(scraped, name), scraped.tickers[name]
        drawn = ticker_figures(rows, summary_by_ticker[name], report, series, lags, len(rows_by_ticker))
        yield Ticker(name, f"{name}: {series.label}", list(notes(report, scraped.step)), drawn)
        if sys.stdout.isatty() and len(rows_by_ticker) > 1:
            print(f"{name}: {number} of {len(rows_by_ticker)}")


def common(rows_by_ticker: dict[str, pd.DataFrame], scraped: Scraped) -> dict[str, Figure]:
    """Return the figures of all tickers together, if there are several. rows_by_ticker: the result of `long_enough`."""
    if len(rows_by_ticker) == 1:
        return {}
    together = pd.DataFrame({name: quantities_of(rows, scraped) for name, rows in rows_by_ticker.items()})
    return {"correlations": figures.correlations(together, series_of(scraped))}


def html(
    summaries: pd.DataFrame,
    tickers: Iterable[Ticker],
    common: dict[str, Figure],
    rows_by_ticker: dict[str, pd.DataFrame],
    scraped: Scraped,
    script: str,
) -> bytes:
    """Return the page.

    summaries: data/summary.parquet; tickers, common: the results of these names; rows_by_ticker: that of `long_enough`;
    script: reports/vega.js.
    """
    series = series_of(scraped)
    odd = {name: report for name, report in scraped.tickers.items() if len(summaries) > 1 and is_odd(report)}
    too_short = ", ".join(sorted(set(summaries["ticker"]) - set(rows_by_ticker)))
    return page(
        "pipeline/explore/page.html",
        tickers,
        common,
        script=script,
        summary=summary_table(summaries, scraped.step),
        definitions=definitions(series),
        odd={name: list(notes(report, scraped.step)) for name, report in odd.items()},
        downsampling_note=downsampling_note(max(map(len, rows_by_ticker.values())), len(rows_by_ticker)),
        too_short=too_short
        and f"Tickers with fewer than {MIN_VALUES} {series.quantities} have no figures: {too_short}.",
    )


def points(tickers: int) -> tuple[int, int]:
    """Return the maximum number of points of a line, and of candlesticks, for this number of tickers on a page."""
    share = max(MAX_ROWS // tickers, 80)
    return min(share, MAX_POINTS), min(share, MAX_CANDLESTICKS)


def ticker_figures(
    rows: pd.DataFrame, summary: dict[str, Any], report: TickerReport, series: SeriesInfo, lags: int, tickers: int
) -> dict[str, Figure]:
    """Return one ticker's figures by name.

    rows, summary, report: of this ticker, from data/prices.parquet, data/summary.parquet and reports/scrape.json;
    tickers: how many share the page.
    """
    max_points, max_candlesticks = points(tickers)
    rows = rows.reset_index(drop=True)
    dates, known = rows["date"], rows[series.name].dropna()
    steps, known_dates = quantities(rows[series.name], priced=series.priced), dates[known.index]
    over_time = figures.values_over_time(rows, summary, series, max_points)
    first = "values_and_volume" if "volumes" in over_time.rows else "values"  # two names: the charts differ
    drawn = {first: over_time}
    sessions = rows.reindex(columns=["date", *OHLC]).dropna()
    if series.priced and len(sessions):
        drawn["candlesticks"] = figures.candlesticks(sessions, series, max_candlesticks)
    drawn["volatility"] = figures.volatility(dates, steps, series, max_points)
    if series.priced:
        drawn["clustering"] = figures.clustering(steps, lags, series)
        drawn["drawdown"] = figures.drawdown(known_dates, known, series, max_points)
    drawn["distribution"] = histogram(steps, series, series.quantities, series.quantity)
    drawn["autocorrelation"] = autocorrelation_figure(steps, lags, series, series.quantities)
    if not series.priced:
        drawn["autocorrelation_of_changes"] = autocorrelation_figure(steps.diff(), lags, series, "changes")
    seasons = {"month": (dates.dt.month - 1, charts.MONTHS), "weekday": (dates.dt.day_of_week, charts.DAYS)}
    if series.has_time:
        seasons["hour"] = dates.dt.hour, charts.HOURS
    for by, (groups, order) in seasons.items():
        drawn[f"{by}s"] = figures.box_plots(steps, groups, order, by, series, min(max_points, MAX_OUTLIERS))
    drawn["data_quality"] = figures.data_quality(known_dates, report, series)
    return drawn


def summary_table(summaries: pd.DataFrame, step: str) -> Table:
    """Return the summary for readers. summaries: data/summary.parquet."""
    heads = [HEADS.get(name, name.replace("_", " ")).replace("sessions", f"{step}s") for name in summaries.columns]
    rows = [
        [cell(name, value) for name, value in zip(summaries.columns, row, strict=True)]
        for row in summaries.itertuples(index=False)
    ]
    return Table(f"{len(rows)} tickers" if len(rows) > 1 else "Summary", heads, rows)


def cell(name: str, value: Any) -> str:
    """Return a cell of the summary, empty if undefined."""
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


def definitions(series: SeriesInfo) -> dict[str, str]:
    """Return what the columns of the summary mean, by name."""
    level = f"the log of the {series.name}" if series.priced else f"the {series.name}"
    annual = "Computed from log returns, with the number of sessions that the ticker has in a year."
    return {
        **({"annual return, annual volatility": annual} if series.priced else {}),
        "skew": f"Below 0: extreme {series.quantities} are farther below the mean than above it.",
        "excess kurtosis": "Above 0: extreme values are more frequent than under a normal distribution.",
        "ADF p, KPSS p, level": f"Two tests of whether {level} stays around a level (is stationary). A small ADF p, "
        "below 0.05, says that it does; a small KPSS p says that it does not. Level: what both say together.",
        "Ljung-Box p": f"A small value says that the {series.quantities} are correlated with some of the last {LAGS}.",
        "Ljung-Box p of squares": "A small value says that the squares are correlated with some of those before, "
        "usually because large values follow large values (volatility clusters).",
    }


def downsampling_note(longest: int, tickers: int) -> str:
    """Return a note on figures that show only some of their values; empty if there are none.

    longest: the number of rows of the longest ticker.
    """
    max_points, max_candlesticks = points(tickers)
    if longest <= min(max_points, MAX_OUTLIERS):
        return ""
    return (
        f"A line shows at most {max_points:,} values: those that keep its shape (method: largest triangle three "
        f"buckets, Steinarsson 2013). Box plots show at most {min(max_points, MAX_OUTLIERS):,} outliers. The "
        f"candlestick chart has only the last {max_candlesticks:,} sessions. Sentences and tables use all values."
    )
