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
    """title: of any ticker; says: of these data; shape: of any ticker; rows: its tables by name; start: values of its
    parameters by name; spans: by label the values of its parameter `brush` to choose from.
    """

    title: str
    says: str
    shape: charts.Spec
    rows: dict[str, pd.DataFrame]
    start: dict[str, Any] | None = None
    spans: dict[str, Any] | None = None


LEVEL = 0.05  # of significance
MIN_DATES = 15  # of a part to choose
FAR = 3  # standard deviations
MIN_RATIO = 1.2  # of extremes to those of the normal distribution, or the other way round, to be worth a word
MIN_CORRELATION = 0.1  # below it, 1 % of the variance, a correlation says next to nothing
SPANS = {
    "1 day": pd.Timedelta(days=1),
    "1 week": pd.Timedelta(weeks=1),
    "1 month": pd.DateOffset(months=1),
    "3 months": pd.DateOffset(months=3),
    "1 year": pd.DateOffset(years=1),
    "5 years": pd.DateOffset(years=5),
}


def downsampled(rows: pd.DataFrame, value: str, most: int) -> pd.DataFrame:
    """At most `most` values, at least 3, by largest triangle three buckets (Steinarsson 2013, "Downsampling Time Series
    for Visual Representation", University of Iceland); all where they are no more.

    rows: in order; value: the column drawn. Rows without it go, but for one more in each gap wide enough to be seen.
    """
    if len(rows) <= most:
        return rows
    null = rows[value].isna().to_numpy()
    known = np.flatnonzero(~null)
    chosen = known
    if len(known) > most:
        chosen = known[LTTBDownsampler().downsample(rows[value].to_numpy(np.float64)[known], n_out=most).astype(int)]
    run = np.cumsum(np.diff(null.astype(int), prepend=0) != 0)
    seen = null & (np.bincount(run)[run] > len(rows) / most) & (np.diff(run, prepend=-1) != 0)
    return rows.iloc[np.union1d(chosen, np.flatnonzero(seen))]


def evenly(rows: pd.DataFrame, most: int) -> pd.DataFrame:
    """At most `most` rows, at equal distances from the first to the last."""
    if len(rows) <= most:
        return rows
    return rows.iloc[np.linspace(0, len(rows) - 1, most).round().astype(int)]


def part(dates: pd.Series, count: int) -> dict[str, Any]:
    """The last `count` dates as the part of a figure that is shown."""
    return {"x": [charts.vega_date(dates.tail(count).iloc[0]), charts.vega_date(dates.iloc[-1])]}


def spans(dates: pd.Series) -> dict[str, Any]:
    """By label the parts to choose from, up to the last date: those with some dates, and all."""
    found = {}
    for label, span in SPANS.items():
        count = int((dates > dates.iloc[-1] - span).sum())
        if MIN_DATES <= count < len(dates):
            found[label] = part(dates, count)
    return {**found, "all": part(dates, len(dates))}


def histogram(values: pd.Series, series: SeriesInfo, what: str, title: str) -> Figure:
    """Bars, and the normal density of the same mean and deviation, none where values are all the same.

    values: any missing; what: they are, in the plural; title: of the axis.
    """
    own = values.dropna().to_numpy()
    if np.ptp(own) <= 1e-12 * np.abs(own).max():  # rounding alone makes them differ
        own = np.full(len(own), own[0])
    density, edges = np.histogram(own, bins=min(max(int(len(own) ** 0.5), 10), 80), density=True)
    x = np.linspace(edges[0], edges[-1], 81 if np.ptp(own) else 0)
    normal = pd.DataFrame({"x": x, "density": stats.norm.pdf(x, own.mean(), own.std())})
    bars = pd.DataFrame({"from": edges[:-1], "to": edges[1:], "density": density})
    return Figure(
        f"Distribution of the {what} (bars), and the normal one (line)",
        _extremes(own, what) if np.ptp(own) else f"All {what} are the same.",
        charts.distribution(title, charts.axis_form(series), what),
        {"bars": bars, "normal": normal},
    )


def _extremes(own: np.ndarray, what: str) -> str:
    """How many lie far from the mean, beside how many would under a normal distribution (binomial test)."""
    share = 2 * stats.norm.sf(FAR)
    far, expected = int((np.abs(own - own.mean()) > FAR * own.std()).sum()), share * len(own)
    how = "about as often as"
    if stats.binomtest(far, len(own), share).pvalue < LEVEL:
        how = "more often than" if far > MIN_RATIO * expected else how
        how = "less often than" if far * MIN_RATIO < expected else how
    return (
        f"Extremes come {how} under a normal distribution: {far} of {len(own):,} {what} lie beyond {FAR} deviations "
        f"({expected:.0f} under the normal); excess kurtosis {stats.kurtosis(own, bias=False):.1f}, "
        f"skew {stats.skew(own, bias=False):+.2f}."
    )


def correlation(first: pd.Series, second: pd.Series) -> float:
    """Pearson's, of what both have; 0 where one of them does not vary."""
    both = pd.DataFrame({"first": first, "second": second}).dropna()
    return float(np.corrcoef(both, rowvar=False)[0, 1]) if (both.nunique() > 1).all() else 0.0


def lags_of(values: pd.Series, lags: int, series: SeriesInfo, what: str) -> tuple[charts.Spec, dict[str, pd.DataFrame]]:
    """The shape and its rows: autocorrelations, and the band that holds 95 % of those of white noise."""
    bound = 1.96 / np.sqrt(max(values.count(), 1))
    rows = {"lags": autocorrelations(values, lags), "noise": pd.DataFrame({"bound": [-bound, bound]})}
    return charts.autocorrelation(series.step, what), rows


def memory(values: pd.Series, lags: int, series: SeriesInfo, what: str) -> Figure:
    """Autocorrelations of returns, values or residuals, in order. what: they are, in the plural."""
    shape, rows = lags_of(values, lags, series, what)
    title = f"Autocorrelation of the {what}"
    found = rows["lags"].set_index("lag")["acf"]
    if found.empty:
        return Figure(title, f"Too few {what} that differ for autocorrelations.", shape, rows)
    lag = int(found.abs().idxmax())
    outside = int((found.abs() > rows["noise"]["bound"].max()).sum())
    band = f"{outside} of {len(found)} lie outside the band of white noise"
    # The largest of many autocorrelations of noise lies beyond a band that holds 95 % of them: Bonferroni.
    beyond = stats.norm.isf(0.025 / len(found))
    largest = f"{found[lag]:+.2f}, at lag {lag}; {band}"
    if abs(found[lag]) < MIN_CORRELATION:
        says = f"The {what} are all but uncorrelated with those before: at most {largest}."
    elif abs(found[lag]) < beyond / np.sqrt(values.count()):
        says = f"The {what} are not told apart from noise: the largest autocorrelation is {largest}."
    else:
        peak = _peak(found, beyond, int(values.count()))
        season = f", and again {peak} {series.step}s before ({found[peak]:+.2f})" if peak and peak != lag else ""
        says = f"The {what} are correlated with those before: {found[lag]:+.2f} at lag {lag}{season}; {band}."
    return Figure(title, says, shape, rows)


def _peak(found: pd.Series, beyond: float, count: int) -> int | None:
    """The lag of the highest autocorrelation that stands out from the lowest one before it, such as a season's: by
    `beyond` standard errors (Bartlett 1946, of a series whose later autocorrelations are zero).

    found: by lag, in order; count: of values.
    """
    least = beyond * np.sqrt((1 + 2 * (found**2).cumsum().shift(1, fill_value=0)) / count)
    tops = (found > found.shift(1)) & (found > found.shift(-1))
    inner = found[tops & (found > least) & (found - found.cummin() > least) & (found > MIN_CORRELATION)]
    return int(inner.idxmax()) if len(inner) else None
