"""The two reports as self-contained pages (the only module that imports Jinja); every value is escaped."""

import base64
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import pyarrow as pa
from jinja2 import Environment, PackageLoader, StrictUndefined

from pipeline.formats import Table
from pipeline.report import charts
from pipeline.report.figures import Figure

_templates = Environment(
    loader=PackageLoader("pipeline", ""),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_templates.globals["zip"] = zip
_templates.policies["json.dumps_kwargs"] = {"sort_keys": False}  # in the order given


class Ticker(NamedTuple):
    """What a page shows of a ticker when it is chosen. heading: its name, and its unit where known."""

    name: str
    heading: str
    notes: list[str]
    figures: dict[str, Figure]
    table: Table | None = None


def page(template: str, tickers: Sequence[Ticker], common: Mapping[str, Figure], **values: Any) -> bytes:
    """A template filled in, with the charts' script once inside it, each shape once, and each ticker's rows.

    common: the figures that are of no one ticker. Raises ValueError where tickers' figures of one name differ in shape.
    """
    figures: dict[str, Figure] = {}
    for own in (ticker.figures for ticker in tickers):
        for name, figure in own.items():
            if figures.setdefault(name, figure).shape != figure.shape:
                raise ValueError(f"{name}: its shape differs between tickers")
    return (
        _templates.get_template(template)
        .render(
            script=charts.script(),
            shapes={name: figure.shape for name, figure in {**figures, **common}.items()},
            figures=figures,
            common=common,
            tickers=tickers,
            packed={ticker.name: _packed(ticker) for ticker in tickers},
            shared={"figures": {name: _drawn(figure) for name, figure in common.items()}},
            **values,
        )
        .encode()
    )


def pictures(ticker: Ticker, common: Mapping[str, Figure], **start: Any) -> Iterator[tuple[str, bytes]]:
    """A ticker's figures and those of all as PNGs, by name. start: of parameters that a picture has no switch for."""
    for name, figure in {**ticker.figures, **common}.items():
        title = figure.title if name in common else f"{ticker.name}: {figure.title}"
        yield name, charts.png(figure.shape, figure.rows, {**(figure.start or {}), **start}, title)


def _packed(ticker: Ticker) -> str:
    """What the page shows when a ticker is chosen: gzipped JSON in base 64, for hundreds of tickers are to be small.

    Arrow brings its own zlib, and the same bytes with it on every machine.
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
    """What the page needs to draw a figure, beside its shape."""
    rows = {name: charts.columns(own) for name, own in figure.rows.items()}
    return {"says": figure.says, "rows": rows, "start": figure.start or {}, "spans": figure.spans or {}}
