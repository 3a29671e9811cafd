"""Shapes draw as the same picture each time, say in words what they show, and hold no data of their own."""

import io
import json
import struct
import subprocess
import sys
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

from pipeline import charts
from pipeline.figures import Figure
from pipeline.figures.skill import loss
from pipeline.pages import explore, forecast
from pipeline.subject import Subject
from pipeline.summary import summary
from tests.conftest import UNPINNED
from tests.imports import ROOT
from tests.series import made_heat, made_prices, made_report

CLOSE = Subject("close", "USD", "session", priced=True)
HEAT = Subject("heat", "°C", "hour", priced=False)
REPORT = made_report(missing_sessions=["2001-01-09"], sessions=120)
HISTORY = pd.DataFrame({"epoch": [1, 2], "loss": [2.0, 1.0], "val_loss": [2.5, 2.0], "member": 1})
CURVES = pd.DataFrame({"lag": [0, 1, 2], "rnn": [1.0, 0.1, 0.01], "lstm": [1.0, 0.5, 0.2]})


def explored(own: pd.DataFrame, column: str, subject: Subject) -> dict[str, Figure]:
    numbers = summary(own["date"], own[column], priced=subject.priced)
    return explore.figures(own, column, numbers, REPORT, subject, 10, 1)


def forecasts() -> pd.DataFrame:
    """Of tables/predictions: 100 of test and three beyond, one session ahead."""
    own, split = made_prices("AAA", 104, seed=3), np.where(np.arange(104) < 101, "test", "future")
    return pd.DataFrame({
        "origin": own["date"].shift(1),
        "horizon": 1,
        "date": own["date"],
        "split": split,
        "last": own["close"].shift(1),
        "actual": own["close"].where(split == "test"),
        "predicted": own["open"],
        "lower": own["open"] * 0.98,
        "upper": own["open"] * 1.02,
        "variance_actual": np.log(1e-4),
        "variance_predicted": np.log(1e-4),
    }).iloc[1:]  # fmt: skip


FIGURES: dict[str, Figure] = {
    **explored(made_prices("AAA", 120, seed=0), "close", CLOSE),
    **{f"heat {name}": own for name, own in explored(made_heat("Oslo", 200, seed=0), "heat", HEAT).items()},
    **forecast.ticker(forecasts(), "AAA", CLOSE, 30, 0.9, 1).figures,
    "loss": loss(HISTORY),
    "curves": Figure("Gradient by lag", "", charts.curves("gradient", "lag", ("rnn", "lstm")), {"curves": CURVES}),
}


def drawn(name: str) -> bytes:
    own = FIGURES[name]
    return charts.png(own.shape, own.rows, own.start or {}, own.title)


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_draws_as_a_picture_the_same_each_time(name: str) -> None:
    picture = drawn(name)
    width, height = struct.unpack(">II", picture[16:24])
    assert picture.startswith(b"\x89PNG")
    assert 1000 < width < 1600
    assert 100 < height < 900
    assert drawn(name) == picture


@pytest.mark.parametrize("name", FIGURES)
def test_a_shape_has_a_text_alternative_and_no_data_of_its_own(name: str) -> None:
    shape = FIGURES[name].shape
    assert len(shape["description"]) > 20
    assert "datasets" not in shape
    assert "values" not in shape.get("data", {})


@pytest.mark.parametrize("name", FIGURES)
def test_a_shape_names_the_tables_its_figure_has_and_their_columns(name: str) -> None:
    own, text = FIGURES[name], json.dumps(FIGURES[name].shape)
    for table, rows in own.rows.items():
        assert f'"name": "{table}"' in text
        for column in set(rows) - {"persistence"}:
            assert f'"{column}"' in text or f"{column}:" in text or f"datum.{column}" in text, (table, column)


@pytest.mark.parametrize("name", [name for name in FIGURES if name.startswith("heat ")])
def test_a_figure_of_another_series_speaks_of_it_alone(name: str) -> None:
    own = FIGURES[name]
    words = f"{own.title} {own.says} {own.shape}".lower()
    assert "close" not in words.replace("closed", "")
    assert "return" not in words


def test_numbers_have_six_digits_and_dates_no_zone() -> None:
    rows = pd.DataFrame({"date": pd.to_datetime(["2001-01-02"]), "value": [1234.56789], "n": [3], "gap": [np.nan]})
    assert charts.columns(rows) == {"date": ["2001-01-02T00:00"], "value": [1234.57], "n": [3], "gap": [None]}


def test_persistence_is_hidden_until_it_is_asked_for() -> None:
    own = FIGURES["predicted"]
    start = own.start or {}
    assert charts.png(own.shape, own.rows, start, "") != charts.png(
        own.shape, own.rows, {**start, "persistence": True}, ""
    )


def test_candles_are_of_the_part_chosen() -> None:
    own = FIGURES["candles"]
    parts = {**(own.spans or {}), "start": (own.start or {})["brush"]}
    assert {"1 month", "3 months", "all"} <= set(parts)
    pictures = {charts.png(own.shape, own.rows, {**(own.start or {}), "brush": part}, "") for part in parts.values()}
    assert len(pictures) == len(parts) - 1  # 120 candles are all of them, and what is shown at first


def test_each_curve_has_its_own_colour_and_a_log_scale_its_powers() -> None:
    shape = charts.curves("gradient", "lag", ("rnn", "lstm"), powers=(0.01, 0.1, 1.0))
    assert shape["encoding"]["y"]["scale"] == {"type": "log", "domain": [0.01, 1.0]}
    assert shape["encoding"]["y"]["axis"]["values"] == [0.01, 0.1, 1.0]
    assert len(set(shape["encoding"]["color"]["scale"]["range"])) == 2


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
        "charts.FONT = sys.argv[1]\n"
        "print(hashlib.sha256(charts.png(charts.loss(), {'epochs': table}, {}, 'Loss')).hexdigest())"
    )

    def drawn(font: str, **environment: str) -> str:
        command = [sys.executable, "-c", code, font]
        env = {**UNPINNED, "HOME": str(tmp_path), **environment}
        return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=True).stdout

    assert drawn("DejaVu Serif", FONTCONFIG_FILE=str(tmp_path / "fonts.conf")) == drawn("No Such Font")
