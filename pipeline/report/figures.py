"""The figure type of both pages, and the figures that both pages show."""

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from scipy import stats
from tsdownsample import LTTBDownsampler

from pipeline.report import charts
from pipeline.report.autocorrelation import autocorrelations
from pipeline.series import SeriesInfo


class Figure(NamedTuple):
    """A chart with its data, and a text that says what the data show.

    title and shape (the Vega-Lite specification) are the same for every ticker. sentence: there may be two; rows: the
    tables of the chart, by name; start: the initial values of its parameters, by name; date_ranges: the ranges that the
    reader can choose, by label.
    """

    title: str
    sentence: str
    shape: charts.Spec
    rows: dict[str, pd.DataFrame]
    start: dict[str, Any] | None = None
    date_ranges: dict[str, Any] | None = None


LEVEL = 0.05  # significance level of the tests
MIN_DATES = 15  # a date range with fewer dates is not offered
EXTREME_DEVIATIONS = 3  # a value that is more standard deviations from the mean is extreme
MIN_RATIO = 1.2  # "more frequent" means this many times as many extreme values as under a normal distribution
MIN_CORRELATION = 0.1  # a smaller correlation explains less than 1 % of the variance
RANGE_LENGTHS = {
    "1 day": pd.Timedelta(days=1),
    "1 week": pd.Timedelta(weeks=1),
    "1 month": pd.DateOffset(months=1),
    "3 months": pd.DateOffset(months=3),
    "1 year": pd.DateOffset(years=1),
    "5 years": pd.DateOffset(years=5),
}


def downsampled(rows: pd.DataFrame, value: str, max_points: int) -> pd.DataFrame:
    """Return at most `max_points` rows (3 or more) that keep the shape of the line, and one row for each wide gap.

    The method is largest triangle three buckets (Steinarsson 2013, "Downsampling Time Series for Visual
    Representation", University of Iceland). A gap is wide if a reader can see it; other missing values are dropped.
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
    run = np.cumsum(np.diff(missing.astype(int), prepend=0) != 0)  # the number of each run of known or missing values
    is_wide, is_first = np.bincount(run)[run] > len(rows) / max_points, np.diff(run, prepend=-1) != 0
    return rows.iloc[np.union1d(kept, np.flatnonzero(missing & is_wide & is_first))]


def evenly(rows: pd.DataFrame, max_rows: int) -> pd.DataFrame:
    """Return at most `max_rows` rows, at equal distances from the first to the last."""
    if len(rows) <= max_rows:
        return rows
    return rows.iloc[np.linspace(0, len(rows) - 1, max_rows).round().astype(int)]


def last_dates(dates: pd.Series, count: int) -> dict[str, Any]:
    """Return the range of the last `count` dates, as the parameter `brush` of a chart."""
    return {"x": [charts.vega_date(dates.tail(count).iloc[0]), charts.vega_date(dates.iloc[-1])]}


def date_ranges(dates: pd.Series) -> dict[str, Any]:
    """Return the date ranges that the reader can choose, by label. All end at the last date; "all" comes last."""
    ranges = {}
    for label, length in RANGE_LENGTHS.items():
        count = int((dates > dates.iloc[-1] - length).sum())
        if MIN_DATES <= count < len(dates):
            ranges[label] = last_dates(dates, count)
    return {**ranges, "all": last_dates(dates, len(dates))}


def histogram(values: pd.Series, series: SeriesInfo, name: str, axis_title: str) -> Figure:
    """Return a histogram, with the normal density of the same mean and standard deviation unless all values are equal.

    values: some may be missing; name: what they are, in the plural.
    """
    known = values.dropna().to_numpy()
    if np.ptp(known) <= 1e-12 * np.abs(known).max():  # the values differ only by rounding
        known = np.full(len(known), known[0])
    density, edges = np.histogram(known, bins=min(max(int(len(known) ** 0.5), 10), 80), density=True)
    x = np.linspace(edges[0], edges[-1], 81 if np.ptp(known) else 0)
    normal = pd.DataFrame({"x": x, "density": stats.norm.pdf(x, known.mean(), known.std())})
    bars = pd.DataFrame({"from": edges[:-1], "to": edges[1:], "density": density})
    return Figure(
        f"Distribution of the {name} (bars), and a normal distribution (line)",
        _extremes_sentence(known, name) if np.ptp(known) else f"All {name} are the same.",
        charts.distribution(axis_title, charts.axis_format(series), name),
        {"bars": bars, "normal": normal},
    )


def _extremes_sentence(values: np.ndarray, name: str) -> str:
    """Compare the number of extreme values with that of a normal distribution (binomial test)."""
    share = 2 * stats.norm.sf(EXTREME_DEVIATIONS)
    count = int((np.abs(values - values.mean()) > EXTREME_DEVIATIONS * values.std()).sum())
    expected = share * len(values)
    frequency = "about as frequent as"
    if stats.binomtest(count, len(values), share).pvalue < LEVEL:
        frequency = "more frequent than" if count > MIN_RATIO * expected else frequency
        frequency = "less frequent than" if count * MIN_RATIO < expected else frequency
    return (
        f"Extreme values are {frequency} under a normal distribution (the bell-shaped line): {count} of "
        f"{len(values):,} {name} are more than {EXTREME_DEVIATIONS} standard deviations from the mean. A normal "
        f"distribution would have about {expected:.0f} (excess kurtosis {stats.kurtosis(values, bias=False):.1f}, "
        f"skew {stats.skew(values, bias=False):+.2f}; both would be 0)."
    )


def correlation(first: pd.Series, second: pd.Series) -> float:
    """Return Pearson's correlation over the rows that both have, or 0 if one of them does not vary."""
    both = pd.DataFrame({"first": first, "second": second}).dropna()
    return float(np.corrcoef(both, rowvar=False)[0, 1]) if (both.nunique() > 1).all() else 0.0


def autocorrelation_chart(
    values: pd.Series, lags: int, series: SeriesInfo, name: str
) -> tuple[charts.Spec, dict[str, pd.DataFrame]]:
    """Return a chart and its tables: autocorrelations, and bounds that contain 95 % of those of random values."""
    bound = 1.96 / np.sqrt(max(values.count(), 1))
    rows = {"lags": autocorrelations(values, lags), "noise": pd.DataFrame({"bound": [-bound, bound]})}
    return charts.autocorrelation(series.step, name), rows


def autocorrelation_figure(values: pd.Series, lags: int, series: SeriesInfo, name: str) -> Figure:
    """Return the figure of the autocorrelations: how values are correlated with earlier ones, by their distance (lag).

    values: in order; name: what they are, in the plural.
    """
    shape, rows = autocorrelation_chart(values, lags, series, name)
    title = f"Autocorrelation of the {name}: are they correlated with earlier ones?"
    acf = rows["lags"].set_index("lag")["acf"]
    if acf.empty:
        sentence = f"There are too few different {name} to compare with earlier ones (autocorrelation)."
        return Figure(title, sentence, shape, rows)
    lag, count = int(acf.abs().idxmax()), int(values.count())
    outside = int((acf.abs() > rows["noise"]["bound"].max()).sum())
    bars = f"Bars across a dashed line: {outside} of {len(acf)} (about 5% if values were purely random, white noise)."
    # With many bars the longest often crosses a line by chance. Bonferroni's correction allows for their number.
    min_errors = stats.norm.isf(0.025 / len(acf))
    strongest = (
        f"the strongest correlation is {acf[lag]:+.2f}, between {name} {_distance(lag, series)} apart (autocorrelation)"
    )
    if abs(acf[lag]) < MIN_CORRELATION:
        sentence = (
            f"High or low {name} say almost nothing about whether later ones are high or low: {strongest}. {bars}"
        )
    elif abs(acf[lag]) < min_errors / np.sqrt(count):
        sentence = f"The {name} show no clear link with earlier ones: {strongest}, which can be chance. {bars}"
    else:
        peak = _peak(acf, min_errors, count)
        first = f"by {'high' if acf[lag] > 0 else 'low'} ones {_distance(lag, series)} later"
        then = f", and by high ones {_distance(peak, series)} later ({acf[peak]:+.2f})" if peak and peak != lag else ""
        sentence = f"High {name} tend to be followed {first} (autocorrelation {acf[lag]:+.2f}){then}. {bars}"
    return Figure(title, sentence, shape, rows)


def _distance(lag: int, series: SeriesInfo) -> str:
    return f"{lag} {series.step}{'s' * (lag > 1)}"


def _peak(acf: pd.Series, min_errors: float, count: int) -> int | None:
    """Return the lag of the highest peak of the autocorrelations, such as that of a season; None if there is none.

    A peak must be `min_errors` standard errors above zero and above the lowest autocorrelation before it. The standard
    errors are Bartlett's (1946), for a series whose later autocorrelations are zero.
    acf: by lag, in order; count: the number of values.
    """
    min_height = min_errors * np.sqrt((1 + 2 * (acf**2).cumsum().shift(1, fill_value=0)) / count)
    is_top = (acf > acf.shift(1)) & (acf > acf.shift(-1))
    peaks = acf[is_top & (acf > min_height) & (acf - acf.cummin() > min_height) & (acf > MIN_CORRELATION)]
    return int(peaks.idxmax()) if len(peaks) else None
