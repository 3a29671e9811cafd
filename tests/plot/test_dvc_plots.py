"""`dvc plots` of two states: what it lists, and what Chromium draws of it with the network refused."""

import json
import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.conftest import UNPINNED, walk
from tests.imports import ROOT
from tests.series import made_prices
from tests.test_browser import ARGUMENTS
from tests.test_pipeline import run

PLOTS = {
    "reports/next.csv": {"ticker", "date", "forecast", "lower", "upper"},
    "reports/loss.csv": {"target", "member", "epoch", "loss", "val_loss"},
    "reports/predicted.csv": {"date", "actual", "predicted", "persistence"},
    "reports/skill.csv": {"target", "horizon", "skill", "skill_low", "skill_high"},
}
COLOURS = ["#945dd6", "#13adc7"]  # DVC's, of the first revision and of the second


@pytest.fixture
def repository(walked: Path, tmp_path: Path) -> Path:
    """A commit of a state's outputs."""
    folder = tmp_path / "repository"
    shutil.copytree(walked, folder)
    for name in (".dvc/config", ".dvc/.gitignore", ".gitignore", "dvc.yaml", "versions.json"):
        (folder / name).parent.mkdir(exist_ok=True)
        shutil.copy2(ROOT / name, folder / name)
    shutil.copytree(ROOT / ".dvc/plots", folder / ".dvc/plots")
    run(folder, "git", "init", "--quiet")
    run(folder, "git", "add", "--all")
    assert run(folder, "git", "commit", "--quiet", "--message", "a state").returncode == 0
    return folder


def dvc(folder: Path, *words: str) -> str:
    done = run(folder, "dvc", "plots", *words)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "WARNING" not in done.stderr
    return done.stdout


def rerun(folder: Path, prices: pd.DataFrame) -> None:
    """Another state in the working tree: these prices, and three epochs in place of two."""
    stages = ("scrape", "explore", "prepare", "benchmark", "train", "predict", "evaluate", "plot")
    walk(folder, prices, *stages, train={"epochs": 3})


def test_dvc_lists_the_plots_with_their_columns_and_the_picture(repository: Path) -> None:
    losses = repository / "reports/loss.csv"
    losses.write_text(losses.read_text().replace("price,1,2,", "price,1,3,", 1))
    found: dict[str, Any] = json.loads(dvc(repository, "diff", "HEAD", "--json"))
    assert set(found) == {"data"}  # no errors
    assert set(found["data"]) == {*PLOTS, "reports/forecast.png"}
    for name, columns in PLOTS.items():
        (plot,) = found["data"][name]
        assert plot["revisions"] == ["workspace", "HEAD"]
        assert columns <= set(plot["content"]["data"]["values"][0])
    epochs = [point["epoch"] for point in found["data"]["reports/loss.csv"][0]["content"]["data"]["values"]]
    assert set(epochs) == {"1", "2", "3"}


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("chromium"), reason="needs Debian's chromium")
@pytest.mark.parametrize(("seed", "panels"), [(1, 1), (3, 2)], ids=["the same prices", "other prices"])
def test_dvcs_page_draws_both_states_and_asks_nothing_of_the_network(
    seed: int, panels: int, repository: Path, two_tickers: pd.DataFrame
) -> None:
    from playwright.sync_api import Page, sync_playwright

    prices = two_tickers if seed == 1 else pd.concat([made_prices("AAA", 500, seed=seed), two_tickers[500:]])
    rerun(repository, prices)
    dvc(repository, "diff", "HEAD")
    asked, logged = [], []

    def drawn(page: Page, name: str, colour: str) -> int:
        figure = page.locator(f"#reports_{name}_csv svg.marks")
        assert figure.count() == 1
        return figure.locator(f":is(.mark-line, .mark-rule, .mark-symbol).role-mark [stroke='{colour}']").count()

    with sync_playwright() as playwright:
        machine: dict[str, str | float | bool] = {**UNPINNED}
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=ARGUMENTS, env=machine)
        page = browser.new_context(offline=True).new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: logged.append(message.text))
        page.on("pageerror", lambda error: logged.append(str(error)))
        page.goto((repository / "dvc_plots/index.html").as_uri())
        page.wait_for_function("document.querySelectorAll('svg.marks').length == 4", timeout=10_000)
        # per revision: the bands of three steps of two tickers; two losses of two members for two targets;
        # actual, predicted and persistence, what was added,
        # and the navigator's line; three horizons of two targets
        assert [drawn(page, "next", colour) for colour in COLOURS] == [6, 6]
        assert [drawn(page, "loss", colour) for colour in COLOURS] == [8, 8]
        assert [drawn(page, "predicted", colour) for colour in COLOURS] == [5, 5]
        assert [drawn(page, "skill", colour) for colour in COLOURS] == [6, 6]
        titles = page.locator("#reports_predicted_csv svg.marks").get_by_text("value", exact=True)
        assert titles.count() == panels
        browser.close()
    assert [url for url in asked if not url.startswith(("file:", "data:", "blob:"))] == []
    assert logged == []
