"""Figures from tables, as Vega-Lite specifications and as PNGs (the only module that imports the charts' libraries).

Dates are drawn as they are written, in no time zone.
"""

from typing import Any

import altair as alt
import numpy as np
import pandas as pd
import vl_convert

from pipeline.subject import Subject

alt.data_transformers.disable_max_rows()

Spec = dict[str, Any]

# Okabe and Ito's palette: told apart by colour-blind readers too
BLUE, ORANGE, GREY, GREEN = "#0072B2", "#D55E00", "#7F7F7F", "#009E73"
MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
HOURS = [f"{hour:02}" for hour in range(24)]
DAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
DAY_AXIS = alt.Axis(format="%b %-d")
MONTH_AXIS = alt.Axis(format="%b %Y")
PERCENT = alt.Axis(format="+.1%")


def script() -> str:
    """Vega, Vega-Lite and vega-embed as one script, to stand once in a page."""
    return vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;")


def png(spec: Spec) -> bytes:
    """A specification as a picture, drawn without a browser."""
    fixed = {**spec, "width": 800, "height": spec.get("height", 300)}
    return vl_convert.vegalite_to_png(fixed, scale=1.5)


def _spec(chart: alt.TopLevelMixin, title: str, description: str, height: int = 300) -> Spec:
    named = chart.properties(title=title, description=description, width="container", height=height)
    config = {"font": "Liberation Sans", "background": "white", "view": {"stroke": None}, "title": {"anchor": "start"}}
    return {**named.to_dict(), "config": config}


def _lines(
    table: pd.DataFrame, x: alt.X, colours: dict[str, str], axis: str, form: str = ",.6~g", of: str | None = None
) -> alt.Chart:
    """One line a column named in `colours`, persistence dashed; a click in the legend shows one alone.

    of: a column that tells several lines of the same colour apart.
    """
    keys = [x.shorthand.split(":")[0], *([of] if of else [])]
    long = table.melt(id_vars=keys, value_vars=list(colours), var_name="line", value_name="value")
    chosen = alt.selection_point(name="chosen", fields=["line"], bind="legend")
    scale = alt.Scale(domain=list(colours), range=list(colours.values()))
    dash = alt.Scale(domain=list(colours), range=[[3, 3] if name == "persistence" else [1, 0] for name in colours])
    y = alt.Y("value:Q", title=axis, scale=alt.Scale(zero=False), axis=alt.Axis(format=form))
    line = (
        alt.Chart(long.dropna())
        .mark_line(strokeWidth=1.5)
        .encode(
            x=x,
            y=y,
            color=alt.Color("line:N", title=None, scale=scale, legend=alt.Legend(orient="top")),
            strokeDash=alt.StrokeDash("line:N", title=None, scale=dash),
            opacity=alt.condition(chosen, alt.value(1.0), alt.value(0.08)),
            tooltip=[x.shorthand, "line:N", alt.Tooltip("value:Q", format=form)],
        )
    )
    if of:
        line = line.encode(detail=f"{of}:N")
    return line.add_params(chosen)


def series(table: pd.DataFrame, subject: Subject, ticker: str) -> Spec:
    """The values by date, prices on a log scale. table: date, value."""
    low, high = table["value"].min(), table["value"].max()
    scale = (
        alt.Scale(type="log", domain=[low * 0.95, high * 1.05], nice=False) if subject.priced else alt.Scale(zero=False)
    )
    title = f"{subject.label}, log scale" if subject.priced else subject.label
    x, y = alt.X("date:T", title=None), alt.Y("value:Q", title=title, scale=scale)
    line = alt.Chart(table[["date", "value"]]).mark_line(color=BLUE, strokeWidth=1).encode(x=x, y=y)
    span = f"{table['date'].min():%Y} to {table['date'].max():%Y}"
    return _spec(line, f"{ticker}: {subject.name}", f"Line of {ticker}'s {subject.name} from {span}")


def lagged(values: pd.Series, subject: Subject, ticker: str) -> Spec:
    """Each value against the one before. values: returns of prices, else as they are, in order."""
    table = pd.DataFrame({"before": values.shift(1), "now": values}).dropna().round(6)
    axis, scale = _axis(subject), alt.Scale(zero=False)
    dots = (
        alt.Chart(table)
        .mark_circle(size=12, opacity=0.35, color=BLUE)
        .encode(
            x=alt.X("before:Q", title=f"{subject.measured} of the {subject.step} before", axis=axis, scale=scale),
            y=alt.Y("now:Q", title=subject.measured, axis=axis, scale=scale),
        )
    )
    return _spec(
        dots,
        f"{ticker}: {subject.measured} against the {subject.step} before",
        f"Scatter of {ticker}'s {subject.measured} against the previous {subject.step}'s",
    )


def _axis(subject: Subject) -> alt.Axis:
    return PERCENT if subject.priced else alt.Axis(format=",.6~g")


def box(values: pd.Series, groups: pd.Series, order: list[str], by: str, subject: Subject, ticker: str) -> Spec:
    """Box plot of values by group: quartiles, whiskers to 1.5 interquartile ranges, outliers as dots."""
    table = pd.DataFrame({"value": values, "group": groups}).dropna().round(6)
    present = [name for name in order if (table["group"] == name).any()]
    boxes = (
        alt.Chart(table)
        .mark_boxplot(color=BLUE, outliers={"size": 6, "opacity": 0.3}, size=24 if len(present) < 20 else 12)
        .encode(
            x=alt.X("group:N", sort=present, title=None, axis=alt.Axis(labelAngle=0)),
            y=alt.Y("value:Q", title=subject.measured, axis=_axis(subject), scale=alt.Scale(zero=False)),
        )
    )
    return _spec(boxes, f"{ticker}: {subject.measured} by {by}", f"Box plots of {ticker}'s {subject.measured} by {by}")


def box_by_month(values: pd.Series, dates: pd.Series, subject: Subject, ticker: str) -> Spec:
    return box(values, dates.dt.month.map(lambda month: MONTHS[month - 1]), MONTHS, "month", subject, ticker)


def box_by_weekday(values: pd.Series, dates: pd.Series, subject: Subject, ticker: str) -> Spec:
    return box(values, dates.dt.day_of_week.map(lambda day: DAYS[day]), DAYS, "weekday", subject, ticker)


def box_by_hour(values: pd.Series, dates: pd.Series, subject: Subject, ticker: str) -> Spec:
    return box(values, dates.dt.hour.map(lambda hour: HOURS[hour]), HOURS, "hour", subject, ticker)


def distribution(values: pd.Series, subject: Subject, ticker: str) -> Spec:
    """Histogram of values as a density, beside the normal density of the same mean and deviation."""
    own = values.dropna().to_numpy()
    mean, deviation = own.mean(), own.std()
    edges = np.linspace(own.min(), own.max(), 101)
    density, _ = np.histogram(own, bins=edges, density=True)
    bars = pd.DataFrame({"from": edges[:-1], "to": edges[1:], "density": density}).round(6)
    x = np.linspace(edges[0], edges[-1], 201)
    normal = np.exp(-((x - mean) ** 2) / (2 * deviation**2)) / (deviation * np.sqrt(2 * np.pi))
    axis = alt.X("from:Q", title=subject.measured, axis=_axis(subject), scale=alt.Scale(zero=False))
    histogram = (
        alt.Chart(bars)
        .mark_bar(color=BLUE, opacity=0.6)
        .encode(x=axis, x2="to:Q", y=alt.Y("density:Q", title="density"), y2=alt.datum(0))
    )
    curve = (
        alt.Chart(pd.DataFrame({"from": x, "density": normal}).round(6))
        .mark_line(color=ORANGE)
        .encode(x=axis, y="density:Q")
    )
    return _spec(
        histogram + curve,
        f"{ticker}: {subject.measured} (bars) and the normal distribution (line)",
        f"Histogram of {ticker}'s {subject.measured} with the normal density of the same mean and deviation",
    )


def curves(table: pd.DataFrame, value: str, title: str, *, log: bool) -> Spec:
    """At most four lines over one number. table: the number first, then a column a line; value: what they show."""
    number, *names = table.columns
    colours = dict(zip(names, (BLUE, ORANGE, GREEN, GREY), strict=False))
    scale, axis = alt.Scale(zero=True), alt.Axis(format="~g", tickCount=8)
    if log:
        logs = np.log10(table[names].to_numpy())
        low, high = int(np.floor(logs.min())), int(np.ceil(logs.max()))
        powers = [10.0**power for power in range(low, high + 1, (high - low) // 8 + 1)]
        scale, axis = alt.Scale(type="log", domain=[10.0**low, 10.0**high]), alt.Axis(format=".0e", values=powers)
    y = alt.Y("value:Q", title=value, scale=scale, axis=axis)
    lines = _lines(table, alt.X(f"{number}:Q"), colours, value).encode(y=y)
    return _spec(lines, title, f"Lines of the {value} by {number} for {', '.join(names)}")


def autocorrelation(table: pd.DataFrame, count: int, subject: Subject, ticker: str) -> Spec:
    """Autocorrelations by lag with the 95 % band of white noise. table: lag and two series; count: of values."""
    first, second = table.columns.drop("lag")
    colours = {first: GREY, second: ORANGE}
    long = table.melt(id_vars="lag", value_vars=list(colours), var_name="of", value_name="value").round(6)
    colour = alt.Color(
        "of:N",
        title=None,
        scale=alt.Scale(domain=list(colours), range=list(colours.values())),
        legend=alt.Legend(orient="top"),
    )
    dots = (
        alt.Chart(long)
        .mark_circle(size=30, opacity=0.9)
        .encode(
            x=alt.X("lag:Q", title=f"lag, {subject.step}s"), y=alt.Y("value:Q", title="autocorrelation"), color=colour
        )
    )
    band = alt.Chart(pd.DataFrame({"bound": [-1.96 / count**0.5, 1.96 / count**0.5]})).mark_rule(
        strokeDash=[4, 4], color=GREY
    )
    return _spec(
        dots + band.encode(y="bound:Q"),
        f"{ticker}: autocorrelation of {first} and of {second}",
        f"Autocorrelations of {ticker}'s {first} and {second} at lags 1 to {table['lag'].max()}",
    )


def _band(table: pd.DataFrame, x: alt.X) -> alt.Chart:
    """The area between `lower` and `upper`."""
    y = alt.Y("lower:Q", scale=alt.Scale(zero=False))
    area = alt.Chart(table[["date", "lower", "upper"]].dropna()).mark_area(color=ORANGE, opacity=0.2)
    return area.encode(x=x, y=y, y2="upper:Q")


def predicted(table: pd.DataFrame, subject: Subject, ticker: str, coverage: float) -> Spec:
    """One step ahead: actual, predicted with its band, and persistence.

    table: date, actual, predicted, lower, upper, persistence; coverage: of the band.
    """
    colours = {"actual": BLUE, "predicted": ORANGE, "persistence": GREY}
    x = alt.X("date:T", title=None, axis=_time_axis(table["date"]))
    lines = _lines(table.drop(columns=["lower", "upper"]), x, colours, subject.label)
    return _spec(
        (_band(table, x) + lines.interactive(bind_y=False)),
        f"{ticker}: {subject.name}, predicted one {subject.step} ahead with its {100 * coverage:g}% band, and actual",
        f"Lines of {ticker}'s actual {subject.name}, the network's forecast with its band, and persistence, "
        f"last {len(table)} test {subject.step}s",
    )


def _time_axis(dates: pd.Series) -> alt.Axis:
    """Months of long spans, days of short ones; hours as Vega thinks best."""
    if (dates != dates.dt.normalize()).any():
        return alt.Axis(labelOverlap=True)
    return MONTH_AXIS if dates.max() - dates.min() > pd.Timedelta(days=70) else DAY_AXIS


def variance(table: pd.DataFrame, subject: Subject, ticker: str) -> Spec:
    """Volatility one step ahead. table: date, actual, predicted: standard deviations."""
    x, colours = alt.X("date:T", title=None, axis=_time_axis(table["date"])), {"actual": BLUE, "predicted": ORANGE}
    lines = _lines(table, x, colours, "standard deviation", ".1%").interactive(bind_y=False)
    return _spec(
        lines,
        f"{ticker}: volatility of a {subject.step}, predicted one {subject.step} ahead and actual",
        f"Lines of {ticker}'s actual and predicted volatility, last {len(table)} test {subject.step}s",
    )


def loss(history: pd.DataFrame) -> Spec:
    """Loss by epoch, on train and on the stopping half of validation, a line a member. history: tables/history."""
    colours = {"loss": BLUE, "val_loss": ORANGE}
    x, epochs = alt.X("epoch:Q", axis=alt.Axis(tickMinStep=1)), history["epoch"].max()
    lines = _lines(history.round(6), x, colours, "loss", of="member")
    return _spec(
        lines,
        "Loss by epoch, on train (loss) and on validation (val_loss)",
        f"Lines of the loss on train and validation over {epochs} epochs, of {history['member'].nunique()} networks",
        height=240,
    )


def beyond(known: pd.DataFrame, future: pd.DataFrame, subject: Subject, ticker: str, coverage: float) -> Spec:
    """The last values and the forecast after them. known: date, value; future: date, value, lower, upper."""
    x = alt.X("date:T", title=None, axis=_time_axis(known["date"]))
    y = alt.Y("value:Q", title=subject.label, scale=alt.Scale(zero=False))
    past = alt.Chart(known).mark_line(color=BLUE, point=alt.OverlayMarkDef(color=BLUE, size=16)).encode(x=x, y=y)
    dots = (
        alt.Chart(future[["date", "value"]])
        .mark_line(color=ORANGE, strokeDash=[4, 3], point=alt.OverlayMarkDef(color=ORANGE, size=40))
        .encode(x=x, y=y)
    )
    return _spec(
        _band(future, x) + past + dots,
        f"{ticker}: {subject.name}, last {subject.step}s (blue) and forecast (orange), {100 * coverage:g}% band",
        f"Line of {ticker}'s last {len(known)} {subject.step}s and its forecast for {len(future)} more with its band",
        height=260,
    )
