"""The reports in a real browser: every figure is drawn, nothing is asked of any other address, no error is logged."""

import shutil
from pathlib import Path

import pytest

from tests.conftest import UNPINNED

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not shutil.which("chromium"), reason="needs Debian's chromium")]

ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


@pytest.mark.parametrize("width", [380, 1280])
@pytest.mark.parametrize("name", ["explore", "forecast"])
def test_a_report_opens_from_disk_and_draws_every_figure(name: str, width: int, walked: Path) -> None:
    from playwright.sync_api import sync_playwright

    asked, logged = [], []
    machine: dict[str, str | float | bool] = {**UNPINNED}  # its fonts too, which are hidden from pictures alone
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=ARGUMENTS, env=machine)
        page = browser.new_page(viewport={"width": width, "height": 900})
        page.on("request", lambda request: asked.append(request.url))
        page.on(
            "console", lambda message: logged.append(message.text) if message.type in ("error", "warning") else None
        )
        page.on("pageerror", lambda error: logged.append(str(error)))
        page.goto((walked / f"reports/{name}.html").as_uri())
        figures = page.locator(".chart").count()
        page.wait_for_function(
            f"document.querySelectorAll('.chart :is(svg, canvas)').length == {figures}", timeout=10_000
        )
        wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        browser.close()
    assert figures >= 5
    assert [url for url in asked if not url.startswith(("file:", "data:", "blob:"))] == []
    assert logged == []
    assert wider <= 0  # nothing to scroll sideways
