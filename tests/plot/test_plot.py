"""Plot writes the report, its picture, and the CSVs that `dvc plots` draws."""

import hashlib
from pathlib import Path

import pandas as pd
import pytest
from markupsafe import escape

from pipeline.io.artifacts import read_record, read_table
from pipeline.plot import page
from pipeline.report import charts
from pipeline.scoring.verdict import Verdict
from tests.conftest import SMALL
from tests.pages import outside_scripts, parsed, shown

TESTED = {"predicted", "volatility", "residuals", "residual_distribution", "residual_autocorrelation"}
COMMON = {"horizons", "coverage", "loss_price", "loss_variance"}


@pytest.fixture(scope="module")
def html(walked: Path) -> str:
    return (walked / "reports/forecast.html").read_text()


def test_the_report_opens_with_the_headline_the_figure_the_evidence_and_the_table(walked: Path, html: str) -> None:
    verdict = read_record(walked / "data/verdict.json", Verdict)
    assert f"<h1>{escape(verdict.headline)}</h1>" in html
    parts = [verdict.headline, 'id="figure-predicted"', *verdict.evidence, verdict.band, "<table"]
    places = [html.index(part if "<" in part or "=" in part[:4] else str(escape(part))) for part in parts]
    assert places == sorted(places)


def test_every_ticker_has_its_figures(walked: Path, html: str) -> None:
    tickers = shown(html)
    assert set(tickers["AAA"]["figures"]) == {*TESTED, "next_forecast"}
    assert set(tickers["BBB"]["figures"]) == {"next_forecast"}  # it ended before the test period
    assert set(parsed(html, "common")["figures"]) == COMMON


def test_the_picture_is_of_the_first_tickers_forecast_with_persistence(walked: Path) -> None:
    verdict = read_record(walked / "data/verdict.json", Verdict)
    predictions = read_table(walked / "data/predictions.parquet").query("ticker == 'AAA'")
    own = page.ticker_figures(page.parts(predictions), verdict.series, 30, 0.9, 2)
    start = {**(own["predicted"].start or {}), "persistence": True}
    expected = charts.png(own["predicted"].shape, own["predicted"].rows, start, f"AAA: {own['predicted'].title}")
    assert (walked / "reports/forecast.png").read_bytes() == expected


def test_the_report_tells_the_parameters_and_the_digest_of_the_predictions(walked: Path, html: str) -> None:
    told = outside_scripts(html)
    for section in ("prepare", "benchmark", "train", "evaluate"):
        for key in SMALL[section]:
            assert f"<dt>{key}" in told, (section, key)
    assert hashlib.sha256((walked / "data/predictions.parquet").read_bytes()).hexdigest() in told


def test_the_csvs_are_the_first_tickers_test_forecasts_the_losses_and_the_skills(walked: Path) -> None:
    closes = pd.read_csv(walked / "reports/predicted.csv")
    predictions = read_table(walked / "data/predictions.parquet")
    own = predictions.query("ticker == 'AAA' and split == 'test' and horizon == 1")
    assert closes["predicted"].tolist() == own["predicted"].tolist()
    assert closes["lower"].tolist() == own["lower"].tolist()
    assert closes["persistence"].tolist() == own["last"].tolist()
    assert pd.read_csv(walked / "reports/loss.csv")["epoch"].tolist() == [1, 2] * 4
    skills = pd.read_csv(walked / "reports/skill.csv")
    assert skills["target"].tolist() == ["close"] * 3 + ["log variance"] * 3
    scores = read_table(walked / "data/scores.parquet").query("model == 'network' and split == 'test'")
    pooled = scores.query("slice == 'all' and ticker == 'all tickers'").sort_values(["target", "horizon"])
    columns = ["horizon", "skill", "skill_low", "skill_high"]
    assert skills[columns].to_numpy().tolist() == pooled[columns].to_numpy().tolist()
