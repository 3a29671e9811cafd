"""Pages stand alone, escape what they are given, and are the same to the byte each time."""

import re
from pathlib import Path

import pytest

from pipeline.pages import page

EXPLORE = {"heads": ["ticker"], "lines": [["<b>&"]], "tickers": [], "odd": [], "priced": True, "label": "close"}


def test_a_page_is_the_same_each_time_and_escapes_values() -> None:
    assert page("explore.html", **EXPLORE) == page("explore.html", **EXPLORE)
    html = page("explore.html", **EXPLORE).decode()
    assert "&lt;b&gt;&amp;" in html
    assert "<b>&" not in html


def test_a_value_the_template_lacks_is_an_error() -> None:
    with pytest.raises(Exception, match="'heads' is undefined"):
        page("explore.html", **{name: value for name, value in EXPLORE.items() if name != "heads"})


@pytest.mark.parametrize("name", ["explore", "forecast"])
def test_a_report_asks_for_no_other_address_and_is_small(name: str, walked: Path) -> None:
    html = (walked / f"reports/{name}.html").read_text()
    outside = re.sub(r"<script[^>]*>.*?</script>", "", html, flags=re.DOTALL)
    assert not re.findall(r"<(?:script|link|img|iframe)[^>]+(?:src|href)=|url\(", outside)
    assert not re.findall(r"<script[^>]+src=", html.split("vegaEmbed")[0])
    assert len(html.encode()) < 4_000_000
