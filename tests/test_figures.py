"""Every figure has a title, a sentence, and the tables that its chart names, and JSON can store them."""

import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest

from pipeline import quality
from pipeline.explore import page
from pipeline.explore.figures import correlations
from pipeline.explore.summary import quantities, summary
from pipeline.plot import figures
from pipeline.prices import split_nulls
from pipeline.report import charts
from pipeline.report.figures import Figure
from pipeline.series import SeriesInfo
from tests.series import made_heat, made_prices

CLOSE = SeriesInfo("close", "USD", "session", priced=True)
HEAT = SeriesInfo("heat", "°C", "hour", priced=False)


def explored(prices: pd.DataFrame, column: str, series: SeriesInfo) -> dict[str, Figure]:
    whole, nulls = split_nulls(prices, column)
    sessions = pd.DatetimeIndex(prices["date"]).union([prices["date"].iloc[-2] - pd.Timedelta(minutes=1)])
    dropped = pd.DataFrame(columns=["date", "reason", "numbers"])
    of_source: dict[str, Any] = {"unit": "", "unfinished": [], "irregular": {}}
    report = quality.ticker_report(whole, nulls, dropped, nulls[:0], "1h", sessions, prices["date"].min(), **of_source)
    numbers = summary(prices["date"], prices[column], priced=series.priced)
    return page.ticker_figures(prices, numbers, report, series, 30, 1)


def forecast(values: np.ndarray, series: SeriesInfo) -> dict[str, Figure]:
    dates = pd.date_range("2001-01-01", periods=len(values), freq="1h").as_unit("us")
    rng = np.random.default_rng(0)
    own = pd.DataFrame({"date": dates, "actual": values}).assign(
        predicted=values + rng.normal(0, 0.1, len(values)),
        lower=values - 1,
        upper=values + 1,
        persistence=pd.Series(values).shift(1, fill_value=values[0]),
        variance_actual=rng.normal(-9, 1, len(values)),
        variance_predicted=rng.normal(-9, 1, len(values)),
    )
    columns = {"date": "date", "predicted": "value", "lower": "lower", "upper": "upper"}
    past = own[["date", "actual"]].set_axis(["date", "value"], axis=1)
    return {
        "predicted": figures.predicted(own, series, 60, 0.9, 100),
        "variance": figures.volatility(own, series, 60, 100),
        "next_forecast": figures.next_forecast(
            past.head(-3), own.tail(3)[list(columns)].rename(columns=columns), series, 0.9
        ),
        **figures.residuals(own, series, 100),
    }


def panel() -> dict[str, Figure]:
    returns = {name: quantities(made_prices(name, 100, seed)["close"], priced=True) for seed, name in enumerate("ABC")}
    return {"correlations": correlations(pd.DataFrame(returns), CLOSE)}


CONSTANT = made_prices("AAA", 60, seed=0).assign(open=5.0, high=5.0, low=5.0, close=5.0, volume=0.0)
GAPS = made_heat("Oslo", 60, seed=0)
GAPS.loc[10:40, "heat"] = np.nan
MADE = {
    "prices": lambda: explored(made_prices("AAA", 600, seed=0), "close", CLOSE),
    "few prices": lambda: explored(made_prices("AAA", 30, seed=0), "close", CLOSE),
    "constant prices": lambda: explored(CONSTANT, "close", CLOSE),
    "prices without volume": lambda: explored(made_prices("AAA", 60, seed=0).assign(volume=np.nan), "close", CLOSE),
    "heat": lambda: explored(made_heat("Oslo", 600, seed=0), "heat", HEAT),
    "heat with a wide gap": lambda: explored(GAPS, "heat", HEAT),
    "constant heat": lambda: explored(made_heat("Oslo", 60, seed=0).assign(heat=3.0), "heat", HEAT),
    "forecasts of prices": lambda: forecast(made_prices("AAA", 300, seed=0)["close"].to_numpy(), CLOSE),
    "forecasts of heat": lambda: forecast(np.sin(np.arange(300) / 4), HEAT),
    "tickers": panel,
}


def named(part: Any) -> Iterator[str]:
    """Yield the names of the tables in a chart."""
    if isinstance(part, list):
        part = dict(enumerate(part))
    if isinstance(part, dict):
        data = part.get("data")
        if isinstance(data, dict) and set(data) == {"name"}:
            yield data["name"]
        for one in part.values():
            yield from named(one)


@pytest.mark.parametrize("made", MADE)
def test_every_figure_has_a_title_a_sentence_and_the_tables_its_shape_names(made: str) -> None:
    for name, figure in MADE[made]().items():
        assert len(figure.title) > 5, name
        assert figure.sentence[0].isupper(), name
        assert figure.sentence.endswith("."), name
        assert "nan" not in figure.sentence.lower().split(), figure.sentence
        assert not {"None", "inf", "-inf", "+nan"} & set(figure.sentence.replace(",", "").replace(";", "").split()), (
            name
        )
        assert set(named(figure.shape)) == set(figure.rows), name


@pytest.mark.parametrize("made", MADE)
def test_every_table_is_valid_json_with_null_for_missing_values(made: str) -> None:
    for name, figure in MADE[made]().items():
        for table, rows in figure.rows.items():
            assert json.loads(json.dumps(charts.columns(rows), allow_nan=False)).keys() == set(rows), (name, table)
        assert json.dumps([figure.start, figure.date_ranges], allow_nan=False)


def test_prices_and_other_series_have_their_own_figures() -> None:
    prices, heat = MADE["prices"](), MADE["heat"]()
    assert {"candlesticks", "drawdown", "clustering"} <= set(prices)
    assert {"hours", "autocorrelation_of_changes"} <= set(heat)
    assert not {"candlesticks", "drawdown", "clustering"} & set(heat)
    assert not {"hours", "autocorrelation_of_changes"} & set(prices)


def test_sentences_on_another_series_do_not_speak_of_prices() -> None:
    for figure in MADE["heat"]().values():
        assert "return" not in figure.sentence
        assert "close" not in figure.sentence
