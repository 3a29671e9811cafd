"""The MLflow page in a real browser: it opens on the runs with the columns that answer the usual questions."""

import json
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from mlflow import MlflowClient

from pipeline.io.artifacts import read_table
from tests.conftest import walk
from tests.servers import LOOPBACK, free_port, listening_addresses, started
from tests.test_browser import browser  # noqa: F401

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not shutil.which("chromium"), reason="needs Debian's chromium")]
SHOTS = os.environ.get("SHOTS")  # a folder for pictures of the pages, to be looked at


@pytest.fixture(scope="module")
def folder(walked: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with three runs."""
    copy = shutil.copytree(walked, tmp_path_factory.mktemp("ui") / "copy")
    prices = read_table(copy / "data/prices.parquet")
    for train in ({}, {"epochs": 3}, {"cell": "gru"}):
        walk(copy, prices, "train", "predict", "evaluate", "plot", "track", train=train)
    return copy


@pytest.fixture(scope="module")
def address(folder: Path) -> Iterator[str]:
    """The address that `make ui` prints."""
    port = free_port()
    code = f"from pipeline.serving import commands; commands.UI_PORT = {port}; commands.ui()"
    with started(folder, port, sys.executable, "-c", code):
        assert listening_addresses(port) == {LOOPBACK}
        yield (folder / f"said-{port}.txt").read_text().splitlines()[0]


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:  # noqa: F811
    context = browser.new_context(viewport={"width": 2200, "height": 1200})
    yield context.new_page()
    context.close()


def look(page: Any, name: str) -> None:
    if SHOTS:
        page.wait_for_timeout(2000)
        page.screenshot(path=f"{SHOTS}/{name}.png")


def runs(folder: Path) -> list[Any]:
    client = MlflowClient(f"sqlite:///{folder / 'mlflow.db'}")
    return client.search_runs([client.get_experiment_by_name("closecast").experiment_id])


def test_the_page_opens_on_the_runs_with_skill_and_settings(address: str, folder: Path, page: Any) -> None:
    page.goto(address)
    for run in runs(folder):
        page.get_by_text(run.info.run_name).first.wait_for(timeout=60_000)
    for column in ("validation/variance_skill", "validation/variance_p_value", "train.cell", "train.window"):
        page.get_by_text(column).first.wait_for(timeout=20_000)
    look(page, "runs")
    assert page.get_by_text("gru", exact=True).count() >= 1
    assert page.get_by_text("Error loading shared view").count() == 0


def test_three_runs_are_compared_by_few_metrics_and_in_parallel_coordinates(
    address: str, folder: Path, page: Any
) -> None:
    found = runs(folder)
    base = address.split("/#/")[0]
    identifiers = quote(json.dumps([run.info.run_id for run in found]))
    experiment = quote(json.dumps([found[0].info.experiment_id]))
    page.goto(f"{base}/#/compare-runs?runs={identifiers}&experiments={experiment}")
    page.get_by_text("Parallel Coordinates Plot").first.wait_for(timeout=60_000)
    page.locator(".js-plotly-plot").first.wait_for(timeout=60_000)
    page.get_by_text("variance_skill").first.wait_for(timeout=20_000)
    look(page, "compare")


def test_a_run_shows_the_report_and_the_model(address: str, folder: Path, page: Any) -> None:
    base, (run, *_) = address.split("/#/")[0], runs(folder)
    at = f"{base}/#/experiments/{run.info.experiment_id}"
    page.goto(f"{at}/runs/{run.info.run_id}")
    page.get_by_text("dvc repro").first.wait_for(timeout=60_000)
    look(page, "run")
    page.goto(f"{at}/runs/{run.info.run_id}/artifacts/reports/forecast.html")
    frame = page.frame_locator("iframe")
    frame.locator("main[aria-busy=false]").wait_for(timeout=60_000)
    assert frame.locator("figure svg.marks").count() > 3
    look(page, "report")
    model = run.outputs.model_outputs[0].model_id
    page.goto(f"{at}/models/{model}")
    page.get_by_text("closecast").first.wait_for(timeout=60_000)
    look(page, "model")
