"""Pages need no other file, escape every value, contain each chart once, and have the same bytes each time."""

import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from pipeline.formats import Table
from pipeline.report import charts
from pipeline.report.figures import Figure
from pipeline.report.page import Ticker, page
from tests.pages import outside_scripts, parsed, shown

EVIL = "</script><script>alert(1)</script>"


def loss(sentence: str) -> Figure:
    rows = pd.DataFrame({"member": [1], "epoch": [1], "loss": [1.0], "val_loss": [2.0]})
    return Figure("Loss", sentence, charts.loss(), {"epochs": rows})


def explore(*tickers: Ticker, **changes: Any) -> str:
    values: dict[str, Any] = {"summary": Table("In short", ["ticker", "n"], [[ticker.name, "1"] for ticker in tickers])}
    values |= {"definitions": {}, "odd": {}, "downsampling_note": "", "too_short": "", "script": "draw();", **changes}
    return page("pipeline/explore/page.html", tickers, {"common": loss("Of all.")}, **values).decode()


ONE = Ticker("AAA", "AAA: close", ["A note."], {"loss": loss("It falls.")})
OTHER = Ticker(EVIL, EVIL, [EVIL], {"loss": loss(EVIL)})


def test_a_page_is_the_same_each_time() -> None:
    assert explore(ONE, OTHER) == explore(ONE, OTHER)


def test_every_value_is_escaped() -> None:
    table = Table(EVIL, [EVIL, EVIL], [[EVIL, "1"], ["AAA", EVIL]])
    html = explore(OTHER, ONE, summary=table, definitions={EVIL: EVIL}, downsampling_note=EVIL, too_short=EVIL)
    assert "&lt;/script&gt;&lt;script&gt;alert(1)" in html
    assert "<script>alert(1)" not in html
    assert shown(html)[EVIL]["figures"]["loss"]["says"] == EVIL  # packed: letters, digits, + and /
    assert html.count("<script") == 6  # shapes, common, two tickers, Vega, the page's own


def test_a_page_holds_each_shape_once_and_the_rows_of_each_ticker() -> None:
    html = explore(ONE, OTHER)
    assert list(parsed(html, "shapes")) == ["loss", "common"]
    assert shown(html)["AAA"]["figures"]["loss"]["rows"]["epochs"]["val_loss"] == [2.0]
    assert parsed(html, "common")["figures"]["common"]["says"] == "Of all."


def test_figures_of_one_name_that_differ_in_shape_are_an_error() -> None:
    other = loss("")._replace(shape=charts.correlations(3, "returns"))
    with pytest.raises(ValueError, match="loss: its shape differs between tickers"):
        explore(ONE, ONE._replace(figures={"loss": other}))


def test_several_tickers_are_chosen_by_name_and_one_is_not() -> None:
    assert '<select id="ticker"><option>AAA</option>' in explore(ONE, ONE._replace(name="BBB"))
    assert "<select" not in explore(ONE)


def test_a_value_the_template_lacks_is_an_error() -> None:
    with pytest.raises(Exception, match="'definitions' is undefined"):
        page("pipeline/explore/page.html", [ONE], {}, script="", summary=Table("", ["a"], [["a"], ["b"]]))


def test_columns_of_texts_stand_left_and_columns_of_numbers_right() -> None:
    table = Table("", ["ticker", "n"], [["AAA", "+1"], ["1 B", "undefined"]])
    html = explore(ONE, OTHER, summary=table)
    assert re.findall(r'<th scope="col"( class="text")?>', html) == [' class="text"', ""]


@pytest.mark.parametrize("name", ["explore", "forecast"])
def test_a_report_asks_for_no_other_address_and_is_small(name: str, walked: Path) -> None:
    html = (walked / f"reports/{name}.html").read_text()
    assert not re.findall(r"<(?:script|link|img|iframe)[^>]+(?:src|href)=|url\(|@import", outside_scripts(html))
    assert not re.findall(r"<script[^>]+src=", html.split("vegaEmbed")[0])
    assert len(html.encode()) < 4_000_000


@pytest.mark.parametrize("name", ["explore", "forecast"])
def test_every_figure_of_a_report_has_a_title_a_text_alternative_and_a_sentence(name: str, walked: Path) -> None:
    html = outside_scripts((walked / f"reports/{name}.html").read_text())
    figures = re.findall(r"<figure.*?</figure>", html, re.DOTALL)
    assert len(figures) > 5
    for figure in figures:
        assert re.search(r"<figcaption>[^<]{5,}</figcaption>", figure)
        assert re.search(r'role="img" aria-label="[^"]{20,}"', figure)
        assert re.search(r'<p class="says">[^<]{20,}\.</p>', figure)


@pytest.mark.parametrize("name", ["explore", "forecast"])
def test_names_within_a_report_are_unique(name: str, walked: Path) -> None:
    ids = re.findall(r'\sid="([^"]+)"', outside_scripts((walked / f"reports/{name}.html").read_text()))
    assert len(ids) == len(set(ids)) > 5
