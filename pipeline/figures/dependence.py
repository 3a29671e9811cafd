"""Figures of what goes with what: values with those before, volume with moves, tickers with one another."""

import numpy as np
import pandas as pd
from scipy.stats import norm

from pipeline import charts, thinning
from pipeline.correlations import autocorrelations, between
from pipeline.figures import Figure
from pipeline.subject import Subject

SLIGHT = 0.1  # a correlation below it, 1 % of the variance, says next to nothing
LASTING = 5  # lags in a row
USUAL = 22  # sessions
TICKERS = 40  # in a heat map that can be read
APART, NEAR = 0.2, 0.5  # correlations


def lagged(measured: pd.Series, subject: Subject, most: int) -> Figure:
    """measured: returns of prices, anything else as it is, in order."""
    dots = pd.DataFrame({"x": measured.shift(1), "y": measured}).dropna()
    form = charts.axis_form(subject)
    before = f"{subject.measured} of the {subject.step} before"
    shape = charts.scatter(
        before,
        subject.measured,
        form,
        form,
        f"Scatter of the {subject.many} against those of the {subject.step} before.",
    )
    r = correlation(dots["x"], dots["y"])
    what = "return" if subject.priced else "value"
    amount = f"their correlation is {r:+.2f}, {r * r:.1%} of the variance"
    if abs(r) < SLIGHT:
        says = f"A {what} says next to nothing of the one after it: {amount}."
    else:
        follows = "of the same kind" if r > 0 else "of the opposite kind"
        says = f"A {what} tends to be followed by one {follows}: {amount}."
    title = f"Each {what} against the one before"
    return Figure(title, says, shape, {"dots": thinning.evenly(dots, most)})


def correlation(first: pd.Series, second: pd.Series) -> float:
    """Pearson's, of what both have; 0 where one of them does not vary."""
    known = (first.notna() & second.notna()).to_numpy()
    one, other = first.to_numpy()[known], second.to_numpy()[known]
    if not len(one) or np.ptp(one) == 0 or np.ptp(other) == 0:
        return 0.0
    return float(np.corrcoef(one, other)[0, 1])


def volumes(returns: pd.Series, volume: pd.Series, subject: Subject, most: int) -> Figure:
    """Volume beside its own mean before, for its level changes over the years; against absolute returns.

    returns, volume: in order; no volume, and one of zero, is passed over.
    """
    traded = volume.where(volume > 0)
    usual = traded.shift(1).rolling(USUAL, min_periods=USUAL // 2).mean()
    dots = pd.DataFrame({"x": returns.abs(), "y": traded / usual}).dropna()
    against = f"volume, times its mean of the {USUAL} {subject.step}s before"
    shape = charts.scatter(
        "absolute return", against, charts.PERCENT, "~g", f"Scatter of the {against}, against the absolute return."
    )
    rank = correlation(dots["x"].rank(), dots["y"].rank())  # Spearman's
    plain = pd.DataFrame({"x": returns.abs(), "y": traded}).dropna().rank()
    of = f"volume taken beside its usual level; {correlation(plain['x'], plain['y']):+.2f} as it is"
    if len(dots) < USUAL:
        says = f"Too few {subject.step}s with a volume and a return."
    elif abs(rank) < SLIGHT:
        says = f"Volume and the size of the move hardly go together: their rank correlation is {rank:+.2f}, {of}."
    else:
        kind = "high" if rank > 0 else "low"
        says = f"Large moves come with {kind} volume: their rank correlation is {rank:+.2f}, {of}."
    return Figure("Volume against the size of the move", says, shape, {"dots": thinning.evenly(dots, most)})


def _lags(values: pd.Series, lags: int, subject: Subject, what: str) -> tuple[charts.Spec, dict[str, pd.DataFrame]]:
    """The shape and its rows: autocorrelations, and the band that holds 95 % of those of white noise."""
    bound = 1.96 / np.sqrt(max(values.count(), 1))
    rows = {"lags": autocorrelations(values, lags), "noise": pd.DataFrame({"bound": [-bound, bound]})}
    return charts.autocorrelation(subject.step, what), rows


def memory(values: pd.Series, lags: int, subject: Subject, what: str) -> Figure:
    """Autocorrelations of returns, values or residuals, in order. what: they are, in the plural."""
    shape, rows = _lags(values, lags, subject, what)
    title = f"Autocorrelation of the {what}"
    found = rows["lags"].set_index("lag")["acf"]
    if found.empty:
        return Figure(title, f"Too few {what} that differ for autocorrelations.", shape, rows)
    lag = int(found.abs().idxmax())
    outside = int((found.abs() > rows["noise"]["bound"].max()).sum())
    band = f"{outside} of {len(found)} lie outside the band of white noise"
    # The largest of many autocorrelations of noise lies beyond a band that holds 95 % of them: Bonferroni.
    beyond = norm.isf(0.025 / len(found))
    largest = f"{found[lag]:+.2f}, at lag {lag}; {band}"
    if abs(found[lag]) < SLIGHT:
        says = f"The {what} are all but uncorrelated with those before: at most {largest}."
    elif abs(found[lag]) < beyond / np.sqrt(values.count()):
        says = f"The {what} are not told apart from noise: the largest autocorrelation is {largest}."
    else:
        peak = _peak(found, beyond, int(values.count()))
        season = f", and again {peak} {subject.step}s before ({found[peak]:+.2f})" if peak and peak != lag else ""
        says = f"The {what} are correlated with those before: {found[lag]:+.2f} at lag {lag}{season}; {band}."
    return Figure(title, says, shape, rows)


def _peak(found: pd.Series, beyond: float, count: int) -> int | None:
    """The lag of the highest autocorrelation that stands out from the lowest one before it, such as a season's: by
    `beyond` standard errors (Bartlett 1946, of a series whose later autocorrelations are zero).

    found: by lag, in order; count: of values.
    """
    least = beyond * np.sqrt((1 + 2 * (found**2).cumsum().shift(1, fill_value=0)) / count)
    tops = (found > found.shift(1)) & (found > found.shift(-1))
    inner = found[tops & (found > least) & (found - found.cummin() > least) & (found > SLIGHT)]
    return int(inner.idxmax()) if len(inner) else None


def clustering(returns: pd.Series, lags: int, subject: Subject) -> Figure:
    """Autocorrelations of squared returns, in order: whether volatility clusters."""
    what = "squared returns"
    shape, rows = _lags((returns - returns.mean()) ** 2, lags, subject, what)
    title, found, bound = f"Autocorrelation of the {what}", rows["lags"]["acf"], rows["noise"]["bound"].max()
    if found.empty:
        return Figure(title, "Too few returns that differ for autocorrelations.", shape, rows)
    # A single lag may fall inside the band by chance: this one and the next ones are looked at together.
    count = min(LASTING, len(found))
    within = np.flatnonzero(found.rolling(count).mean().dropna() <= bound / np.sqrt(count))
    run = max(int(within[0]) if len(within) else len(found), int(found[0] > bound))
    stay = "Squared returns stay correlated for"
    if run >= LASTING:
        more = " and more" if run == len(found) else ""
        says = f"{stay} {run} {subject.step}s{more}: volatility clusters, so it can be forecast."
    elif run:
        says = f"{stay} {run} {subject.step}{'s' * (run > 1)} only: volatility clusters little."
    else:
        says = "Squared returns are not told apart from noise: volatility does not cluster here."
    return Figure(title, says, shape, rows)


def heat(values: pd.DataFrame, subject: Subject) -> Figure:
    """values: a row a step, a column a ticker, at least two: returns of prices, anything else as it is."""
    found = between(values)
    names, count = list(found.columns), len(found.columns)
    one, other = np.triu_indices(count, 1)
    pairs = pd.Series(found.to_numpy()[one, other]).dropna()
    title = "Correlations between tickers"
    if count > TICKERS:
        title = f"{title}: {TICKERS} of {count}, evenly from an order that puts like beside like"
    shown = thinning.evenly(found, TICKERS).index
    shape = charts.heat(len(shown), subject.many)
    part = found.loc[shown, shown].rename_axis("a").reset_index()
    cells = part.melt(id_vars="a", var_name="b", value_name="correlation")
    if pairs.empty:
        return Figure(title, "No two tickers share enough steps.", shape, {"cells": cells})
    middle = pairs.median()
    how = (
        "move together"
        if middle >= NEAR
        else "move together somewhat"
        if middle >= APART
        else "move against one another"
        if middle <= -APART
        else "hardly move together"
    )
    most, least = (
        f"{pairs[at]:+.2f} ({names[one[at]]} and {names[other[at]]})" for at in (pairs.idxmax(), pairs.idxmin())
    )
    says = f"The tickers {how}: the correlation of their {subject.many} is {most}."
    if len(pairs) > 1:
        over = f"{middle:+.2f} over {len(pairs):,} pairs, the highest {most}, the lowest {least}"
        says = f"The tickers {how}: the median correlation of their {subject.many} is {over}."
    return Figure(title, says, shape, {"cells": cells})
