"""Plot writes the report, its pictures, and the CSVs that `dvc plots` draws."""

from pathlib import Path

import pandas as pd
from markupsafe import escape

from pipeline.artifacts import read_json, read_table


def test_the_report_opens_with_the_verdict_and_its_rule(walked: Path) -> None:
    html = (walked / "reports/forecast.html").read_text()
    for sentence in read_json(walked / "reports/metrics.json")["verdict"].values():
        assert str(escape(sentence)) in html
    assert "The rule: " in html


def test_every_ticker_has_its_figures(walked: Path) -> None:
    html = (walked / "reports/forecast.html").read_text()
    assert html.count('<div class="chart"') == 3 + 1 + 1  # AAA, BBB (which ended before the test period), the losses
    assert {path.stem for path in (walked / "reports/forecast").iterdir()} == {"variance", "beyond", "loss"}
    assert (walked / "reports/forecast.png").exists()


def test_the_csvs_are_the_first_tickers_test_forecasts_and_the_losses(walked: Path) -> None:
    closes = pd.read_csv(walked / "reports/predicted.csv")
    predictions = read_table(walked / "data/predictions.parquet")
    own = predictions.query("ticker == 'AAA' and split == 'test' and horizon == 1")
    assert closes["predicted"].tolist() == own["predicted"].tolist()
    assert closes["lower"].tolist() == own["lower"].tolist()
    assert closes["persistence"].tolist() == own["last"].tolist()
    assert pd.read_csv(walked / "reports/loss.csv")["epoch"].tolist() == [1, 2, 1, 2]
