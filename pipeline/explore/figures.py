"""The figures of one ticker's series, and the correlations between tickers."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.lib.stride_tricks import sliding_window_view
from scipy.cluster.hierarchy import leaves_list, linkage
from scipy.spatial.distance import squareform
from scipy.special import chdtrc
from scipy.stats import rankdata

from pipeline.formats import format_date, format_p
from pipeline.prices import OHLC
from pipeline.quality import TickerReport
from pipeline.report import charts
from pipeline.report.figures import LEVEL, Figure, autocorrelation_chart, date_ranges, evenly, last_dates, line
from pipeline.series import SeriesInfo

FIRST_CANDLESTICKS = 120  # shown at first
ROLLING = {"session": 22, "day": 30, "hour": 168, "week": 13}  # steps: a month, a week of hours, a quarter of weeks
MIN_CHANGE = 2.0  # high volatility / low volatility, to say that it changes a lot
MIN_LAGS = 5  # in a row with correlated squares, to say that volatility clusters
MIN_SHARED = 30  # steps that two tickers must share
MAX_TICKERS = 40  # in a heat map that can be read
WEAK, STRONG = 0.2, 0.5  # median correlation from which tickers move together a little, or clearly
STATIONARITY = {
    "": "It is too short or too constant to test whether it stays around a level",
    "stationary": "It seems to stay around a level",
    "wanders (unit root)": "It does not seem to stay around a level: it wanders",
}


def values_over_time(rows: pd.DataFrame, summary: dict[str, Any], series: SeriesInfo, max_points: int) -> Figure:
    """Return the figure of the values by date, with the volumes if there are any.

    rows: date, the series, volume or not, in order; summary: a row of data/summary.parquet.
    """
    dates, values, traded = rows["date"], rows[series.name], has_volume(rows)
    known = values.dropna()
    first, last = known.iloc[0], known.iloc[-1]
    if series.priced:
        years = (dates[known.index[-1]] - dates[known.index[0]]) / pd.Timedelta(days=365.25)
        annual = f", {(last / first) ** (1 / years) - 1:+.1%} a year" if years >= 1 else ""
        says = (
            f"went from {series.format_value(first)} to {series.format_value(last)} ({last / first - 1:+.1%}{annual})"
        )
    else:
        low, high = (series.format_value(bound) for bound in (known.min(), known.max()))
        says = f"is between {low} and {high}, on average {series.format_quantity(known.mean())}"
    level = STATIONARITY.get(summary["stationarity"], "It is unclear whether it stays around a level")
    if summary["stationarity"]:
        adf, kpss = format_p(summary["adf"]), format_p(summary["kpss"])
        level += f" (two tests: ADF p {adf}, small if it stays; KPSS p {kpss}, small if it does not)"
    title, tables = f"The {series.name}", {"values": line(dates, values, max_points)}
    if traded:
        title += " and the volume"
        tables["volumes"] = line(dates, rows["volume"], max_points)
    return Figure(title, f"The {series.name} {says}. {level}.", charts.values_over_time(series, traded=traded), tables)


def has_volume(rows: pd.DataFrame) -> bool:
    """Return whether the rows are prices with a volume."""
    return {"close", "volume"} <= set(rows) and bool((rows["volume"] > 0).any())


def candlesticks(rows: pd.DataFrame, series: SeriesInfo, max_candlesticks: int) -> Figure:
    """Return the candlestick chart of the last sessions.

    rows: date, open, high, low, close, in order, none missing.
    """
    dates = rows["date"]
    open_, high, low, close = (rows[name].to_numpy() for name in OHLC)
    up, down, span = (close > open_).mean(), (close < open_).mean(), high / low - 1
    widest = format_date(dates.iloc[span.argmax()])
    says = (
        f"The close was above the open in {up:.1%} of {len(rows):,} {series.step}s, and below it in {down:.1%}. "
        f"The range from low to high was {np.median(span):.2%} in a typical {series.step}, and {span.max():.1%} in the "
        f"widest ({widest})."
    )
    shown = dates.tail(max_candlesticks)
    start = {"brush": last_dates(shown, FIRST_CANDLESTICKS), "density": density(shown)}
    title = "Candlesticks (open, high, low, close)"
    tables = {"sessions": rows.tail(max_candlesticks)}
    return Figure(title, says, charts.candlesticks(series), tables, start, date_ranges(shown))


def density(dates: pd.Series) -> float:
    """Return the number of steps in a millisecond."""
    span = (dates.iloc[-1] - dates.iloc[0]) / pd.Timedelta(milliseconds=1)
    return float(f"{len(dates) / max(span, 1):.3g}")


def volatility(dates: pd.Series, steps: pd.Series, series: SeriesInfo, max_points: int) -> Figure:
    """Return the figure of the rolling standard deviation. steps: returns of prices, other values as they are."""
    count = ROLLING.get(series.step, ROLLING["session"])
    deviation = steps.rolling(count, min_periods=count * 3 // 4).std()
    if series.priced:
        years = (dates.iloc[-1] - dates.iloc[0]) / pd.Timedelta(days=365.25)
        deviation *= np.sqrt(len(dates) / max(years, 1e-9))
    name = "Volatility" if series.priced else f"Standard deviation of the {series.name}"
    shape = charts.dated(
        "volatility" if series.priced else "standard deviation",
        charts.axis_format(series),
        f"Line of the rolling standard deviation over {count} {series.step}s.",
        filled=False,
    )
    rows = line(dates.iloc[count - 1 :], deviation.iloc[count - 1 :], max_points)
    annual = " (annualised standard deviation of returns)" if series.priced else ""
    title = f"{name}{annual} of the last {count} {series.step}s"
    return Figure(title, _volatility_sentence(deviation.dropna().to_numpy(), name, series), shape, {"values": rows})


def _volatility_sentence(deviation: np.ndarray, name: str, series: SeriesInfo) -> str:
    if not len(deviation):
        return f"There are too few {series.step}s for a rolling standard deviation."
    low, high = np.quantile(deviation, [0.05, 0.95])
    text = (lambda value: f"{value:.1%}") if series.priced else series.format_quantity
    changes = "changes a lot" if high >= MIN_CHANGE * low and high > 0 else "changes little"
    return (
        f"{name} {changes}: 90% of the time it is between {text(low)} and {text(high)}. At the end it is "
        f"{text(deviation[-1])}, higher than {(deviation < deviation[-1]).mean():.0%} of the time."
    )


def drawdown(dates: pd.Series, values: pd.Series, series: SeriesInfo, max_points: int) -> Figure:
    """Return the figure of the drawdown. values: prices in order, none missing."""
    fall = values / values.cummax() - 1
    title = f"Drawdown: how far the {series.name} is below its highest value so far"
    shape = charts.dated("drawdown", charts.PERCENT, "Area from zero down to the drawdown by date.", filled=True)
    rows = line(dates, fall, max_points)
    says = _drawdown_sentence(dates, values.to_numpy(), fall.to_numpy(), series)
    return Figure(title, says, shape, {"values": rows})


def _drawdown_sentence(dates: pd.Series, values: np.ndarray, fall: np.ndarray, series: SeriesInfo) -> str:
    if fall.min() == 0:
        return f"The {series.name} never fell below an earlier value."
    bottom, below = fall.argmin(), fall[fall < 0]
    peak = values[: bottom + 1].argmax()
    recovered = bottom + np.flatnonzero(values[bottom:] >= values[peak])
    end = f"was recovered on {format_date(dates.iloc[recovered[0]])}" if len(recovered) else "is not recovered yet"
    between = f"from {format_date(dates.iloc[peak])} to {format_date(dates.iloc[bottom])}"
    return (
        f"The deepest fall was {-fall.min():.1%}, {between}. It "
        f"{end}. In {len(below) / len(fall):.0%} of the {series.step}s the {series.name} is below its highest value so "
        f"far, by {-np.median(below):.1%} in the median."
    )


def data_quality(dates: pd.Series, report: TickerReport, series: SeriesInfo) -> Figure:
    """Return the calendar of missing and odd dates.

    dates: those with a value, in order; report: of the ticker, in reports/scrape.json.
    """
    without_value = {*report.null_values, *(row.date for row in report.dropped)}
    by_kind = {
        "missing": [date for date in report.missing_sessions if date not in without_value],
        "without a value": report.null_values,
        "dropped": [row.date for row in report.dropped],
        "unexpected": report.unexpected_sessions,
        "jump": [jump.date for jump in report.jumps],
    }
    marked = dict.fromkeys((kind, date[:10]) for kind, kind_dates in by_kind.items() for date in kind_dates)
    kinds, texts = [kind for kind, _ in marked], [date for _, date in marked]
    when = pd.DatetimeIndex(texts)
    days = pd.DataFrame({"kind": kinds, "date": texts, "year": when.year, "day": when.day_of_year})
    year, first, count = np.unique(dates.dt.year, return_index=True, return_counts=True)
    day = dates.dt.day_of_year.to_numpy()
    years = pd.DataFrame({"year": year, "from": day[first], "to": day[first + count - 1] + 1})
    odd, absent = _counts(by_kind, "jump", "unexpected"), _counts(by_kind, "missing", "without a value", "dropped")
    says = f"There are {report.sessions:,} {series.step}s with a value"
    says += f"; odd among them: {odd}." if odd else ". Nothing in them looks odd."
    says += f" Not usable: {absent}." if absent else f" No {series.step} is missing or dropped."
    title = f"Calendar of missing and odd {series.step}s"
    return Figure(title, says, charts.data_quality(series), {"spans": years, "days": days})


def _counts(by_kind: dict[str, list[str]], *kinds: str) -> str:
    """Return how many dates there are of each kind; empty if there are none."""
    return ", ".join(
        f"{len(by_kind[kind]):,} {'with a jump' if kind == 'jump' else kind}" for kind in kinds if by_kind[kind]
    )


def box_plots(
    values: pd.Series, groups: pd.Series, order: tuple[str, ...], by: str, series: SeriesInfo, max_outliers: int
) -> Figure:
    """Return box plots by group. values: with missing ones or without; groups: the place in `order` of each value."""
    known = values.notna().to_numpy()
    numbers, places = values.to_numpy()[known], groups.to_numpy()[known]
    by_group = {name: numbers[places == place] for place, name in enumerate(order) if (places == place).any()}
    boxes, outliers = [], []
    for name, group in by_group.items():
        q1, median, q3 = np.quantile(group, [0.25, 0.5, 0.75])
        inside = (group >= q1 - 1.5 * (q3 - q1)) & (group <= q3 + 1.5 * (q3 - q1))
        boxes.append((name, group[inside].min(), q1, median, q3, group[inside].max(), len(group)))
        outliers += [(name, value) for value in group[~inside]]
    table = pd.DataFrame(boxes, columns=["group", "low", "q1", "median", "q3", "high", "n"])
    dots = pd.DataFrame(sorted(outliers, key=lambda dot: dot[1]), columns=["group", "value"])
    rows = {"boxes": table, "outliers": evenly(dots, max_outliers)}
    says = _groups_sentence(by_group, table, by, series)
    return Figure(f"{series.quantities.capitalize()} by {by}", says, charts.box_plots(order, by, series), rows)


def _groups_sentence(by_group: dict[str, np.ndarray], boxes: pd.DataFrame, by: str, series: SeriesInfo) -> str:
    """Return whether the groups differ, and where values vary most. boxes: in the same order."""
    if len(by_group) < 2:
        return f"All {series.quantities} belong to one {by}."
    names, median, range_ = list(by_group), boxes["median"].to_numpy(), (boxes["q3"] - boxes["q1"]).to_numpy()
    # The statistic of Kruskal and Wallis (1952), with its correction for ties, is a ratio of variances of ranks
    ranks, n = rankdata(np.concatenate(list(by_group.values()))), boxes["n"].to_numpy()
    means = np.repeat(np.add.reduceat(ranks, np.cumsum(n) - n) / n, n)
    p = chdtrc(len(n) - 1, (len(ranks) - 1) * means.var() / ranks.var()) if ranks.var() else 1.0
    test = f"(Kruskal-Wallis test, p {format_p(p)}: small if they differ; it takes {series.step}s as independent)"
    width = (lambda value: f"{value:.2%}") if series.priced else series.format_quantity
    vary = ""
    if range_.max() > range_.min():
        most = f"{names[range_.argmax()]} (the middle half spans {width(range_.max())})"
        vary = f" They vary most in {most}, and least in {names[range_.argmin()]} ({width(range_.min())})."
    if p >= LEVEL:
        return f"The {series.quantities} do not differ significantly by {by} {test}.{vary}"
    high = f"{names[median.argmax()]} (median {series.format_quantity(median.max())})"
    low = f"{names[median.argmin()]} ({series.format_quantity(median.min())})"
    return f"The {series.quantities} differ by {by} {test}. They are highest in {high} and lowest in {low}.{vary}"


def clustering(returns: pd.Series, lags: int, series: SeriesInfo) -> Figure:
    """Return the autocorrelations of squared returns: does a large move follow a large move?"""
    name = "squared returns"
    shape, rows = autocorrelation_chart((returns - returns.mean()) ** 2, lags, series, name)
    title, acf, bound = f"Autocorrelation of the {name}", rows["lags"]["acf"].to_numpy(), rows["noise"]["bound"].iloc[1]
    if not len(acf):
        return Figure(title, "There are too few different returns for autocorrelations.", shape, rows)
    # A single lag may be inside the band by chance, so each is averaged with the next ones.
    count = min(MIN_LAGS, len(acf))
    inside = np.flatnonzero(sliding_window_view(acf, count).mean(axis=1) <= bound / np.sqrt(count))
    run = max(int(inside[0]) if len(inside) else len(acf), int(acf[0] > bound))
    correlated = f"squared returns stay correlated for {run} {series.step}{'s' * (run != 1)}"
    if run >= MIN_LAGS:
        more = " or more" if run == len(acf) else ""
        says = f"Large moves follow large moves: {correlated}{more}. So the size of the next move can be forecast."
    elif run:
        says = f"Large moves follow large moves only for a short time: {correlated}."
    else:
        says = "There is no sign that large moves follow large moves: squared returns are not significantly correlated "
        says += "with those just before."
    return Figure(title, says, shape, rows)


def correlations(values: pd.DataFrame, series: SeriesInfo) -> Figure:
    """Return the heat map of the correlations between tickers.

    values: a row for each step, a column for each of at least two tickers: returns of prices, other values as they are.
    """
    matrix = correlation_matrix(values)
    shown = evenly(matrix, MAX_TICKERS).index
    cells = matrix.loc[shown, shown].rename_axis("a").reset_index()
    cells = cells.melt(id_vars="a", var_name="b", value_name="correlation")
    part = f": {len(shown)} of {len(matrix)}" if len(shown) < len(matrix) else ""
    title = f"Correlations between tickers, similar ones side by side{part}"
    shape = charts.correlations(len(shown), series.quantities)
    return Figure(title, _correlations_sentence(matrix, series), shape, {"cells": cells})


def _correlations_sentence(matrix: pd.DataFrame, series: SeriesInfo) -> str:
    """Return whether tickers move together, by the median correlation, and the most and least similar pair."""
    first, second = np.triu_indices(len(matrix), 1)
    pairs = matrix.to_numpy()[first, second]
    count = int((~np.isnan(pairs)).sum())
    if not count:
        return "No two tickers share enough steps."

    def named(pair: np.intp) -> str:
        return f"{pairs[pair]:+.2f} ({matrix.columns[first[pair]]} and {matrix.columns[second[pair]]})"

    median = np.nanmedian(pairs)
    verb = "hardly move together"
    if median >= WEAK:
        verb = "move together" if median >= STRONG else "move together a little"
    elif median <= -WEAK:
        verb = "move in opposite directions"
    highest, lowest = named(np.nanargmax(pairs)), named(np.nanargmin(pairs))
    if count == 1:
        return f"The tickers {verb}: the correlation of their {series.quantities} is {highest}."
    return (
        f"The tickers {verb}: the median correlation of their {series.quantities} is {median:+.2f} over {count:,} "
        f"pairs. The highest is {highest}, the lowest {lowest}."
    )


def correlation_matrix(values: pd.DataFrame) -> pd.DataFrame:
    """Return the correlation of each column with each; NaN if two share too few steps.

    Similar columns stand side by side: the order is that of average linkage on 1 - correlation, with its leaves placed
    so that neighbours are near (Bar-Joseph, Gifford and Jaakkola 2001). values: a row for each step, a column for each
    ticker.
    """
    matrix = values.corr(min_periods=MIN_SHARED)
    if len(matrix) < 3:
        return matrix
    distance = np.clip(1 - matrix.fillna(0).to_numpy(), 0, None)
    np.fill_diagonal(distance, 0)
    order = leaves_list(linkage(squareform(distance, checks=False), "average", optimal_ordering=True))
    return matrix.iloc[order, order]
