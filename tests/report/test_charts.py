"""Charts give the same picture each time, have a text alternative, and contain no data."""

import json
import struct
from pathlib import Path
from typing import Any

import altair as alt
import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

from pipeline.explore.page import ticker_figures as explored_figures
from pipeline.explore.summary import summary
from pipeline.plot.figures import loss
from pipeline.plot.page import parts, ticker_figures
from pipeline.report import charts
from pipeline.report.figures import Figure
from pipeline.series import SeriesInfo
from tests.commands import python
from tests.series import made_heat, made_prices, made_report

CLOSE = SeriesInfo("close", "USD", "session", priced=True)
HEAT = SeriesInfo("heat", "°C", "hour", priced=False)
REPORT = made_report(missing_sessions=["2001-01-09"], sessions=120)
HISTORY = pd.DataFrame({"epoch": [1, 2], "loss": [2.0, 1.0], "val_loss": [2.5, 2.0], "member": 1})


def explored(own: pd.DataFrame, column: str, series: SeriesInfo) -> dict[str, Figure]:
    numbers = summary(own["date"], own[column], priced=series.priced)
    return explored_figures(own, numbers, REPORT, series, 10, 1)


def forecasts() -> pd.DataFrame:
    """Return rows like those of data/predictions.parquet: 100 of test and three next sessions, one session ahead."""
    own, split = made_prices("AAA", 104, seed=3), np.where(np.arange(104) < 101, "test", "future")
    return pd.DataFrame({
        "ticker": "AAA",
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
    **ticker_figures(parts(forecasts()), CLOSE, 30, 0.9, 1),
    "loss": loss(HISTORY, "close"),
}


def drawn(name: str, **start: Any) -> bytes:
    own = FIGURES[name]
    return charts.png(own.shape, own.rows, {**(own.start or {}), **start}, own.title)


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
def test_a_shape_is_valid_vega_lite(name: str) -> None:
    drawn = {key: part for key, part in FIGURES[name].shape.items() if key != "config"}  # Vega-Lite allows more there
    alt.Chart.from_dict(drawn, validate=True)


@pytest.mark.parametrize("name", FIGURES)
def test_a_shape_uses_the_tables_of_its_figure_and_their_columns(name: str) -> None:
    own, text = FIGURES[name], json.dumps(FIGURES[name].shape)
    for table, rows in own.rows.items():
        assert f'"name": "{table}"' in text
        for column in set(rows) - {"persistence"}:
            assert f'"{column}"' in text or f"{column}:" in text or f"datum.{column}" in text, (table, column)


@pytest.mark.parametrize("name", [name for name in FIGURES if name.startswith("heat ")])
def test_a_figure_of_another_series_does_not_speak_of_prices(name: str) -> None:
    own = FIGURES[name]
    words = f"{own.title} {own.sentence} {own.shape}".lower()
    assert "close" not in words.replace("closed", "")
    assert "return" not in words


def test_numbers_have_six_digits_and_dates_no_time_zone() -> None:
    rows = pd.DataFrame({"date": pd.to_datetime(["2001-01-02"]), "value": [1234.56789], "n": [3], "gap": [np.nan]})
    assert charts.columns(rows) == {"date": ["2001-01-02T00:00"], "value": [1234.57], "n": [3], "gap": [None]}


def test_persistence_is_hidden_until_it_is_asked_for() -> None:
    assert drawn("predicted") != drawn("predicted", persistence=True)


def test_candlesticks_are_of_the_chosen_date_range() -> None:
    own = FIGURES["candlesticks"]
    parts = {**(own.date_ranges or {}), "start": (own.start or {})["brush"]}
    assert {"1 month", "3 months", "all"} <= set(parts)
    pictures = {drawn("candlesticks", brush=part) for part in parts.values()}
    assert len(pictures) == len(parts) - 1  # the first range shown is 120 sessions, which is all of them


def test_a_picture_does_not_depend_on_the_fonts_of_the_machine(tmp_path: Path) -> None:
    """Install another font under the name of ours, and draw with it."""
    (tmp_path / "fonts.conf").write_text(f"<fontconfig><dir>{tmp_path}</dir></fontconfig>")
    for font in (Path(mpl.get_data_path()) / "fonts/ttf").glob("DejaVuSerif*.ttf"):
        (tmp_path / font.name).write_bytes(font.read_bytes())
    assert (tmp_path / "DejaVuSerif.ttf").exists()

    def drawn(font: str, **environment: str) -> str:
        done = python(
            "import hashlib; from pipeline.report import charts; import pandas as pd\n"
            "table = pd.DataFrame({'epoch': [1, 2], 'loss': [2.0, 1.0], 'val_loss': [2.5, 2.0], 'member': 1})\n"
            f"charts.FONT = {font!r}\n"
            "print(hashlib.sha256(charts.png(charts.loss(), {'epochs': table}, {}, 'Loss')).hexdigest())",
            **{"HOME": str(tmp_path), **environment},
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert drawn("DejaVu Serif", FONTCONFIG_FILE=str(tmp_path / "fonts.conf")) == drawn("No Such Font")
