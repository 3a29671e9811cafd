"""The reports as self-contained HTML pages (the only module that imports Jinja). Every value is escaped."""

import base64
import json
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import pyarrow as pa
from jinja2 import Environment, PackageLoader, StrictUndefined

from pipeline.formats import Table
from pipeline.report import charts
from pipeline.report.figures import Figure

_templates = Environment(
    loader=PackageLoader("pipeline", ".."),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_templates.globals["zip"] = zip
_templates.policies["json.dumps_kwargs"] = {"sort_keys": False}  # keep the order of the keys


class Ticker(NamedTuple):
    """What a page shows of a ticker when it is chosen. heading: its name and what is forecast, with its unit."""

    name: str
    heading: str
    notes: list[str]
    figures: dict[str, Figure]
    table: Table | None = None


def page(template: str, tickers: Iterable[Ticker], common: Mapping[str, Figure], **values: Any) -> bytes:
    """Fill in a template. The page holds the script and each chart's specification once, and each ticker's rows.

    template: its path in the repository; common: the figures of all tickers together; values: those of the template,
    with `script` (reports/vega.js). Raises ValueError if two tickers have different charts of one name.
    """
    first: Ticker | None = None
    figures: dict[str, Figure] = {}  # of each name, that of the first ticker which has one
    packed: dict[str, str] = {}
    for ticker in tickers:  # packed one by one, because the figures of hundreds need much memory
        first = first or ticker
        for name, figure in ticker.figures.items():
            if figures.setdefault(name, figure).shape != figure.shape:
                raise ValueError(f"{name}: its shape differs between tickers")
        packed[ticker.name] = _packed(ticker)
    return (
        _templates.get_template(template)
        .render(
            shapes={name: figure.shape for name, figure in {**figures, **common}.items()},
            figures=figures,
            common=common,
            first=first,
            packed=packed,
            shared={"figures": {name: _drawn(figure) for name, figure in common.items()}},
            **values,
        )
        .encode()
    )


def picture(ticker: Ticker, name: str, **start: Any) -> bytes:
    """Return a figure of a ticker as a PNG. start: values of its parameters, which replace those of the figure."""
    figure = ticker.figures[name]
    return charts.png(figure.shape, figure.rows, {**(figure.start or {}), **start}, f"{ticker.name}: {figure.title}")


def _packed(ticker: Ticker) -> str:
    """Return what the page shows of a ticker, as gzipped JSON in base 64, so that hundreds of tickers fit in a page.

    Arrow has its own zlib, so the bytes are the same on every machine.
    """
    table = ticker.table or Table("", [], [])
    shown = {
        "name": ticker.name,
        "heading": ticker.heading,
        "notes": ticker.notes,
        "figures": {name: _drawn(figure) for name, figure in ticker.figures.items()},
        "caption": table.caption,
        "table": table.rows,
    }
    return base64.b64encode(pa.compress(json.dumps(shown, allow_nan=False).encode(), "gzip", asbytes=True)).decode()


def _drawn(figure: Figure) -> dict[str, Any]:
    """Return what page.js needs to show a figure, except the specification of its chart."""
    rows = {name: charts.columns(table) for name, table in figure.rows.items()}
    return {"says": figure.sentence, "rows": rows, "start": figure.start or {}, "spans": figure.date_ranges or {}}
