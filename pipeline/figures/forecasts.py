"""Figures of a ticker's forecasts: beside what came, beyond the last session, and what they missed."""

import numpy as np
import pandas as pd
from scipy import stats

from pipeline import charts, thinning
from pipeline.figures import Figure, dependence, distribution
from pipeline.figures.sessions import part, spans
from pipeline.findings import moment
from pipeline.results import percent
from pipeline.subject import Subject
from pipeline.verdict import SIGNIFICANT, chance

SHADOW = 0.5  # of the error: a forecast nearer than this to the last value follows it
LAGS = 30


def predicted(tested: pd.DataFrame, subject: Subject, sessions: int, coverage: float, most: int) -> Figure:
    """tested: date, actual, predicted, lower, upper, persistence, one step ahead; sessions: shown at first."""
    shown = thinning.line(tested, "actual", most)
    from_last = (tested["predicted"] - tested["persistence"]).abs().mean()
    missed = (tested["predicted"] - tested["actual"]).abs().mean()
    moved = (tested["actual"] - tested["persistence"]).abs().mean()
    distance = f"on average it lies {_short(from_last, subject)} from the last {subject.name}"
    error = f"misses the next one by {_short(missed, subject)}, as the last one does by {_short(moved, subject)}"
    how = (
        f"shadows the last {subject.name}" if from_last <= SHADOW * missed else f"departs from the last {subject.name}"
    )
    return Figure(
        f"The {subject.name}, predicted one {subject.step} ahead, and actual",
        f"The forecast {how}: {distance}, and {error}.",
        charts.predicted(subject, percent(coverage)),
        {"forecasts": shown},
        {"brush": part(tested["date"], sessions)},
        spans(tested["date"]),
    )


def _short(value: float, subject: Subject) -> str:
    """To three digits."""
    return subject.value(float(f"{value:.3g}"))


def volatility(tested: pd.DataFrame, subject: Subject, sessions: int, most: int) -> Figure:
    """tested: date, variance_actual, variance_predicted, one step ahead, in order."""
    actual, forecast = tested["variance_actual"], tested["variance_predicted"]
    rows = pd.DataFrame({"date": tested["date"], "actual": np.exp(actual / 2), "predicted": np.exp(forecast / 2)})
    own, before = dependence.correlation(forecast, actual), dependence.correlation(actual.shift(1), actual)
    how = "more than" if own > before else "no more than"
    says = (
        f"The forecast says {how} the {subject.step} before: its correlation with the log variance that came is "
        f"{own:.2f}, that of the {subject.step} before {before:.2f}."
    )
    return Figure(
        f"Volatility of a {subject.step}, predicted one {subject.step} ahead, and actual",
        says,
        charts.volatility(subject),
        {"forecasts": thinning.line(rows, "actual", most)},
        {"brush": part(tested["date"], sessions)},
        spans(tested["date"]),
    )


def beyond(known: pd.DataFrame, future: pd.DataFrame, subject: Subject, coverage: float) -> Figure:
    """known: date, value, the last ones; future: date, value, lower, upper, in order."""
    first, last = future.iloc[0], future.iloc[-1]
    change = f" ({last['value'] / known['value'].iloc[-1] - 1:+.2%})" if subject.priced else ""
    says = f"For {moment(last['date'])} the forecast is {subject.value(last['value'])}{change}"
    narrow, wide = first["upper"] - first["lower"], last["upper"] - last["lower"]
    if not np.isnan(narrow + wide):
        says += (
            f", with a {percent(coverage)} band from {subject.value(last['lower'])} to {subject.value(last['upper'])}"
        )
        if len(future) > 1:
            how = "wider" if wide > narrow else "no wider"
            widths = f"{_short(wide, subject)}, {_short(narrow, subject)}"
            says += f", {how} than that of the next {subject.step} ({widths})"
    return Figure(
        f"The forecast beyond the last {subject.step}",
        f"{says}.",
        charts.beyond(subject, percent(coverage)),
        {"known": known, "future": future},
    )


def residuals(tested: pd.DataFrame, subject: Subject, most: int) -> dict[str, Figure]:
    """Figures by name of what came less what was forecast, of prices in percent of the last one.

    tested: date, actual, predicted, persistence, one step ahead, in order.
    """
    missed = (tested["actual"] - tested["predicted"]) / (tested["persistence"] if subject.priced else 1)
    title = "residual, of the last price" if subject.priced else f"residual of the {subject.name}"
    rows = thinning.line(pd.DataFrame({"date": tested["date"], "value": missed}), "value", most)  # the worst stay
    over_time = Figure(
        "Residuals over time: what came less what was forecast",
        _bias(missed, tested["date"], subject),
        charts.residuals(subject, title),
        {"values": rows},
    )
    return {
        "residuals": over_time,
        "residual_distribution": distribution.histogram(missed, subject, "residuals", title),
        "residual_quantiles": distribution.quantiles(missed, subject, "residuals", title, most),
        "residual_memory": dependence.memory(missed, min(LAGS, len(missed) // 4), subject, "residuals"),
    }


def _bias(missed: pd.Series, dates: pd.Series, subject: Subject) -> str:
    """Whether forecasts lie too high or too low (Student's t), and when they missed most."""
    known = missed.dropna()
    worst = known.abs().idxmax()
    most = f"the largest residual, {subject.amount(known[worst])}, is of {moment(dates[worst])}"
    p = float(stats.ttest_1samp(known, 0).pvalue if known.nunique() > 1 else known.iloc[0] == 0)
    test = f"mean residual {subject.amount(known.mean())}, p {chance(p)}"
    if p >= SIGNIFICANT:
        return f"Forecasts show no bias beyond chance ({test}); {most}."
    return f"Forecasts lie too {'low' if known.mean() > 0 else 'high'} ({test}); {most}."
