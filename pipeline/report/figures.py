"""The figure type of both pages, and the figures that both pages show."""

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from scipy.special import bdtr, bdtrc, ndtr, ndtri
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


def line(dates: pd.Series, values: pd.Series, max_points: int) -> pd.DataFrame:
    """Return the columns date and value of a line at `shape_points`."""
    points = values.to_numpy(np.float64)
    kept = shape_points(points, max_points)
    return pd.DataFrame({"date": dates.to_numpy()[kept], "value": points[kept]})


def shape_points(values: np.ndarray, max_points: int) -> np.ndarray:
    """Return the positions of at most `max_points` values (3 or more) that keep the shape of a line, and of wide gaps.

    The method is largest triangle three buckets (Steinarsson 2013, "Downsampling Time Series for Visual
    Representation", University of Iceland). A gap is wide if a reader can see it, and is kept as one missing value;
    other missing values are dropped. All positions are returned if there are few. values: float64, in order.
    """
    if len(values) <= max_points:
        return np.arange(len(values))
    missing = np.isnan(values)
    known = kept = np.flatnonzero(~missing)
    if len(known) > max_points:
        kept = known[LTTBDownsampler().downsample(values[known], n_out=max_points).astype(int)]
    run = np.cumsum(np.diff(missing, prepend=False))  # the number of each run of known or missing values
    is_wide, is_first = np.bincount(run)[run] > len(values) / max_points, np.diff(run, prepend=-1) != 0
    return np.union1d(kept, np.flatnonzero(missing & is_wide & is_first))


def evenly(rows: pd.DataFrame, max_rows: int) -> pd.DataFrame:
    """Return at most `max_rows` rows, at equal distances from the first to the last."""
    if len(rows) <= max_rows:
        return rows
    return rows.iloc[np.linspace(0, len(rows) - 1, max_rows).round().astype(int)]


def last_dates(dates: pd.Series, count: int) -> dict[str, Any]:
    """Return the range of the last `count` dates, as the parameter `brush` of a chart."""
    return {"x": [charts.vega_date(dates.iloc[-min(count, len(dates))]), charts.vega_date(dates.iloc[-1])]}


def date_ranges(dates: pd.Series) -> dict[str, Any]:
    """Return the date ranges that the reader can choose, by label. All end at the last date; "all" comes last."""
    ranges, last, times = {}, dates.iloc[-1], dates.to_numpy()
    for label, length in RANGE_LENGTHS.items():
        count = int((times > last - length).sum())
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
    variance = known.var() or 1.0  # x is empty if all values are equal
    heights = np.exp(-((x - known.mean()) ** 2) / (2 * variance)) / np.sqrt(2 * np.pi * variance)
    normal = pd.DataFrame({"x": x, "density": heights})
    bars = pd.DataFrame({"from": edges[:-1], "to": edges[1:], "density": density})
    return Figure(
        f"Distribution of the {name} (bars), and a normal distribution (line)",
        _extremes_sentence(known, name) if np.ptp(known) else f"All {name} are the same.",
        charts.distribution(axis_title, charts.axis_format(series), name),
        {"bars": bars, "normal": normal},
    )


def _extremes_sentence(values: np.ndarray, name: str) -> str:
    """Compare the number of extreme values with that of a normal distribution (two-sided binomial test)."""
    count = int((np.abs(values - values.mean()) > EXTREME_DEVIATIONS * values.std()).sum())
    share, total = 2 * ndtr(-EXTREME_DEVIATIONS), len(values)
    expected = share * total
    frequency = "about as frequent as"
    if count > MIN_RATIO * expected and bdtrc(count - 1, total, share) < LEVEL / 2:
        frequency = "more frequent than"
    elif count * MIN_RATIO < expected and bdtr(count, total, share) < LEVEL / 2:
        frequency = "less frequent than"
    series = pd.Series(values)
    return (
        f"Extreme values are {frequency} under a normal distribution (the bell-shaped line): {count} of "
        f"{total:,} {name} are more than {EXTREME_DEVIATIONS} standard deviations from the mean. A normal "
        f"distribution would have about {expected:.0f} (excess kurtosis {series.kurt():.1f}, skew "
        f"{series.skew():+.2f}; both would be 0)."
    )


def correlation(first: np.ndarray, second: np.ndarray) -> float:
    """Return Pearson's correlation where both are known, or 0 if one of them does not vary."""
    both = np.array([first, second], np.float64)
    both = both[:, ~np.isnan(both).any(axis=0)]
    return float(np.corrcoef(*both)[0, 1]) if both.size and np.ptp(both, axis=1).all() else 0.0


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
    acf = rows["lags"]["acf"].to_numpy()  # from lag 1
    if not len(acf):
        sentence = f"There are too few different {name} to compare with earlier ones (autocorrelation)."
        return Figure(title, sentence, shape, rows)
    lag, count = int(np.abs(acf).argmax()) + 1, int(values.count())
    strength, apart = acf[lag - 1], _distance(lag, series)
    outside = int((np.abs(acf) > rows["noise"]["bound"].iloc[1]).sum())
    # With many bars the longest often crosses a line by chance. Bonferroni's correction allows for their number.
    min_errors = -ndtri(0.025 / len(acf))
    strongest = f"the strongest correlation is {strength:+.2f}, between {name} {apart} apart (autocorrelation)"
    if abs(strength) < MIN_CORRELATION:
        says = f"High or low {name} say almost nothing about whether later ones are high or low: {strongest}."
    elif abs(strength) < min_errors / np.sqrt(count):
        says = f"The {name} show no clear link with earlier ones: {strongest}, which can be chance."
    else:
        says = f"High {name} tend to be followed by {'high' if strength > 0 else 'low'} ones {apart} later "
        says += f"(autocorrelation {strength:+.2f})"
        peak = _peak(acf, min_errors, count)
        if peak and peak != lag:
            says += f", and by high ones {_distance(peak, series)} later ({acf[peak - 1]:+.2f})"
        says += "."
    says += f" Bars across a dashed line: {outside} of {len(acf)} (about 5% if values were purely random, white noise)."
    return Figure(title, says, shape, rows)


def _distance(lag: int, series: SeriesInfo) -> str:
    return f"{lag} {series.step}{'s' * (lag > 1)}"


def _peak(acf: np.ndarray, min_errors: float, count: int) -> int | None:
    """Return the lag of the highest peak of the autocorrelations, such as that of a season; None if there is none.

    A peak must be `min_errors` standard errors above zero and above the lowest autocorrelation before it. The standard
    errors are Bartlett's (1946), for a series whose later autocorrelations are zero.
    acf: at lags from 1; count: the number of values.
    """
    before, own, after = acf[:-2], acf[1:-1], acf[2:]
    min_height = min_errors * np.sqrt((1 + 2 * np.cumsum(before**2)) / count)
    rise = own - np.minimum.accumulate(acf)[1:-1]
    is_peak = (own > before) & (own > after) & (own > min_height) & (rise > min_height) & (own > MIN_CORRELATION)
    return int(np.where(is_peak, own, 0).argmax()) + 2 if is_peak.any() else None
