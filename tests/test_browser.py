"""The reports in a real browser: every figure is drawn and can be used, nothing is asked of any other address, no error
is logged, and axe finds no serious fault.
"""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pipeline import quality
from pipeline.explore.page import ticker_figures
from pipeline.explore.summary import summary
from pipeline.formats import Table
from pipeline.io.artifacts import read_record
from pipeline.plot.page import max_points
from pipeline.report.page import Ticker, page
from pipeline.series import SeriesInfo
from tests.conftest import UNPINNED, vega
from tests.pages import parsed, shown
from tests.series import made_prices, made_report
from tests.studies.backtest.test_results import backtest_page

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not shutil.which("chromium"), reason="needs Debian's chromium")]

ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
REPORTS = ("explore", "forecast")
CLOSE = SeriesInfo("close", "USD", "session", priced=True)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    machine: dict[str, str | float | bool] = {**UNPINNED}  # its fonts too, which are hidden from pictures alone
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=ARGUMENTS, env=machine)
        yield found
        found.close()


@pytest.fixture
def opened(browser: Any) -> Iterator[Callable[..., Any]]:
    """Opens a page and waits until all is drawn; at the end nothing was logged, nothing asked of another address."""
    asked: list[str] = []
    logged: list[str] = []
    contexts = []

    def open_(path: Path, width: int = 1280, scheme: str = "light", fragment: str = "") -> Any:
        context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme, offline=True)
        contexts.append(context)
        own = context.new_page()
        own.on("request", lambda request: asked.append(request.url))
        own.on("console", lambda message: logged.append(message.text))
        own.on("pageerror", lambda error: logged.append(str(error)))
        own.goto(path.as_uri() + fragment)
        drawn(own)
        return own

    yield open_
    for context in contexts:
        context.close()
    assert [url for url in asked if not url.startswith(("file:", "data:", "blob:"))] == []
    assert logged == []


def drawn(own: Any) -> None:
    """Wait until every figure that is shown is drawn."""
    own.wait_for_selector("main[aria-busy=false]", timeout=30_000)


def marks(own: Any, figure: str, kind: str) -> int:
    """Marks of a kind in a figure: rule, rect, symbol, line (one path), area (one path)."""
    count: int = own.locator(
        f"#figure-{figure} .role-mark.mark-{kind} > path, #figure-{figure} .role-mark.mark-{kind} > line"
    ).count()
    return count


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [380, 800, 1280])
@pytest.mark.parametrize("name", REPORTS)
def test_a_report_opens_from_disk_draws_every_figure_and_is_accessible(
    name: str, width: int, scheme: str, walked: Path, opened: Callable[..., Any]
) -> None:
    from axe_playwright_python.sync_playwright import Axe

    path = walked / f"reports/{name}.html"
    own, html = opened(path, width, scheme), path.read_text()
    expected = len(shown(html)["AAA"]["figures"]) + len(parsed(html, "common")["figures"])
    assert own.locator("figure:not([hidden]) .chart svg.marks").count() == expected
    assert own.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
    found = Axe().run(own).response["violations"]
    assert [
        (fault["id"], fault["nodes"][0]["html"]) for fault in found if fault["impact"] in ("serious", "critical")
    ] == []


def test_the_page_of_the_backtest_opens_and_shows_each_ticker(tmp_path: Path, opened: Callable[..., Any]) -> None:
    from axe_playwright_python.sync_playwright import Axe

    path = tmp_path / "backtest.html"
    path.write_bytes(backtest_page())
    own = opened(path)
    assert own.locator("figure:not([hidden]) .chart svg.marks").count() == 2
    assert marks(own, "years", "symbol") == 8 * 5  # years and models
    own.select_option("#ticker", "T1")
    own.wait_for_function("document.querySelector('#chosen').textContent === 'T1'")
    found = Axe().run(own).response["violations"]
    assert [fault["id"] for fault in found if fault["impact"] in ("serious", "critical")] == []


def test_figures_have_the_marks_of_their_rows(walked: Path, opened: Callable[..., Any]) -> None:
    own = opened(walked / "reports/explore.html")
    rows = shown((walked / "reports/explore.html").read_text())["AAA"]["figures"]
    assert marks(own, "values_and_volume", "line") == 1
    bodies, ranges = marks(own, "candlesticks", "rect") - 2, marks(own, "candlesticks", "rule")  # the brush has two
    assert bodies == ranges == 120
    assert marks(own, "autocorrelation", "symbol") == len(rows["autocorrelation"]["rows"]["lags"]["lag"]) == 10
    assert marks(own, "months", "rect") == 2 * 12  # boxes and medians
    assert marks(own, "correlations", "rect") == 4
    tested = opened(walked / "reports/forecast.html")
    assert marks(tested, "predicted", "line") == 3 + 1  # actual, predicted, persistence; all of actual below
    assert marks(tested, "predicted", "area") == 1
    assert marks(tested, "loss_price", "line") == 2 * 2
    assert marks(tested, "horizons", "symbol") == marks(tested, "horizons", "rule") - 1 == 6  # and the line at 0
    assert tested.locator("#next_forecast tbody tr").count() == 3


def test_a_ticker_is_chosen_by_its_name_in_the_table_the_list_or_the_address(
    walked: Path, opened: Callable[..., Any]
) -> None:
    own, tickers = opened(walked / "reports/explore.html"), shown((walked / "reports/explore.html").read_text())
    says = own.locator("#figure-values_and_volume .says")

    def chosen(name: str) -> None:
        own.wait_for_function(f"document.querySelector('#chosen').textContent.startsWith('{name}')")
        drawn(own)
        assert says.text_content() == tickers[name]["figures"]["values_and_volume"]["says"]
        assert own.locator("#ticker").input_value() == name

    chosen("AAA")
    own.locator("#ticker").select_option("BBB")
    chosen("BBB")
    own.get_by_role("link", name="AAA").click()
    chosen("AAA")
    other = opened(walked / "reports/forecast.html", fragment="#BBB")
    assert other.locator("#chosen").text_content().startswith("BBB")
    assert other.locator("#figure-predicted").is_hidden()  # it ended before the test period
    assert other.locator("#figure-next_forecast svg.marks").is_visible()


def test_the_table_of_tickers_sorts_by_a_column_and_back(walked: Path, opened: Callable[..., Any]) -> None:
    own = opened(walked / "reports/explore.html")
    button, column = own.get_by_role("button", name="annual volatility"), 6

    def cells() -> list[str]:
        texts: list[str] = own.locator(f"table >> tbody tr td:nth-child({column + 1})").all_text_contents()
        return texts

    numbers = sorted((float(text.rstrip("%")) for text in cells()), reverse=True)
    assert len(numbers) == 2
    button.click()
    assert [float(text.rstrip("%")) for text in cells()] == numbers
    assert own.locator("th[aria-sort=descending]").text_content().strip() == "annual volatility"
    button.press("Enter")  # by keyboard too
    assert [float(text.rstrip("%")) for text in cells()] == numbers[::-1]


def test_persistence_is_switched_on_by_keyboard(walked: Path, opened: Callable[..., Any]) -> None:
    own = opened(walked / "reports/forecast.html")
    lines, switch = own.locator("#figure-predicted .role-mark.mark-line path"), own.locator("#figure-predicted input")
    opacity = "paths => paths.map(path => path.getAttribute('opacity'))"
    assert "0" in lines.evaluate_all(opacity)
    switch.focus()
    own.keyboard.press("Space")
    hidden = "#figure-predicted .role-mark.mark-line path[opacity='0']"
    own.wait_for_function(f'!document.querySelector("{hidden}")')
    own.locator("#figure-predicted").get_by_role("button", name="all").click()  # and it stays on
    own.wait_for_function("document.querySelector('#figure-predicted button[aria-pressed=true]')")
    assert switch.is_checked()


def test_candles_show_the_part_chosen_by_button_and_by_dragging(walked: Path, opened: Callable[..., Any]) -> None:
    own = opened(walked / "reports/explore.html")
    own.locator("#figure-candlesticks").get_by_role("button", name="1 month").press("Enter")
    count = "document.querySelectorAll('#figure-candlesticks .role-mark.mark-rule line').length"
    own.wait_for_function(f"{count} < 30 && {count} > 15")
    own.locator("#figure-candlesticks").get_by_role("button", name="all").click()
    own.wait_for_function(f"{count} === 500")
    own.locator("#figure-candlesticks").get_by_role("button", name="1 month").click()
    own.wait_for_function(f"{count} < 30")
    box = own.locator("#figure-candlesticks svg.marks").bounding_box()
    bottom = box["y"] + box["height"] - 45
    own.mouse.move(box["x"] + 200, bottom)
    own.mouse.down()
    own.mouse.move(box["x"] + 600, bottom, steps=5)
    own.mouse.up()
    own.wait_for_function(f"{count} > 100 && {count} < 400")


def test_every_control_is_reached_by_the_tabulator_key(walked: Path, opened: Callable[..., Any]) -> None:
    own = opened(walked / "reports/forecast.html")
    controls = own.locator("a[href], button, select, input, summary, [tabindex='0']")
    wanted = controls.evaluate_all("all => all.filter(one => one.checkVisibility()).length")  # not in what is closed
    assert wanted > 10
    seen = set()
    for _ in range(wanted + 2):
        own.keyboard.press("Tab")
        seen.add(own.evaluate("[...document.querySelectorAll('*')].indexOf(document.activeElement)"))
    assert len(seen) >= wanted


def explored(tickers: list[Ticker], table: Table, **values: Any) -> bytes:
    """The page of the data, with this summary."""
    nothing: dict[str, Any] = {"definitions": {}, "odd": {}, "downsampling_note": "", "too_short": ""}
    nothing["script"] = vega().decode()
    return page("pipeline/explore/page.html", tickers, {}, summary=table, **{**nothing, **values})


def test_a_name_that_is_a_script_does_not_run(tmp_path: Path, opened: Callable[..., Any]) -> None:
    evil = "<img src=x onerror=alert(1)><script>alert(1)</script>"
    own = made_prices(evil, 60, seed=0)
    numbers = summary(own["date"], own["close"], priced=True)
    figures = ticker_figures(own, numbers, made_report(sessions=60), CLOSE, 10, 2)
    tickers = [Ticker(name, name, [evil], figures) for name in ("AAA", evil)]
    table = Table(evil, ["ticker"], [["AAA"], [evil]])
    (tmp_path / "evil.html").write_bytes(
        explored(tickers, table, definitions={evil: evil}, odd={evil: [evil]}, too_short=evil)
    )
    found = opened(tmp_path / "evil.html")
    found.on("dialog", lambda dialog: pytest.fail(f"it ran: {dialog.message}"))
    found.locator("#ticker").select_option(evil)
    found.wait_for_function("document.querySelector('#chosen').textContent.startsWith('<img')")
    drawn(found)
    assert found.locator("img").count() == 0


def test_printed_pages_are_dark_on_white_without_controls(walked: Path, opened: Callable[..., Any]) -> None:
    own = opened(walked / "reports/explore.html", scheme="dark")
    own.emulate_media(media="print", color_scheme="dark")
    assert own.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    label = own.locator("#figure-values_and_volume .mark-text text").first
    assert label.evaluate("text => getComputedStyle(text).fill") == "rgb(0, 0, 0)"
    assert own.locator("#ticker").is_hidden()
    assert own.locator("#figure-values_and_volume svg.marks").is_visible()
    own.evaluate("document.body.style.width = '500px'")  # paper is narrower than the window
    beyond = "all => all.filter(one => one.firstElementChild.getBoundingClientRect().width > one.clientWidth).length"
    assert own.locator("figure:not([hidden]) .chart").evaluate_all(beyond) == 0


@pytest.mark.parametrize(
    ("width", "height", "selectors"),
    [
        (380, 740, ("h1", "#figure-predicted .chart")),
        (1200, 900, ("h1", "#figure-predicted .chart", ".evidence li:last-child")),
    ],
)
def test_the_first_screen_has_the_headline_and_the_figure_and_on_a_desktop_the_evidence(
    width: int, height: int, selectors: tuple[str, ...], walked: Path, opened: Callable[..., Any]
) -> None:
    own = opened(walked / "reports/forecast.html", width)
    for selector in selectors:
        box = own.locator(selector).first.bounding_box()
        assert box["y"] + box["height"] <= height, selector


def test_an_address_that_names_no_ticker_shows_the_first(walked: Path, opened: Callable[..., Any]) -> None:
    for fragment in ("#%", "#nobody"):
        own = opened(walked / "reports/forecast.html", fragment=fragment)
        assert own.locator("#chosen").text_content().startswith("AAA")


def test_the_part_chosen_is_kept_when_the_window_changes_and_not_for_another_ticker(
    walked: Path, opened: Callable[..., Any]
) -> None:
    own = opened(walked / "reports/explore.html")
    own.locator("#figure-candlesticks").get_by_role("button", name="1 month").click()
    count = "document.querySelectorAll('#figure-candlesticks .role-mark.mark-rule line').length"
    own.wait_for_function(f"{count} < 30")
    before = own.locator("#figure-candlesticks svg.marks").evaluate("one => one.clientWidth")
    own.set_viewport_size({"width": 700, "height": 900})
    own.wait_for_function(f"document.querySelector('#figure-candlesticks svg.marks').clientWidth < {before}")
    drawn(own)
    assert own.evaluate(count) < 30
    own.locator("#ticker").select_option("BBB")
    own.wait_for_function(f"{count} === 120")


def test_hundreds_of_tickers_make_a_page_below_10_mb_that_is_usable_in_two_seconds(
    walked: Path, tmp_path: Path, opened: Callable[..., Any]
) -> None:
    own = made_prices("T", 1259, seed=0)  # five years
    report = read_record(walked / "reports/scrape.json", quality.Scraped).tickers["AAA"]
    numbers, notes = summary(own["date"], own["close"], priced=True), list(quality.notes(report, "session"))
    figures = ticker_figures(own, numbers, report, CLOSE, 60, 482)
    tickers = [Ticker(f"T{number:03}", "", notes, figures) for number in range(482)]
    table = Table("", ["ticker", "n"], [[ticker.name, "1"] for ticker in tickers])
    content = explored(tickers, table)
    (tmp_path / "explore.html").write_bytes(content)
    assert 5_000_000 < len(content) < 10_000_000
    usable(tmp_path / "explore.html", opened)
    assert max_points(482) >= 188  # forecasts in the test of each: all are drawn


@pytest.mark.parametrize("name", REPORTS)
def test_a_report_is_usable_in_two_seconds(name: str, walked: Path, opened: Callable[..., Any]) -> None:
    usable(walked / f"reports/{name}.html", opened)


def usable(path: Path, opened: Callable[..., Any]) -> None:
    """The first figure is drawn, and a ticker may be chosen, two seconds after the page was asked for."""
    own = opened(path)
    own.reload(wait_until="commit")
    own.wait_for_selector("figure svg.marks", timeout=10_000)
    assert own.evaluate("performance.now()") < 2000
    assert own.locator("#ticker").is_enabled()
