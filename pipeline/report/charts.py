"""Charts as Vega-Lite specifications without data ("shapes"), and PNGs (the only module that imports Altair).

The docstring of each chart lists its tables with their columns, and its parameters. A specification is cached, so do
not change it. Dates are drawn as they are written, without time zone.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any

import altair as alt
import numpy as np
import pandas as pd
import vl_convert

from pipeline.series import SeriesInfo

Spec = dict[str, Any]

# The palette of Okabe and Ito: colour-blind readers can tell the colours apart, on white and on black
BLUE, ORANGE, GREY, GREEN, PURPLE, YELLOW = "#0072B2", "#D55E00", "#7F7F7F", "#009E73", "#CC79A7", "#E69F00"
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
HOURS = tuple(f"{hour:02}" for hour in range(24))
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
FIRST_DAYS = [1, 32, 60, 91, 121, 152, 182, 213, 244, 274, 305, 335]  # the day of the year when each month begins
PLAIN, PERCENT = ",.6~g", ".3~%"  # number formats of D3
KINDS = {"missing": ORANGE, "without a value": PURPLE, "dropped": YELLOW, "unexpected": BLUE, "jump": GREEN}
LABEL_WIDTH = 54  # pixels beside each vertical axis, so that charts below each other align
NOT_FROM_ZERO = alt.Scale(zero=False)
FONT = "Liberation Sans"  # the font of PNGs; it is part of vl-convert


def columns(rows: pd.DataFrame) -> dict[str, list[Any]]:
    """Return the columns of a table for a page: numbers with six digits, dates without time zone."""
    return {str(name): _plain(values) for name, values in rows.items()}


def _plain(values: pd.Series) -> list[Any]:
    if values.dtype.kind == "M":
        return np.datetime_as_string(values.to_numpy(), unit="m").tolist()
    if values.dtype.kind == "f":
        return [float(f"{value:.6g}") if value == value else None for value in values.tolist()]
    return values.tolist()


def png(shape: Spec, rows: Mapping[str, pd.DataFrame], start: Mapping[str, Any], title: str) -> bytes:
    """Draw a chart as a PNG, without a browser. start: values of its parameters, by name."""
    config = {**shape["config"], "background": "white", "title": {"anchor": "start"}, "font": FONT}
    config["view"] = {**config["view"], "continuousWidth": 800, "discreteWidth": 800}
    records = {name: _records(columns(table)) for name, table in rows.items()}
    values = {name: {"value": value} for name, value in start.items()}
    params = [{**param, **values.get(param["name"], {})} for param in shape.get("params", [])]
    drawn = {**shape, "title": title, "config": config, "datasets": records, "params": params}
    return vl_convert.vegalite_to_png(drawn, scale=1.5)


def _records(table: dict[str, list[Any]]) -> list[dict[str, Any]]:
    return [dict(zip(table, row, strict=True)) for row in zip(*table.values(), strict=True)]


def vega_date(date: pd.Timestamp) -> dict[str, int]:
    """Return a date as Vega-Lite writes one in a parameter."""
    return {"year": date.year, "month": date.month, "date": date.day, "hours": date.hour, "minutes": date.minute}


def _spec(chart: alt.TopLevelMixin, description: str, **properties: Any) -> Spec:
    config = {
        "background": None,
        "view": {"stroke": None},
        "axis": {"labelOverlap": True},
        "axisY": {"minExtent": LABEL_WIDTH, "maxExtent": LABEL_WIDTH, "titleLimit": 240},
        "legend": {"orient": "top", "labelLimit": 0, "columns": 3},
    }
    return {**chart.properties(description=description, **properties).to_dict(validate=False), "config": config}


def _chart(table: str) -> alt.Chart:
    return alt.Chart(alt.NamedData(table))


def _date() -> alt.X:
    return alt.X("date:T", title=None)


def _value(field: str, title: str | None, number_format: str = PLAIN) -> alt.Y:
    """Return a vertical axis that need not start at zero."""
    return alt.Y(f"{field}:Q", title=title, axis=alt.Axis(format=number_format), scale=NOT_FROM_ZERO)


def axis_format(series: SeriesInfo) -> str:
    """Return the number format of an axis of returns or values."""
    return PERCENT if series.priced else PLAIN


def _tips(number_format: str, *fields: str) -> list[alt.Tooltip]:
    return [alt.Tooltip(f"{field}:Q", format=number_format) for field in fields]


def _dated_tips(number_format: str) -> list[Any]:
    return ["date:T", *_tips(number_format, "value")]


def _legend(channel: type[Any], field: str, drawn: Mapping[str, Any]) -> Any:
    """Return a channel, such as colour, with a legend. drawn: what each value of the field is drawn as."""
    scale = alt.Scale(domain=list(drawn), range=list(drawn.values()))
    return channel(f"{field}:N", title=None, scale=scale)


def _lines(table: str, x: alt.X, y: alt.Y, colours: Mapping[str, str]) -> alt.Chart:
    """Draw one line for each column in `colours`."""
    dashes = {name: [4, 3] if name == "persistence" else [1, 0] for name in colours}
    return (
        _chart(table)
        .transform_fold(list(colours), as_=["line", "value"])
        .mark_line(strokeWidth=1.5)
        .encode(
            x=x,
            y=y,
            color=_legend(alt.Color, "line", colours),
            strokeDash=_legend(alt.StrokeDash, "line", dashes),
            tooltip=[alt.Tooltip(x.shorthand), "line:N", *_tips(PLAIN, "value")],
        )
    )


def _zero() -> alt.Chart:
    return alt.Chart(alt.sequence(1, as_="zero")).mark_rule(color=GREY, strokeDash=[4, 3]).encode(y="zero:Q")


def _brush() -> alt.Parameter:
    return alt.selection_interval(name="brush", encodings=["x"])


def _zoomed(layers: alt.Chart | alt.LayerChart, height: int, table: str, field: str, brush: alt.Parameter) -> Any:
    """Draw layers above a small overview line, on which the reader chooses the date range. field: the line's column."""
    y = alt.Y(f"{field}:Q", title=None, axis=None, scale=NOT_FROM_ZERO)
    line = _chart(table).mark_line(color=GREY, strokeWidth=1).encode(x=_date(), y=y)
    return alt.vconcat(layers.properties(height=height), line.properties(height=44).add_params(brush))


@cache
def values_over_time(series: SeriesInfo, *, traded: bool) -> Spec:
    """Draw the values by date, prices on a log scale, above the volume if `traded`. values, volumes: date, value."""
    y = _value("value", f"{series.name}, log scale" if series.priced else series.name)
    y = y.scale(nice=False, padding=6, type="log") if series.priced else y
    line = _chart("values").mark_line(color=BLUE, strokeWidth=1).encode(x=_date(), y=y, tooltip=_dated_tips(PLAIN))
    if not traded:
        return _spec(line, f"Line of the {series.name} by date.", height=280)
    bars = _chart("volumes").mark_area(color=GREY, interpolate="step")
    y = alt.Y("value:Q", title="volume", axis=alt.Axis(format=".2~s"), stack=False)
    both = alt.vconcat(line.properties(height=280), bars.encode(x=_date(), y=y).properties(height=70))
    return _spec(both, f"Line of the {series.name} by date on a log scale, above the volume traded.")


@cache
def candlesticks(series: SeriesInfo) -> Spec:
    """Draw candlesticks of the date range chosen below them. sessions: date, open, high, low, close.

    Parameters: brush, the date range; density, the number of sessions in a millisecond.
    """
    table, brush, density = "sessions", _brush(), alt.param(name="density", value=1e-8)
    up = alt.condition("datum.close >= datum.open", alt.value(BLUE), alt.value(ORANGE))
    tips = [alt.Tooltip("date:T"), *_tips(PLAIN, "open", "high", "low", "close")]
    x = _date().scale(domain=brush, padding=8)
    base = _chart(table).transform_filter(brush).encode(x=x, color=up, tooltip=tips)
    width = alt.expr("brush.date ? clamp(0.7 * width / (density * (brush.date[1] - brush.date[0])), 1, 14) : 1")
    ranges = base.mark_rule(clip=False).encode(y=_value("low", series.name), y2="high:Q")
    bodies = base.mark_bar(size=width, clip=False).encode(y=_value("open", series.name), y2="close:Q")
    return _spec(
        _zoomed(ranges + bodies, 280, table, "close", brush).add_params(density),
        "Candlesticks of open, high, low and close in the date range chosen on the line of all closes below.",
    )


@cache
def box_plots(order: tuple[str, ...], by: str, series: SeriesInfo) -> Spec:
    """Draw box plots by group. boxes: group, low, q1, median, q3, high, n; outliers: group, value."""
    x = alt.X("group:N", sort=list(order), title=None, axis=alt.Axis(labelAngle=0))
    measures = _tips(axis_format(series), "low", "q1", "median", "q3", "high")
    base = _chart("boxes").encode(x=x, tooltip=["group:N", *measures, "n:Q"])
    size = 20 if len(order) < 20 else 10
    outliers = _chart("outliers").mark_circle(size=7, opacity=0.35, color=BLUE)
    name = "returns" if series.priced else series.name
    low, q1, median, value = (
        _value(column, series.quantity, axis_format(series)) for column in ("low", "q1", "median", "value")
    )
    return _spec(
        outliers.encode(x=x, y=value)
        + base.mark_rule(color=GREY).encode(y=low, y2="high:Q")
        + base.mark_bar(size=size, color=BLUE).encode(y=q1, y2="q3:Q")
        + base.mark_tick(size=size, thickness=2, color="white").encode(y=median),
        f"Box plots of the {name} by {by}: quartiles, whiskers to 1.5 interquartile ranges, outliers as dots.",
        height=280,
    )


@cache
def distribution(title: str, number_format: str, name: str) -> Spec:
    """Draw a histogram and a normal density. name: what the values are; bars: from, to, density; normal: x, density."""
    x = alt.X(title=title, axis=alt.Axis(format=number_format), scale=NOT_FROM_ZERO)
    density = alt.Y("density:Q", title="density", axis=alt.Axis(format="~s"))
    bars = _chart("bars").mark_bar(color=BLUE, opacity=0.6)
    normal = _chart("normal").mark_line(color=ORANGE, strokeWidth=2)
    return _spec(
        bars.encode(x=x.field("from").type("quantitative"), x2="to:Q", y=density, y2=alt.datum(0))
        + normal.encode(x=x.field("x").type("quantitative"), y=density),
        f"Histogram of {name} with the normal density of the same mean and standard deviation.",
        height=280,
    )


@cache
def dated(title: str, number_format: str, description: str, *, filled: bool) -> Spec:
    """Draw one line by date; if `filled`, an area down to zero. values: date, value."""
    chart = _chart("values")
    drawn = chart.mark_area(color=ORANGE, opacity=0.6) if filled else chart.mark_line(color=BLUE, strokeWidth=1)
    y = _value("value", title, number_format).scale(zero=True)
    return _spec(drawn.encode(x=_date(), y=y, tooltip=_dated_tips(number_format)), description, height=200)


@cache
def autocorrelation(step: str, name: str) -> Spec:
    """Draw autocorrelations (bars), partial ones (dots) and the bounds of white noise (dashed).

    lags: lag, acf, pacf; noise: bound.
    """
    x = alt.X("lag:Q", title=f"lag, {step}s", axis=alt.Axis(tickMinStep=1))
    colour = _legend(alt.Color, "of", {"autocorrelation": BLUE, "partial": ORANGE})
    base = _chart("lags")
    tips = ["lag:Q", *_tips(".3f", "acf", "pacf")]
    bars = base.transform_calculate(of="'autocorrelation'").mark_rule(strokeWidth=3)
    dots = base.transform_calculate(of="'partial'").mark_circle(size=26, opacity=1)
    noise = _chart("noise").mark_rule(strokeDash=[4, 4], color=GREY).encode(y="bound:Q")
    return _spec(
        bars.encode(x=x, y=_value("acf", "correlation", "~g"), y2=alt.datum(0), color=colour, tooltip=tips)
        + dots.encode(x=x, y=_value("pacf", "correlation", "~g"), color=colour, tooltip=tips)
        + noise,
        f"Autocorrelations (bars) and partial ones (dots) of {name} by lag, with 95 % bounds for random values.",
        height=220,
    )


@cache
def correlations(count: int, name: str) -> Spec:
    """Draw a heat map of correlations, in the given order. cells: a, b, correlation."""
    axis = alt.Axis(labelOverlap=False, labelFontSize=10 if count <= 20 else 8)
    legend, scale = alt.Legend(title="correlation", format="~g"), alt.Scale(scheme="blueorange", domain=[-1, 1])
    cells = _chart("cells").mark_rect()
    return _spec(
        cells.encode(
            x=alt.X("a:N", sort=None, title=None, axis=axis),
            y=alt.Y("b:N", sort=None, title=None, axis=axis),
            color=alt.Color("correlation:Q", scale=scale, legend=legend),
            tooltip=["a:N", "b:N", *_tips(".2f", "correlation")],
        ),
        f"Heat map of the correlations between the tickers' {name}.",
        height={"step": 12} if count > 6 else 200,
    )


@cache
def data_quality(series: SeriesInfo) -> Spec:
    """Draw a calendar with a line for each year.

    spans: year, from, to (days of the year with values); days: year, day, kind, date.
    """
    y = alt.Y("year:O", title=None)
    month = "timeFormat(datetime(2001, 0, datum.value), '%b')"
    axis = alt.Axis(values=FIRST_DAYS, labelExpr=month, labelAlign="left", grid=True)
    x = alt.X("from:Q", title=None, axis=axis, scale=alt.Scale(domain=[1, 367], nice=False))
    spans = _chart("spans").mark_bar(color=GREY, opacity=0.25, size=9).encode(x=x, x2="to:Q", y=y)
    days = _chart("days").mark_tick(thickness=2, size=13)
    days = days.encode(x="day:Q", y=y, color=_legend(alt.Color, "kind", KINDS), tooltip=["date:N", "kind:N"])
    return _spec(
        spans + days,
        f"Calendar with a line for each year: which {series.step}s are missing, dropped, unexpected, or jump.",
        height={"step": 16},
    )


@cache
def predicted(series: SeriesInfo, band: str) -> Spec:
    """Draw actual values and forecasts with their band, of the date range chosen below.

    forecasts: date, actual, predicted, lower, upper, persistence. Parameters: brush, the date range; persistence,
    whether its line is drawn.
    """
    table, brush = "forecasts", _brush()
    shown = alt.param(
        name="persistence",
        value=False,
        bind=alt.binding_checkbox(name=f"show persistence: the last {series.name} again"),
    )
    x, y = _date().scale(domain=brush), _value("value", series.name)
    area = _chart(table).transform_filter(brush).mark_area(color=ORANGE, opacity=0.2)
    area = area.encode(x=x, y=_value("lower", series.name), y2="upper:Q")
    colours = {"actual": BLUE, "predicted": ORANGE, "persistence": GREY}
    seen = alt.condition("datum.line != 'persistence' || persistence", alt.value(1), alt.value(0))
    lines = _lines(table, x, y, colours).encode(opacity=seen).transform_filter(brush)
    return _spec(
        _zoomed(area + lines, 300, table, "actual", brush).add_params(shown),
        f"Lines of the actual {series.name} and of its forecast one {series.step} ahead with its {band} band, of the "
        "date range chosen on the line below.",
    )


@cache
def volatility(series: SeriesInfo) -> Spec:
    """Draw the volatility of each step, actual and forecast, of the date range chosen below.

    forecasts: date, actual, predicted. Parameter: brush, the date range.
    """
    table, brush = "forecasts", _brush()
    x = _date().scale(domain=brush)
    y = _value("value", f"volatility of the {series.step}", PERCENT)
    lines = _lines(table, x, y, {"actual": BLUE, "predicted": ORANGE}).transform_filter(brush)
    return _spec(
        _zoomed(lines, 240, table, "actual", brush),
        f"Lines of the volatility of each {series.step}, actual and as forecast one {series.step} ahead.",
    )


@cache
def next_forecast(series: SeriesInfo, band: str) -> Spec:
    """Draw the last values and the forecasts after them, with their band.

    known: date, value; future: date, value, lower, upper.
    """
    x, y, tips = _date(), _value("value", series.name), _dated_tips(PLAIN)
    past = _chart("known").mark_line(color=BLUE, point={"color": BLUE, "size": 16})
    fan = _chart("future").mark_area(color=ORANGE, opacity=0.25)
    ahead = _chart("future").mark_line(color=ORANGE, strokeDash=[4, 3], point={"color": ORANGE, "size": 40})
    return _spec(
        fan.encode(x=x, y=_value("lower", series.name), y2="upper:Q")
        + past.encode(x=x, y=y, tooltip=tips)
        + ahead.encode(x=x, y=y, tooltip=tips),
        f"Line of the last {series.step}s' {series.name}, then dots of the forecast within its {band} band.",
        height=260,
    )


@cache
def loss() -> Spec:
    """Draw the loss by epoch, a line for each member. epochs: member, epoch, loss, val_loss."""
    x, y = alt.X("epoch:Q", axis=alt.Axis(tickMinStep=1)), _value("value", "loss")
    lines = _lines("epochs", x, y, {"loss": BLUE, "val_loss": ORANGE}).encode(detail="member:N")
    return _spec(lines, "Lines of the loss by epoch, on train and on validation, of each network.", height=240)


@cache
def residuals(series: SeriesInfo, title: str) -> Spec:
    """Draw residuals as dots by date. values: date, value."""
    dots = _chart("values").mark_circle(size=12, opacity=0.5, color=BLUE)
    y = _value("value", title, axis_format(series))
    drawn = _zero() + dots.encode(x=_date(), y=y, tooltip=_dated_tips(axis_format(series)))
    return _spec(drawn, "Dots of the residuals by date.", height=220)


def _by_target(targets: tuple[str, ...]) -> dict[str, Any]:
    """Return the colour and the shape of each target."""
    return {
        "color": _legend(alt.Color, "target", dict(zip(targets, (BLUE, ORANGE), strict=False))),
        "shape": _legend(alt.Shape, "target", dict(zip(targets, ("circle", "square"), strict=False))),
    }


@cache
def skill(targets: tuple[str, ...], across: str, description: str, *, bounded: bool) -> Spec:
    """Draw the skill of each target by group, with its interval if `bounded`.

    skills: target, group, skill, low, high.
    """
    x = alt.X("group:O", title=across, sort=None, axis=alt.Axis(labelAngle=0))
    base = _chart("skills")
    offset = alt.XOffset("target:N", sort=list(targets))
    y = _value("skill", "skill", "+.3~g").scale(zero=True)
    tips = ["target:N", "group:N", *_tips("+.3f", "skill", "low", "high")]
    colours = _by_target(targets)
    points = base.mark_point(size=70, filled=True, opacity=1)
    drawn = _zero() + points.encode(x=x, xOffset=offset, y=y, tooltip=tips, **colours)
    if bounded:
        low = _value("low", "skill", "+.3~g").scale(zero=True)
        bounds = base.mark_rule(strokeWidth=2).encode(x=x, xOffset=offset, y=low, y2="high:Q", color=colours["color"])
        drawn = bounds + drawn
    return _spec(drawn, description, height=240)


@cache
def skill_by_year(models: tuple[str, ...]) -> Spec:
    """Draw the skill by year, a line for each of at most six models. skills: model, year, skill."""
    colours = dict(zip(models, (BLUE, ORANGE, GREEN, PURPLE, YELLOW, GREY), strict=False))
    shapes = dict(zip(models, ("circle", "square", "triangle-up", "diamond", "cross", "triangle-down"), strict=False))
    x, y = alt.X("year:O", title=None, axis=alt.Axis(labelAngle=0)), _value("skill", "skill", "+.3~g").scale(zero=True)
    base = _chart("skills").encode(x=x, y=y, color=_legend(alt.Color, "model", colours))
    points = base.mark_point(size=50, filled=True, opacity=1).encode(
        shape=_legend(alt.Shape, "model", shapes), tooltip=["model:N", "year:O", *_tips("+.3f", "skill")]
    )
    return _spec(
        _zero() + base.mark_line(strokeWidth=1.5) + points, "Lines of the skill of each model by year.", height=300
    )


@cache
def ranked(targets: tuple[str, ...]) -> Spec:
    """Draw the skill of each ticker, from the lowest to the highest. skills: target, ticker, rank, skill."""
    base = _chart("skills").mark_point(size=26, filled=True, opacity=0.8)
    tips = ["ticker:N", "target:N", *_tips("+.3f", "skill")]
    x = alt.X("rank:Q", title="tickers, from the lowest skill to the highest", axis=alt.Axis(tickMinStep=1))
    drawn = _zero() + base.encode(x=x, y=_value("skill", "skill", "+.3~g"), tooltip=tips, **_by_target(targets))
    return _spec(drawn, "Dots of the skill of each ticker, ordered, by target.", height=260)


@cache
def coverage(order: tuple[str, ...]) -> Spec:
    """Draw the coverage by tercile and kind of band. parts: part, band, coverage; nominal: coverage."""
    x = alt.X("part:N", sort=list(order), title=None, axis=alt.Axis(labelAngle=0))
    nominal = _chart("nominal").mark_rule(strokeDash=[4, 3], color=BLUE).encode(y="coverage:Q")
    points = _chart("parts").mark_point(size=90, filled=True, opacity=1)
    points = points.encode(
        x=x,
        y=_value("coverage", "coverage", ".0%"),
        color=_legend(alt.Color, "band", {"this band": ORANGE, "constant width": GREY}),
        shape=_legend(alt.Shape, "band", {"this band": "circle", "constant width": "square"}),
        tooltip=["part:N", "band:N", *_tips(".1%", "coverage")],
    )
    return _spec(
        nominal + points,
        "Dots of the coverage of the bands by volatility, and the nominal coverage as a line.",
        height=220,
    )
