"""The figures of the forecast: of one ticker, then of all together."""

from collections.abc import Callable

import numpy as np
import pandas as pd
from scipy.special import stdtr

from pipeline.formats import format_date, format_p, percent
from pipeline.report import charts
from pipeline.report.figures import (
    LEVEL,
    Figure,
    autocorrelation_figure,
    correlation,
    date_ranges,
    histogram,
    last_dates,
    line,
    shape_points,
)
from pipeline.scoring.columns import ALL, POOLED, TERCILES
from pipeline.scoring.results import target_title
from pipeline.series import SeriesInfo

CLOSE_TO_LAST = 0.5  # a forecast nearer to the last value than this share of its own error follows it
MAX_LAGS = 30
MIN_YEAR_FORECASTS = 20  # a year with fewer is not drawn
MAX_COVERAGE_DIFFERENCE = 0.05  # between terciles, and from the nominal coverage, of a band that holds evenly


def predicted(tested: pd.DataFrame, series: SeriesInfo, sessions: int, coverage: float, max_points: int) -> Figure:
    """Return the figure of the forecasts one step ahead with their bands, and the actual values.

    tested: date, actual, predicted, lower, upper, persistence, in order; sessions: how many are shown at first;
    coverage: of the bands; max_points: of a line.
    """
    actual, forecast, last = (tested[name].to_numpy() for name in ("actual", "predicted", "persistence"))
    from_last, error = np.nanmean(np.abs(forecast - last)), np.nanmean(np.abs(forecast - actual))
    change = np.nanmean(np.abs(actual - last))
    verb = "follows" if from_last <= CLOSE_TO_LAST * error else "departs from"
    return Figure(
        f"The {series.name}: forecast one {series.step} ahead, and actual",
        f"The forecast {verb} the last {series.name}: on average it is {_short(from_last, series)} away from it. "
        f"Its average error is {_short(error, series)}; the {series.name} moves {_short(change, series)} on average.",
        charts.predicted(series, percent(coverage)),
        {"forecasts": tested.iloc[shape_points(actual, max_points)]},
        {"brush": last_dates(tested["date"], sessions)},
        date_ranges(tested["date"]),
    )


def _short(value: float, series: SeriesInfo) -> str:
    """Return a value with three digits."""
    return series.format_value(float(f"{value:.3g}"))


def volatility(tested: pd.DataFrame, series: SeriesInfo, sessions: int, max_points: int) -> Figure:
    """Return the figure of the volatility one step ahead, forecast and actual.

    tested: date, variance_actual, variance_predicted (log variances), in order; sessions: how many are shown at first.
    """
    actual, forecast = tested["variance_actual"].to_numpy(), tested["variance_predicted"].to_numpy()
    rows = pd.DataFrame({"date": tested["date"], "actual": np.exp(actual / 2), "predicted": np.exp(forecast / 2)})
    with_forecast, with_last = correlation(forecast, actual), correlation(actual[:-1], actual[1:])
    better = "says more" if with_forecast > with_last else "says no more"
    return Figure(
        f"Volatility (the usual size of a {series.step}'s move): forecast one {series.step} ahead, and actual",
        f"The forecast {better} about the next {series.step}'s volatility than the last {series.step} does: its "
        f"correlation with the actual log variance is {with_forecast:.2f}, that of the last {series.step} "
        f"{with_last:.2f}.",
        charts.volatility(series),
        {"forecasts": rows.iloc[shape_points(rows["actual"].to_numpy(), max_points)]},
        {"brush": last_dates(tested["date"], sessions)},
        date_ranges(tested["date"]),
    )


def next_forecast(known: pd.DataFrame, future: pd.DataFrame, series: SeriesInfo, coverage: float) -> Figure:
    """Return the figure of the last known values and the forecasts for the next steps.

    known: date, value; future: date, value, lower, upper; both in order.
    """
    value, lower, upper = (future[name].to_numpy() for name in ("value", "lower", "upper"))
    change = f" ({value[-1] / known['value'].iloc[-1] - 1:+.2%})" if series.priced else ""
    says = f"The forecast for {format_date(future['date'].iloc[-1])} is {series.format_value(value[-1])}{change}."
    width = upper - lower
    if not np.isnan(width[0] + width[-1]):
        bounds = f"{series.format_value(lower[-1])} to {series.format_value(upper[-1])}"
        says += f" Its {percent(coverage)} band goes from {bounds}."
        if len(future) > 1:
            widths = f"{_short(width[-1], series)} wide, that of the next {series.step} {_short(width[0], series)}"
            says += f" This band is {widths}."
    return Figure(
        f"The next {series.step}s, forecast from the last one",
        says,
        charts.next_forecast(series, percent(coverage)),
        {"known": known, "future": future},
    )


def residuals(tested: pd.DataFrame, series: SeriesInfo, max_points: int) -> dict[str, Figure]:
    """Return the figures of the residuals, by name. Residuals of prices are relative to the last price.

    tested: date, actual, predicted, persistence, one step ahead, in order.
    """
    residual = (tested["actual"] - tested["predicted"]) / (tested["persistence"] if series.priced else 1)
    title = "residual / last price" if series.priced else f"residual of the {series.name}"
    lags = min(MAX_LAGS, len(residual) // 4)
    over_time = Figure(
        "Residuals (actual minus forecast) over time",
        _bias(residual.to_numpy(), tested["date"], series),
        charts.residuals(series, title),
        {"values": line(tested["date"], residual, max_points)},
    )
    return {
        "residuals": over_time,
        "residual_distribution": histogram(residual, series, "residuals", title),
        "residual_autocorrelation": autocorrelation_figure(residual, lags, series, "residuals"),
    }


def _bias(residual: np.ndarray, dates: pd.Series, series: SeriesInfo) -> str:
    """Return whether forecasts are too high or too low on average (Student's t test), and the largest residual."""
    known, largest = residual[~np.isnan(residual)], np.nanargmax(np.abs(residual))
    mean, p = known.mean(), float(known[0] == 0)
    if np.ptp(known):  # not the standard deviation, which rounding can keep above 0
        p = 2 * stdtr(len(known) - 1, -np.abs(mean) / (known.std(ddof=1) / np.sqrt(len(known))))
    bias = "show no significant bias" if p >= LEVEL else f"are too {'low' if mean > 0 else 'high'} on average"
    return (
        f"Forecasts {bias}: the mean residual is {series.format_quantity(mean)} (t test, p {format_p(p)}). "
        f"The largest residual, {series.format_quantity(residual[largest])}, was on {format_date(dates.iloc[largest])}."
    )


def loss(history: pd.DataFrame, title: str) -> Figure:
    """Return the figure of the loss by epoch. history: the rows of one target in data/history.parquet."""
    lowest = history.loc[history.groupby("member")["val_loss"].idxmin()].set_index("member")
    ends = history.groupby("member").last()
    best, last = lowest["epoch"], ends["epoch"]
    epochs = f"{best.min()}" if best.min() == best.max() else f"{best.min()} to {best.max()}"
    members = f", in {len(best)} networks" if len(best) > 1 else ""
    still_falling = int((best == last).sum())
    says = f"The loss on validation was lowest at epoch {epochs} of {last.max()}{members}."
    if last.max() == 1:
        says += " One epoch does not show a trend."
    elif still_falling:
        which = f" in {still_falling} of them" if len(best) > 1 else ""
        says += f" It was still falling at the last epoch{which}, so more epochs may help."
    else:
        falling = " while the loss on train went on falling: the network began to overfit"
        says += f" Then it rose{falling if (ends['loss'] < lowest['loss']).all() else ''}, and training stopped."
    rows = {"epochs": history[["member", "epoch", "loss", "val_loss"]]}
    title = f"Loss of the {title} by epoch, on train (loss) and on validation (val_loss)"
    return Figure(title, says, charts.loss(), rows)


def by_horizon(skills: pd.DataFrame, series: SeriesInfo) -> Figure:
    """Return the figure of the skill by horizon with its interval. skills: as results.skills returns them."""
    table = skills.set_axis(["target", "group", "skill", "low", "high"], axis=1)
    table = table.astype(dict.fromkeys(("skill", "low", "high"), float))

    def clause(rows: pd.DataFrame) -> str:
        above, below = int((rows["low"] > 0).sum()), int((rows["high"] < 0).sum())
        worse = f", and significantly worse at {below}" if below else ""
        return f"significantly better than the baseline at {above} of {len(rows)} horizons{worse}"

    title = "Skill on test by horizon: above 0 is better than the baseline"
    description = "Dots of the skill on test by horizon, with the 95 % interval of a block bootstrap."
    shape = charts.skill(_targets(table), f"{series.step}s ahead", description, bounded=True)
    return Figure(title, _sentences(table, clause), shape, {"skills": table})


def by_year(scores: pd.DataFrame, series: SeriesInfo) -> Figure | None:
    """Return the figure of the skill in each year; None if there is only one year.

    scores: rows of data/scores.parquet of the network one step ahead on test, of one ticker or pooled.
    """
    years = scores[~scores["slice"].isin((ALL, *TERCILES)) & (scores["n"] >= MIN_YEAR_FORECASTS)]
    years = years.dropna(subset="skill").sort_values(["target", "slice"])
    if years["slice"].nunique() < 2:
        return None
    columns = {"target": _titles(years, series), "group": years["slice"], "skill": years["skill"]}
    table = pd.DataFrame({**columns, "low": np.nan, "high": np.nan})

    def clause(rows: pd.DataFrame) -> str:
        count = f"{(rows['skill'] > 0).sum()} of {len(rows)} years"
        lowest, highest = rows["skill"].min(), rows["skill"].max()
        return f"better than the baseline in {count}, with a skill from {lowest:+.3f} to {highest:+.3f}"

    shape = charts.skill(_targets(table), "year", "Dots of the skill on test by year.", bounded=False)
    return Figure(f"Skill one {series.step} ahead by year", _sentences(table, clause), shape, {"skills": table})


def by_ticker(scores: pd.DataFrame, series: SeriesInfo) -> Figure | None:
    """Return the figure of the skill of each ticker, ranked; None if there is only one.

    scores: rows of data/scores.parquet of the network one step ahead on test, of every ticker.
    """
    tickers = scores[(scores["slice"] == ALL) & (scores["ticker"] != POOLED)].dropna(subset="skill")
    if tickers["ticker"].nunique() < 2:
        return None
    table = tickers.assign(target=_titles(tickers, series))[["target", "ticker", "skill"]]
    table["rank"] = table.groupby("target")["skill"].rank(method="first").astype(int)

    def clause(rows: pd.DataFrame) -> str:
        count = f"{(rows['skill'] > 0).sum()} of {len(rows)} tickers"
        return f"better than the baseline for {count}, with a median skill of {rows['skill'].median():+.3f}"

    shape = charts.ranked(_targets(table))
    return Figure(f"Skill one {series.step} ahead by ticker", _sentences(table, clause), shape, {"skills": table})


def _titles(scores: pd.DataFrame, series: SeriesInfo) -> pd.Series:
    return scores["target"].map(lambda target: target_title(target, series))


def _targets(table: pd.DataFrame) -> tuple[str, ...]:
    return tuple(table["target"].unique())


def _sentences(table: pd.DataFrame, clause: Callable[[pd.DataFrame], str]) -> str:
    """Return a sentence for each target. clause: says of a target's rows how good the forecast is."""
    return " ".join(
        f"The forecast of the {name} is {clause(rows)}." for name, rows in table.groupby("target", sort=False)
    )


def coverage(terciles: dict[str, float], constant: dict[str, float], nominal: float, series: SeriesInfo) -> Figure:
    """Return the figure of the share of values inside the band one step ahead, by tercile of volatility.

    terciles, constant: by tercile, the share of this band and of a band of constant width; nominal: the share wanted.
    """
    rows = [(name, "this band", share) for name, share in terciles.items()]
    rows += [(name, "constant width", share) for name, share in constant.items()]
    says = "The volatility of too few forecasts is known."
    if rows:
        low, high = min(terciles.values()), max(terciles.values())
        constant_low, constant_high = min(constant.values()), max(constant.values())
        claim = "depends on volatility as much as that of a band of constant width"
        if high - low <= MAX_COVERAGE_DIFFERENCE:
            claim = "is about the same in calm and in turbulent times"
            if max(high - nominal, nominal - low) > MAX_COVERAGE_DIFFERENCE:
                claim += ", but it is not the one asked for"
        elif high - low < constant_high - constant_low:
            claim = "depends on volatility, but less than that of a band of constant width"
        says = (
            f"The coverage of the band (the share of values inside it) {claim}: it lies between {low:.1%} and "
            f"{high:.1%}; with constant width, between {constant_low:.1%} and {constant_high:.1%}."
        )
    tables = {
        "parts": pd.DataFrame(rows, columns=["part", "band", "coverage"]),
        "nominal": pd.DataFrame({"coverage": [nominal]}),
    }
    title = f"Coverage of the band one {series.step} ahead, by volatility"
    return Figure(title, says, charts.coverage(TERCILES), tables)
