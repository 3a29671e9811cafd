"""The figures of a ticker's series, and of what goes with what."""

from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats
from scipy.cluster.hierarchy import leaves_list, linkage
from scipy.spatial.distance import squareform

from pipeline.formats import format_date, format_p
from pipeline.prices import OHLC
from pipeline.quality import TickerReport
from pipeline.report import charts
from pipeline.report.figures import LEVEL, Figure, downsampled, evenly, lags_of, part, spans
from pipeline.series import SeriesInfo

FIRST_CANDLES = 120  # shown at first
ROLLING = {"session": 22, "day": 30, "hour": 168, "week": 13}  # steps: a month, a week of hours, a quarter of weeks
MIN_CHANGE = 2.0  # the high volatility in times the low one, to come and go
MIN_LAGS = 5  # in a row at which squares are correlated, to cluster
MIN_SHARED = 30  # steps that two tickers must share
MAX_TICKERS = 40  # in a heat map that can be read
SOMEWHAT, TOGETHER = 0.2, 0.5  # from these median correlations on tickers move together


def course(own: pd.DataFrame, numbers: dict[str, Any], series: SeriesInfo, most: int) -> Figure:
    """own: date, value, and the volume where there is one, in order; numbers: of data/summary.parquet."""
    known = own.dropna(subset="value")
    first, last = known["value"].iloc[0], known["value"].iloc[-1]
    if series.priced:
        years = (known["date"].iloc[-1] - known["date"].iloc[0]) / pd.Timedelta(days=365.25)
        annual = f", {(last / first) ** (1 / years) - 1:+.1%} a year" if years >= 1 else ""
        how = f"went from {series.format_value(first)} to {series.format_value(last)}, {last / first - 1:+.1%}{annual}"
    else:
        low, high, mean = known["value"].min(), known["value"].max(), known["value"].mean()
        how = f"lies between {series.format_value(low)} and {series.format_value(high)}"
        how += f", {series.format_quantity(mean)} on average"
    tests = f"ADF p {format_p(numbers['adf'])}, KPSS p {format_p(numbers['kpss'])}"
    level = {
        "": "its level cannot be tested",
        "stationary": f"it keeps to a level ({tests})",
        "wanders (unit root)": f"it wanders and has no level to come back to ({tests})",
    }.get(numbers["stationarity"], f"whether it has a level to come back to is unclear ({tests})")
    title, traded = f"The {series.name}", is_traded(own)
    rows = {"values": downsampled(own[["date", "value"]], "value", most)}
    if traded:
        title += " and the volume"
        volumes = own[["date", "volume"]].rename(columns={"volume": "value"})
        rows["volumes"] = downsampled(volumes, "value", most)
    return Figure(title, f"The {series.name} {how}; {level}.", charts.course(series, traded=traded), rows)


def is_traded(own: pd.DataFrame) -> bool:
    """Whether prices have a volume."""
    return {"close", "volume"} <= set(own) and bool((own["volume"] > 0).any())


def candles(own: pd.DataFrame, series: SeriesInfo, most: int) -> Figure:
    """own: date, open, high, low, close, in order, any missing; the last `most` are there to choose from."""
    known = own.dropna(subset=list(OHLC))
    up, down = (known["close"] > known["open"]).mean(), (known["close"] < known["open"]).mean()
    more = "More" if up > down else "Fewer" if up < down else "As many"
    than = "as" if up == down else "than"
    span = known["high"] / known["low"] - 1
    widest = format_date(known.loc[span.idxmax(), "date"])
    says = (
        f"{more} {series.step}s closed above their open {than} below it: {up:.1%} and {down:.1%} of {len(known):,}; "
        f"the widest, {widest}, spanned {span.max():.1%}, the median one {span.median():.2%}."
    )
    shown = known[["date", *OHLC]].tail(most)
    start = {"brush": part(shown["date"], FIRST_CANDLES), "density": density(shown["date"])}
    return Figure("Candles", says, charts.candles(series), {"sessions": shown}, start, spans(shown["date"]))


def density(dates: pd.Series) -> float:
    """Steps a millisecond."""
    span = (dates.iloc[-1] - dates.iloc[0]) / pd.Timedelta(milliseconds=1)
    return float(f"{len(dates) / max(span, 1):.3g}")


def volatility(dates: pd.Series, measured: pd.Series, series: SeriesInfo, most: int) -> Figure:
    """measured: returns of prices, anything else as it is, in order."""
    count = ROLLING.get(series.step, ROLLING["session"])
    deviation = measured.rolling(count, min_periods=count * 3 // 4).std()
    if series.priced:
        years = (dates.iloc[-1] - dates.iloc[0]) / pd.Timedelta(days=365.25)
        deviation *= np.sqrt(len(dates) / max(years, 1e-9))
    what = "Annualised volatility" if series.priced else f"Deviation of the {series.name}"
    shape = charts.dated(
        "volatility" if series.priced else "deviation",
        charts.axis_form(series),
        f"Line of the rolling deviation over {count} {series.step}s.",
        filled=False,
    )
    rows = downsampled(pd.DataFrame({"date": dates, "value": deviation}).iloc[count - 1 :], "value", most)
    title = f"{what} of the last {count} {series.step}s"
    return Figure(title, _comes_and_goes(deviation.dropna(), what, series), shape, {"values": rows})


def _comes_and_goes(deviation: pd.Series, what: str, series: SeriesInfo) -> str:
    if deviation.empty:
        return f"Too few {series.step}s for a rolling deviation."
    low, high = deviation.quantile(0.05), deviation.quantile(0.95)
    told = (lambda value: f"{value:.1%}") if series.priced else series.format_quantity
    changes = "comes and goes" if high >= MIN_CHANGE * low and high > 0 else "hardly changes"
    return (
        f"{what} {changes}: nine tenths of the time it lies between {told(low)} and {told(high)}, at the end at "
        f"{told(deviation.iloc[-1])}, higher than {(deviation < deviation.iloc[-1]).mean():.0%} of the time."
    )


def drawdown(dates: pd.Series, values: pd.Series, series: SeriesInfo, most: int) -> Figure:
    """values: prices in order, none missing."""
    fall = values / values.cummax() - 1
    title = f"Drawdown: how far the {series.name} is below its highest before"
    shape = charts.dated("drawdown", charts.PERCENT, "Area from zero down to the drawdown by date.", filled=True)
    rows = downsampled(pd.DataFrame({"date": dates, "value": fall}), "value", most)
    return Figure(title, _deepest(dates, values, fall, series), shape, {"values": rows})


def _deepest(dates: pd.Series, values: pd.Series, fall: pd.Series, series: SeriesInfo) -> str:
    if fall.min() == 0:
        return f"The {series.name} never fell below an earlier one."
    bottom, below = fall.idxmin(), fall[fall < 0]
    peak = values.loc[:bottom].idxmax()
    healed = values.loc[bottom:][values.loc[bottom:] >= values[peak]]
    end = f"was made good on {format_date(dates[healed.index[0]])}" if len(healed) else "has not been made good"
    return (
        f"The deepest fall, {-fall.min():.1%}, went from {format_date(dates[peak])} to {format_date(dates[bottom])} "
        f"and {end}; {len(below) / len(fall):.0%} of the {series.step}s lie below an earlier high, half of those by "
        f"more than {-below.median():.1%}."
    )


def faults(dates: pd.Series, report: TickerReport, series: SeriesInfo) -> Figure:
    """dates: with a value, in order; report: of the ticker in reports/scrape.json."""
    without = {*report.null_values, *(row.date for row in report.dropped)}
    found = {
        "missing": [date for date in report.missing_sessions if date not in without],
        "without a value": report.null_values,
        "dropped": [row.date for row in report.dropped],
        "unexpected": report.unexpected_sessions,
        "jump": [jump.date for jump in report.jumps],
    }
    rows = [(kind, date[:10]) for kind, those in found.items() for date in those]
    days = pd.DataFrame(rows, columns=["kind", "date"]).drop_duplicates(ignore_index=True)
    when = pd.to_datetime(days["date"])
    days = days.assign(year=when.dt.year, day=when.dt.day_of_year)
    year, day = dates.dt.year.rename("year"), dates.dt.day_of_year
    spans = day.groupby(year).agg(**{"from": "min", "to": "max"}).reset_index()
    spans["to"] += 1
    odd = _told(found, "jump", "unexpected") or "none is odd"
    absent = _told(found, "missing", "without a value", "dropped") or "none is missing or dropped"
    says = f"Of {report.sessions:,} {series.step}s with a value {odd}; beside them {absent}."
    return Figure("Calendar of what is missing or odd", says, charts.faults(series), {"spans": spans, "days": days})


def _told(found: dict[str, list[str]], *kinds: str) -> str:
    """How many there are of each kind; empty where there are none."""
    words = {"jump": "jumped", "unexpected": "were unexpected"}
    return ", ".join(f"{len(found[kind]):,} {words.get(kind, kind)}" for kind in kinds if found[kind])


def boxes(
    values: pd.Series, groups: pd.Series, order: tuple[str, ...], by: str, series: SeriesInfo, most: int
) -> Figure:
    """values: any missing; groups: each value's place in `order`."""
    known = values.notna().to_numpy()
    own, places = values.to_numpy()[known], groups.to_numpy()[known]
    parts = {name: own[places == place] for place, name in enumerate(order) if (places == place).any()}
    measures, outside, beside = [], [], []
    for name, group in parts.items():
        q1, median, q3 = np.quantile(group, [0.25, 0.5, 0.75])
        within = (group >= q1 - 1.5 * (q3 - q1)) & (group <= q3 + 1.5 * (q3 - q1))
        measures.append((name, group[within].min(), q1, median, q3, group[within].max(), len(group)))
        outside.append(group[~within])
        beside += [name] * len(outside[-1])
    drawn = pd.DataFrame(measures, columns=["group", "low", "q1", "median", "q3", "high", "n"])
    outliers = pd.DataFrame({"group": beside, "value": np.concatenate(outside)}).sort_values("value")
    says = _differ(list(parts.values()), drawn.set_index("group"), by, series)
    rows = {"boxes": drawn, "outliers": evenly(outliers, most)}
    return Figure(f"{series.quantities.capitalize()} by {by}", says, charts.boxes(order, by, series), rows)


def _differ(parts: list[np.ndarray], drawn: pd.DataFrame, by: str, series: SeriesInfo) -> str:
    """Whether the groups' middles do (Kruskal and Wallis 1952), and where values spread."""
    if len(parts) < 2:
        return f"All {series.quantities} are of one {by}."
    same = np.ptp(np.concatenate(parts)) == 0
    p = 1.0 if same else float(stats.kruskal(*parts).pvalue)
    median, spread = drawn["median"], drawn["q3"] - drawn["q1"]
    test = f"(Kruskal–Wallis p {format_p(p)}, {series.step}s taken as independent)"
    width = (lambda value: f"{value:.2%}") if series.priced else series.format_quantity
    spreads = ""
    if spread.max() > spread.min():
        most = f"{spread.idxmax()}, half of them within {width(spread.max())}"
        spreads = f"; they spread most in {most}, and least in {spread.idxmin()}, {width(spread.min())}"
    if p >= LEVEL:
        return f"The middle of the {series.quantities} is not told apart by {by} {test}{spreads}."
    high = f"highest in {median.idxmax()}, median {series.format_quantity(median.max())}"
    low = f"lowest in {median.idxmin()}, {series.format_quantity(median.min())}"
    return f"The {series.quantities} differ by {by} {test}: {high}, {low}{spreads}."


def clustering(returns: pd.Series, lags: int, series: SeriesInfo) -> Figure:
    """Autocorrelations of squared returns, in order: whether volatility clusters."""
    what = "squared returns"
    shape, rows = lags_of((returns - returns.mean()) ** 2, lags, series, what)
    title, found, bound = f"Autocorrelation of the {what}", rows["lags"]["acf"], rows["noise"]["bound"].max()
    if found.empty:
        return Figure(title, "Too few returns that differ for autocorrelations.", shape, rows)
    # A single lag may fall inside the band by chance: this one and the next ones are looked at together.
    count = min(MIN_LAGS, len(found))
    within = np.flatnonzero(found.rolling(count).mean().dropna() <= bound / np.sqrt(count))
    run = max(int(within[0]) if len(within) else len(found), int(found[0] > bound))
    stay = "Squared returns stay correlated for"
    if run >= MIN_LAGS:
        more = " and more" if run == len(found) else ""
        says = f"{stay} {run} {series.step}s{more}: volatility clusters, so it can be forecast."
    elif run:
        says = f"{stay} {run} {series.step}{'s' * (run > 1)} only: volatility clusters little."
    else:
        says = "Squared returns are not told apart from noise: volatility does not cluster here."
    return Figure(title, says, shape, rows)


def heat(values: pd.DataFrame, series: SeriesInfo) -> Figure:
    """values: a row a step, a column a ticker, at least two: returns of prices, anything else as it is."""
    found = between(values)
    shown = evenly(found, MAX_TICKERS).index
    cells = found.loc[shown, shown].rename_axis("a").reset_index()
    cells = cells.melt(id_vars="a", var_name="b", value_name="correlation")
    title = "Correlations between tickers"
    if len(shown) < len(found):
        title = f"{title}: {len(shown)} of {len(found)}, evenly from an order that puts like beside like"
    return Figure(title, _go_together(found, series), charts.heat(len(shown), series.quantities), {"cells": cells})


def _go_together(found: pd.DataFrame, series: SeriesInfo) -> str:
    """Whether tickers move together, by the median of their correlations, and which do most and least."""
    names = [f"{one} and {other}" for one, other in combinations(found.columns, 2)]
    pairs = pd.Series(found.to_numpy()[np.triu_indices(len(found), 1)], names).dropna()
    if pairs.empty:
        return "No two tickers share enough steps."
    middle = pairs.median()
    how = "hardly move together"
    if middle >= SOMEWHAT:
        how = "move together" if middle >= TOGETHER else "move together somewhat"
    elif middle <= -SOMEWHAT:
        how = "move against one another"
    most = f"{pairs.max():+.2f} ({pairs.idxmax()})"
    if len(pairs) == 1:
        return f"The tickers {how}: the correlation of their {series.quantities} is {most}."
    least = f"{pairs.min():+.2f} ({pairs.idxmin()})"
    return (
        f"The tickers {how}: the median correlation of their {series.quantities} is {middle:+.2f} over {len(pairs):,} "
        f"pairs, the highest {most}, the lowest {least}."
    )


def between(values: pd.DataFrame) -> pd.DataFrame:
    """Correlation of each column with each, in an order that puts like beside like; NaN where too few steps are shared.

    values: a row a step, a column a ticker. The order is of average linkage on 1 - correlation, its leaves so placed
    that neighbours are near (Bar-Joseph, Gifford and Jaakkola 2001).
    """
    found = values.corr(min_periods=MIN_SHARED)
    if len(found) < 3:
        return found
    distance = np.clip(1 - found.fillna(0).to_numpy(), 0, None)
    np.fill_diagonal(distance, 0)
    order = leaves_list(linkage(squareform(distance, checks=False), "average", optimal_ordering=True))
    return found.iloc[order, order]
