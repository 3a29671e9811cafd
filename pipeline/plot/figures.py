"""The figures of the forecast: of one ticker, then of all together."""

from collections.abc import Callable

import numpy as np
import pandas as pd
from scipy import stats

from pipeline.formats import format_date, format_p, percent
from pipeline.report import charts
from pipeline.report.figures import LEVEL, Figure, correlation, downsampled, histogram, memory, part, spans
from pipeline.scoring.columns import ALL, POOLED, TERCILES
from pipeline.scoring.results import named
from pipeline.series import SeriesInfo

SHADOW = 0.5  # of the error: a forecast nearer than this to the last value follows it
LAGS = 30
FEW = 20  # forecasts: a year with fewer is not drawn
STEADY = 0.05  # of coverage, between terciles and from what it is to be


def predicted(tested: pd.DataFrame, series: SeriesInfo, sessions: int, coverage: float, most: int) -> Figure:
    """Forecasts one step ahead with their bands, and what came.

    tested: date, actual, predicted, lower, upper, persistence, in order; sessions: shown at first; coverage: of the
    bands; most: points of a line.
    """
    from_last = (tested["predicted"] - tested["persistence"]).abs().mean()
    missed = (tested["predicted"] - tested["actual"]).abs().mean()
    moved = (tested["actual"] - tested["persistence"]).abs().mean()
    distance = f"on average it lies {_short(from_last, series)} from the last {series.name}"
    error = f"misses the next one by {_short(missed, series)}, as the last one does by {_short(moved, series)}"
    how = "shadows" if from_last <= SHADOW * missed else "departs from"
    return Figure(
        f"The {series.name}, predicted one {series.step} ahead, and actual",
        f"The forecast {how} the last {series.name}: {distance}, and {error}.",
        charts.predicted(series, percent(coverage)),
        {"forecasts": downsampled(tested, "actual", most)},
        {"brush": part(tested["date"], sessions)},
        spans(tested["date"]),
    )


def _short(value: float, series: SeriesInfo) -> str:
    """To three digits."""
    return series.value(float(f"{value:.3g}"))


def volatility(tested: pd.DataFrame, series: SeriesInfo, sessions: int, most: int) -> Figure:
    """Volatility one step ahead as it was forecast, and as it came.

    tested: date, variance_actual, variance_predicted (logs of variances), in order; sessions: shown at first.
    """
    actual, forecast = tested["variance_actual"], tested["variance_predicted"]
    rows = pd.DataFrame({"date": tested["date"], "actual": np.exp(actual / 2), "predicted": np.exp(forecast / 2)})
    own, before = correlation(forecast, actual), correlation(actual.shift(1), actual)
    how = "more than" if own > before else "no more than"
    says = (
        f"The forecast says {how} the {series.step} before: its correlation with the log variance that came is "
        f"{own:.2f}, that of the {series.step} before {before:.2f}."
    )
    return Figure(
        f"Volatility of a {series.step}, predicted one {series.step} ahead, and actual",
        says,
        charts.volatility(series),
        {"forecasts": downsampled(rows, "actual", most)},
        {"brush": part(tested["date"], sessions)},
        spans(tested["date"]),
    )


def next_forecast(known: pd.DataFrame, future: pd.DataFrame, series: SeriesInfo, coverage: float) -> Figure:
    """The last values, and the forecasts from the last of them.

    known: date, value; future: date, value, lower, upper; both in order.
    """
    first, last = future.iloc[0], future.iloc[-1]
    change = f" ({last['value'] / known['value'].iloc[-1] - 1:+.2%})" if series.priced else ""
    says = f"For {format_date(last['date'])} the forecast is {series.value(last['value'])}{change}"
    narrow, wide = first["upper"] - first["lower"], last["upper"] - last["lower"]
    if not np.isnan(narrow + wide):
        bounds = f"{series.value(last['lower'])} to {series.value(last['upper'])}"
        says += f", with a {percent(coverage)} band from {bounds}"
        if len(future) > 1:
            how = "wider" if wide > narrow else "no wider"
            widths = f"{_short(wide, series)}, {_short(narrow, series)}"
            says += f", {how} than that of the next {series.step} ({widths})"
    return Figure(
        f"The forecast beyond the last {series.step}",
        f"{says}.",
        charts.next_forecast(series, percent(coverage)),
        {"known": known, "future": future},
    )


def residuals(tested: pd.DataFrame, series: SeriesInfo, most: int) -> dict[str, Figure]:
    """Figures by name of what came less what was forecast, of prices in percent of the last one.

    tested: date, actual, predicted, persistence, one step ahead, in order.
    """
    missed = (tested["actual"] - tested["predicted"]) / (tested["persistence"] if series.priced else 1)
    title = "residual, of the last price" if series.priced else f"residual of the {series.name}"
    rows = downsampled(pd.DataFrame({"date": tested["date"], "value": missed}), "value", most)  # the worst stay
    over_time = Figure(
        "Residuals over time: what came less what was forecast",
        _bias(missed, tested["date"], series),
        charts.residuals(series, title),
        {"values": rows},
    )
    return {
        "residuals": over_time,
        "residual_distribution": histogram(missed, series, "residuals", title),
        "residual_memory": memory(missed, min(LAGS, len(missed) // 4), series, "residuals"),
    }


def _bias(missed: pd.Series, dates: pd.Series, series: SeriesInfo) -> str:
    """Whether forecasts lie too high or too low (Student's t), and when they missed most."""
    known = missed.dropna()
    worst = known.abs().idxmax()
    p = float(stats.ttest_1samp(known, 0).pvalue if known.nunique() > 1 else known.iloc[0] == 0)
    how = "show no bias beyond chance" if p >= LEVEL else f"lie too {'low' if known.mean() > 0 else 'high'}"
    return (
        f"Forecasts {how} (mean residual {series.amount(known.mean())}, p {format_p(p)}); the largest residual, "
        f"{series.amount(known[worst])}, is of {format_date(dates[worst])}."
    )


def loss(history: pd.DataFrame) -> Figure:
    """How the loss fell while the networks were fitted. history: data/history.parquet."""
    best = history.loc[history.groupby("member")["val_loss"].idxmin()].set_index("member")
    ends = history.groupby("member").last()
    fell = bool((ends["loss"] < best["loss"]).all())
    best, last = best["epoch"], ends["epoch"]
    at = f"{best.min()}" if best.min() == best.max() else f"{best.min()} to {best.max()}"
    many = len(best) > 1
    still = int((best == last).sum())
    says = f"Validation was best at epoch {at} of {last.max()}" + (f", in {len(best)} networks" if many else "")
    if last.max() == 1:
        says += ": one epoch does not tell where it goes."
    elif still:
        whose = f" for {still} of them" if many else ""
        says += f"; it was still falling at the last epoch{whose}: more epochs may help."
    elif fell:
        says += (
            "; then it rose while the loss on train fell on, and training stopped: the network had begun to overfit."
        )
    else:
        says += "; then it rose, and training stopped."
    rows = {"epochs": history[["member", "epoch", "loss", "val_loss"]]}
    return Figure("Loss by epoch, on train (loss) and on validation (val_loss)", says, charts.loss(), rows)


def by_horizon(skills: pd.DataFrame, series: SeriesInfo) -> Figure:
    """Skill with its bounds. skills: as results.skills gives them."""
    table = skills.set_axis(["target", "group", "skill", "low", "high"], axis=1)
    table = table.astype(dict.fromkeys(("skill", "low", "high"), float))

    def clause(own: pd.DataFrame) -> str:
        above, below = int((own["low"] > 0).sum()), int((own["high"] < 0).sum())
        under = f" and below 0 at {below}" if below else ""
        return f"the interval of the skill lies above 0 at {above} of {len(own)} horizons{under}"

    title = "Skill on test by horizon: 0 is as good as the simple forecast"
    description = "Dots of the skill on test by horizon, with the 95 % interval of a block bootstrap."
    shape = charts.skill(_targets(table), f"{series.step}s ahead", description, bounded=True)
    return Figure(title, _sentence(table, clause), shape, {"skills": table})


def by_year(scores: pd.DataFrame, series: SeriesInfo) -> Figure | None:
    """Skill in each year; None where there is one year.

    scores: rows of data/scores.parquet of the network one step ahead on test, of one ticker or pooled.
    """
    own = scores[~scores["slice"].isin((ALL, *TERCILES)) & (scores["n"] >= FEW)]
    own = own.dropna(subset="skill").sort_values(["target", "slice"])
    if own["slice"].nunique() < 2:
        return None
    columns = {"target": _in_words(own, series), "group": own["slice"], "skill": own["skill"]}
    table = pd.DataFrame({**columns, "low": np.nan, "high": np.nan})

    def clause(own: pd.DataFrame) -> str:
        count = f"{(own['skill'] > 0).sum()} of {len(own)} years"
        return f"skill is above 0 in {count}, between {own['skill'].min():+.3f} and {own['skill'].max():+.3f}"

    shape = charts.skill(_targets(table), "year", "Dots of the skill on test by year.", bounded=False)
    return Figure(f"Skill one {series.step} ahead by year", _sentence(table, clause), shape, {"skills": table})


def by_ticker(scores: pd.DataFrame, series: SeriesInfo) -> Figure | None:
    """Skill of each ticker, ranked; None where there is one ticker.

    scores: rows of data/scores.parquet of the network one step ahead on test, of every ticker.
    """
    own = scores[(scores["slice"] == ALL) & (scores["ticker"] != POOLED)].dropna(subset="skill")
    if own["ticker"].nunique() < 2:
        return None
    table = own.assign(target=_in_words(own, series))[["target", "ticker", "skill"]]
    table["rank"] = table.groupby("target")["skill"].rank(method="first").astype(int)

    def clause(own: pd.DataFrame) -> str:
        count = f"{(own['skill'] > 0).sum()} of {len(own)} tickers"
        return f"skill is above 0 for {count}, median {own['skill'].median():+.3f}"

    shape = charts.ranked(_targets(table))
    return Figure(f"Skill one {series.step} ahead by ticker", _sentence(table, clause), shape, {"skills": table})


def _in_words(scores: pd.DataFrame, series: SeriesInfo) -> pd.Series:
    return scores["target"].map(lambda target: named(target, series))


def _targets(table: pd.DataFrame) -> tuple[str, ...]:
    return tuple(table["target"].unique())


def _sentence(table: pd.DataFrame, clause: Callable[[pd.DataFrame], str]) -> str:
    """What is said of each target. clause: of a target's rows."""
    joined = "; ".join(f"on the {target} {clause(own)}" for target, own in table.groupby("target", sort=False))
    return f"{joined[0].upper()}{joined[1:]}."


def coverage(own: dict[str, float], constant: dict[str, float], nominal: float, series: SeriesInfo) -> Figure:
    """The share of values that bands held one step ahead, by tercile of volatility.

    own, constant: of the forecast's bands and of those of constant width; nominal: the share that they are to hold.
    """
    rows = [(part, "this band", share) for part, share in own.items()]
    rows += [(part, "constant width", share) for part, share in constant.items()]
    if not rows:
        says = "The volatility of too few forecasts is known."
    else:
        least, greatest = min(own.values()), max(own.values())
        others = min(constant.values()), max(constant.values())
        off = max(abs(share - nominal) for share in own.values())
        how = "depends on volatility no less than one of constant width"
        if greatest - least <= STEADY:
            how = f"{'holds' if off <= STEADY else 'errs'} in calm and in storm alike"
        elif greatest - least < others[1] - others[0]:
            how = "depends on volatility less than one of constant width"
        says = (
            f"The band {how}: it held between {least:.1%} and {greatest:.1%}, one of constant width between "
            f"{others[0]:.1%} and {others[1]:.1%}."
        )
    tables = {
        "parts": pd.DataFrame(rows, columns=["part", "band", "coverage"]),
        "nominal": pd.DataFrame({"coverage": [nominal]}),
    }
    title = f"Share of values that the band held one {series.step} ahead, by volatility"
    return Figure(title, says, charts.coverage(TERCILES), tables)
