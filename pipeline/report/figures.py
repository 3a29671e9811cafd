"""A figure of a page, and the figures that both pages show."""

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from scipy import stats
from tsdownsample import LTTBDownsampler

from pipeline.report import charts
from pipeline.report.autocorrelation import autocorrelations
from pipeline.series import SeriesInfo


class Figure(NamedTuple):
    """A chart with its data, and what it shows of them.

    title and shape are the same for every ticker; says: one or two sentences on these data; rows: the tables of the
    chart, by name; start: the first values of its parameters, by name; spans: date ranges to choose from, by label.
    """

    title: str
    says: str
    shape: charts.Spec
    rows: dict[str, pd.DataFrame]
    start: dict[str, Any] | None = None
    spans: dict[str, Any] | None = None


LEVEL = 0.05  # of significance
MIN_DATES = 15  # of a date range to choose
EXTREME = 3  # standard deviations from the mean
MIN_RATIO = 1.2  # of the number of extremes to that of a normal distribution, or its inverse, to call it different
MIN_CORRELATION = 0.1  # a smaller one explains less than 1 % of the variance
SPANS = {
    "1 day": pd.Timedelta(days=1),
    "1 week": pd.Timedelta(weeks=1),
    "1 month": pd.DateOffset(months=1),
    "3 months": pd.DateOffset(months=3),
    "1 year": pd.DateOffset(years=1),
    "5 years": pd.DateOffset(years=5),
}


def downsampled(rows: pd.DataFrame, value: str, max_points: int) -> pd.DataFrame:
    """Return at most `max_points` (at least 3) of the rows: those that keep the shape of the line.

    They are chosen by largest triangle three buckets (Steinarsson 2013, "Downsampling Time Series for Visual
    Representation", University of Iceland). Each gap that is wide enough to be seen keeps one row without a value.

    rows: in order; value: the column that is drawn.
    """
    if len(rows) <= max_points:
        return rows
    missing = rows[value].isna().to_numpy()
    known = np.flatnonzero(~missing)
    kept = known
    if len(known) > max_points:
        points = rows[value].to_numpy(np.float64)[known]
        kept = known[LTTBDownsampler().downsample(points, n_out=max_points).astype(int)]
    run = np.cumsum(np.diff(missing.astype(int), prepend=0) != 0)
    visible_gaps = missing & (np.bincount(run)[run] > len(rows) / max_points) & (np.diff(run, prepend=-1) != 0)
    return rows.iloc[np.union1d(kept, np.flatnonzero(visible_gaps))]


def evenly(rows: pd.DataFrame, max_rows: int) -> pd.DataFrame:
    """Return at most `max_rows` rows, at equal distances from the first to the last."""
    if len(rows) <= max_rows:
        return rows
    return rows.iloc[np.linspace(0, len(rows) - 1, max_rows).round().astype(int)]


def last_dates(dates: pd.Series, count: int) -> dict[str, Any]:
    """Return the range of the last `count` dates, as the parameter `brush` of a chart."""
    return {"x": [charts.vega_date(dates.tail(count).iloc[0]), charts.vega_date(dates.iloc[-1])]}


def spans(dates: pd.Series) -> dict[str, Any]:
    """Return the date ranges to choose from, by label. Each ends at the last date; the last one is `all`."""
    ranges = {}
    for label, span in SPANS.items():
        count = int((dates > dates.iloc[-1] - span).sum())
        if MIN_DATES <= count < len(dates):
            ranges[label] = last_dates(dates, count)
    return {**ranges, "all": last_dates(dates, len(dates))}


def histogram(values: pd.Series, series: SeriesInfo, name: str, axis_title: str) -> Figure:
    """Return a histogram, with the normal density of the same mean and standard deviation unless all values are equal.

    values: with missing ones or without; name: what they are, in the plural.
    """
    known = values.dropna().to_numpy()
    if np.ptp(known) <= 1e-12 * np.abs(known).max():  # they differ only by rounding
        known = np.full(len(known), known[0])
    density, edges = np.histogram(known, bins=min(max(int(len(known) ** 0.5), 10), 80), density=True)
    x = np.linspace(edges[0], edges[-1], 81 if np.ptp(known) else 0)
    normal = pd.DataFrame({"x": x, "density": stats.norm.pdf(x, known.mean(), known.std())})
    bars = pd.DataFrame({"from": edges[:-1], "to": edges[1:], "density": density})
    return Figure(
        f"Distribution of the {name} (bars), and a normal distribution (line)",
        _extremes_sentence(known, name) if np.ptp(known) else f"All {name} are the same.",
        charts.distribution(axis_title, charts.axis_form(series), name),
        {"bars": bars, "normal": normal},
    )


def _extremes_sentence(values: np.ndarray, name: str) -> str:
    """Return how many values are extreme, compared with a normal distribution (binomial test)."""
    share = 2 * stats.norm.sf(EXTREME)
    extreme, expected = int((np.abs(values - values.mean()) > EXTREME * values.std()).sum()), share * len(values)
    frequency = "about as frequent as"
    if stats.binomtest(extreme, len(values), share).pvalue < LEVEL:
        frequency = "more frequent than" if extreme > MIN_RATIO * expected else frequency
        frequency = "less frequent than" if extreme * MIN_RATIO < expected else frequency
    return (
        f"Extreme values are {frequency} under a normal distribution: {extreme} of {len(values):,} {name} are more "
        f"than {EXTREME} standard deviations from the mean. A normal distribution would have {expected:.0f} (excess "
        f"kurtosis {stats.kurtosis(values, bias=False):.1f}, skew {stats.skew(values, bias=False):+.2f}; both would be "
        "0)."
    )


def correlation(first: pd.Series, second: pd.Series) -> float:
    """Return Pearson's correlation over the rows that both have; 0 if one of them does not vary."""
    both = pd.DataFrame({"first": first, "second": second}).dropna()
    return float(np.corrcoef(both, rowvar=False)[0, 1]) if (both.nunique() > 1).all() else 0.0


def lags_of(values: pd.Series, lags: int, series: SeriesInfo, name: str) -> tuple[charts.Spec, dict[str, pd.DataFrame]]:
    """Return the chart and its tables: autocorrelations, and the bounds that hold 95 % of those of random values."""
    bound = 1.96 / np.sqrt(max(values.count(), 1))
    rows = {"lags": autocorrelations(values, lags), "noise": pd.DataFrame({"bound": [-bound, bound]})}
    return charts.autocorrelation(series.step, name), rows


def autocorrelation(values: pd.Series, lags: int, series: SeriesInfo, name: str) -> Figure:
    """Return the autocorrelations of returns, values or residuals, in order. name: what they are, in the plural."""
    shape, rows = lags_of(values, lags, series, name)
    title = f"Autocorrelation of the {name}: are they correlated with earlier ones?"
    acf = rows["lags"].set_index("lag")["acf"]
    if acf.empty:
        return Figure(title, f"There are too few different {name} for autocorrelations.", shape, rows)
    lag = int(acf.abs().idxmax())
    outside = int((acf.abs() > rows["noise"]["bound"].max()).sum())
    count = f"{outside} of {len(acf)} lags are outside the dashed lines (for random values, 5% would be)"
    # The largest of many autocorrelations of random values is often outside such lines: Bonferroni.
    deviations = stats.norm.isf(0.025 / len(acf))
    largest = f"the largest autocorrelation is {acf[lag]:+.2f}, with those {lag} {series.step}{'s' * (lag > 1)} before"
    if abs(acf[lag]) < MIN_CORRELATION:
        says = f"The {name} are hardly correlated with earlier ones: {largest}. {count}."
    elif abs(acf[lag]) < deviations / np.sqrt(values.count()):
        says = f"The {name} are not significantly correlated with earlier ones: {largest}. {count}."
    else:
        peak = _peak(acf, deviations, int(values.count()))
        season = f", and again {acf[peak]:+.2f} {peak} {series.step}s before" if peak and peak != lag else ""
        says = f"The {name} are correlated with earlier ones: {largest}{season}. {count}."
    return Figure(title, says, shape, rows)


def _peak(acf: pd.Series, deviations: float, count: int) -> int | None:
    """Return the lag of a season: the highest autocorrelation that stands out from the lowest one before it.

    It stands out by `deviations` standard errors (Bartlett 1946, for a series whose later autocorrelations are zero).
    acf: by lag, in order; count: the number of values.
    """
    threshold = deviations * np.sqrt((1 + 2 * (acf**2).cumsum().shift(1, fill_value=0)) / count)
    tops = (acf > acf.shift(1)) & (acf > acf.shift(-1))
    peaks = acf[tops & (acf > threshold) & (acf - acf.cummin() > threshold) & (acf > MIN_CORRELATION)]
    return int(peaks.idxmax()) if len(peaks) else None
