"""The two reports as self-contained pages (the only module that imports Jinja); every value is escaped."""

from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from pipeline import charts

_templates = Environment(
    loader=PackageLoader("pipeline", "pages"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def page(template: str, **values: Any) -> bytes:
    """A template filled in, with the charts' script once inside it."""
    return _templates.get_template(template).render(script=charts.script(), **values).encode()
