"""Charts are the same to the byte each time, say in words what they show, and draw what they were given."""

import io
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

from pipeline import charts
from pipeline.subject import Subject
from pipeline.summary import autocorrelations, measured
from tests.conftest import UNPINNED
from tests.imports import ROOT
from tests.series import made_prices

PRICES = made_prices("AAA", 120, seed=0)
RETURNS = measured(PRICES["close"], priced=True)
CLOSE = Subject("close", "USD", "session", priced=True)
HEAT = Subject("heat", "°C", "hour", priced=False)
LINES = PRICES[["date"]].assign(actual=PRICES["close"], predicted=PRICES["open"], persistence=PRICES["open"])
LINES = LINES.assign(lower=PRICES["low"], upper=PRICES["high"])
HOURLY = pd.Series(pd.date_range("2001-01-01", periods=120, freq="1h"))
VALUES = PRICES[["date"]].assign(value=PRICES["close"])
HISTORY = pd.DataFrame({"epoch": [1, 2], "loss": [2.0, 1.0], "val_loss": [2.5, 2.0], "member": 1})
AHEAD = VALUES.tail(3).assign(lower=PRICES["low"], upper=PRICES["high"])
CURVES = pd.DataFrame({"lag": [0, 1, 2], "rnn": [1.0, 0.1, 0.01], "lstm": [1.0, 0.5, 0.2]})

CHARTS: dict[str, Callable[[], charts.Spec]] = {
    "series": lambda: charts.series(VALUES, CLOSE, "AAA"),
    "another series": lambda: charts.series(VALUES, HEAT, "AAA"),
    "lagged": lambda: charts.lagged(RETURNS, CLOSE, "AAA"),
    "months": lambda: charts.box_by_month(RETURNS, PRICES["date"], CLOSE, "AAA"),
    "weekdays": lambda: charts.box_by_weekday(RETURNS, PRICES["date"], CLOSE, "AAA"),
    "hours": lambda: charts.box_by_hour(PRICES["close"], HOURLY, HEAT, "AAA"),
    "distribution": lambda: charts.distribution(RETURNS, CLOSE, "AAA"),
    "autocorrelation": lambda: charts.autocorrelation(autocorrelations(RETURNS, 10, priced=True), 119, CLOSE, "AAA"),
    "predicted": lambda: charts.predicted(LINES, CLOSE, "AAA", 0.9),
    "variance": lambda: charts.variance(LINES, CLOSE, "AAA"),
    "loss": lambda: charts.loss(HISTORY),
    "curves": lambda: charts.curves(CURVES, "gradient", "Gradient by lag", log=True),
    "beyond": lambda: charts.beyond(VALUES, AHEAD, CLOSE, "AAA", 0.9),
}


@pytest.mark.parametrize("name", CHARTS)
def test_a_chart_draws_as_a_picture_the_same_each_time(name: str) -> None:
    picture = charts.png(CHARTS[name]())
    width, height = struct.unpack(">II", picture[16:24])
    assert picture.startswith(b"\x89PNG")
    assert 1000 < width < 1600
    assert 300 < height < 800
    assert charts.png(CHARTS[name]()) == picture


@pytest.mark.parametrize("name", CHARTS)
def test_a_chart_has_a_title_and_a_text_alternative(name: str) -> None:
    found = CHARTS[name]()
    assert len(found["title"]) > 5
    assert len(found["description"]) > 20


@pytest.mark.parametrize("name", ["another series", "hours"])
def test_a_chart_of_another_series_speaks_of_it_alone(name: str) -> None:
    words = str({**CHARTS[name](), "datasets": None})
    assert "heat" in words
    assert "close" not in words.lower()
    assert "return" not in words.lower()


def data(spec: charts.Spec) -> list[dict]:
    return [row for rows in spec["datasets"].values() for row in rows]


def test_the_lines_are_the_values_given() -> None:
    found = pd.DataFrame(data(charts.predicted(LINES, CLOSE, "AAA", 0.9)))
    np.testing.assert_array_equal(found["upper"].dropna(), LINES["upper"])
    assert found["line"].value_counts().to_dict() == {"actual": 120, "predicted": 120, "persistence": 120}
    np.testing.assert_array_equal(found.loc[found["line"] == "actual", "value"], LINES["actual"])


def test_each_curve_has_its_own_colour_and_its_values_on_a_log_scale() -> None:
    spec = charts.curves(CURVES, "gradient", "Gradient by lag", log=True)
    found = pd.DataFrame(data(spec))
    assert found.loc[found["line"] == "rnn", "value"].tolist() == [1.0, 0.1, 0.01]
    assert spec["encoding"]["y"]["scale"] == {"type": "log", "domain": [0.01, 1.0]}
    assert spec["encoding"]["y"]["axis"]["values"] == [0.01, 0.1, 1.0]
    assert len(set(spec["encoding"]["color"]["scale"]["range"])) == 2


def test_the_histogram_and_the_normal_curve_both_cover_one() -> None:
    found = pd.DataFrame(data(charts.distribution(RETURNS, CLOSE, "AAA")))
    bars, curve = found[found["to"].notna()], found[found["to"].isna()]
    assert ((bars["to"] - bars["from"]) * bars["density"]).sum() == pytest.approx(1, rel=0.02)
    assert np.trapezoid(curve["density"], curve["from"]) == pytest.approx(1, rel=0.05)


def test_the_script_can_stand_in_a_page() -> None:
    script = charts.script()
    assert "vegaEmbed" in script
    assert "</script" not in script.lower()
    assert len(io.BytesIO(script.encode()).getvalue()) < 2_000_000


def test_a_picture_does_not_follow_the_fonts_of_the_machine(tmp_path: Path) -> None:
    """Another font under the name we draw with, where a machine would have it."""
    (tmp_path / "fonts.conf").write_text(f"<fontconfig><dir>{tmp_path}</dir></fontconfig>")
    fonts = list((Path(mpl.get_data_path()) / "fonts/ttf").glob("DejaVuSerif*.ttf"))
    assert fonts
    for font in fonts:
        (tmp_path / font.name).write_bytes(font.read_bytes())
    code = (
        "import hashlib, sys; from pipeline import charts; import pandas as pd\n"
        "table = pd.DataFrame({'epoch': [1, 2], 'loss': [2.0, 1.0], 'val_loss': [2.5, 2.0], 'member': 1})\n"
        "spec = charts.loss(table); spec['config']['font'] = sys.argv[1]\n"
        "print(hashlib.sha256(charts.png(spec)).hexdigest())"
    )

    def drawn(font: str, **environment: str) -> str:
        command = [sys.executable, "-c", code, font]
        env = {**UNPINNED, "HOME": str(tmp_path), **environment}
        return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=True).stdout

    assert drawn("DejaVu Serif", FONTCONFIG_FILE=str(tmp_path / "fonts.conf")) == drawn("No Such Font")
