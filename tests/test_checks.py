"""A price table is checked before it is forecast from: the first line says most."""

import numpy as np
import pandas as pd
import pytest

from pipeline.errors import UserError
from pipeline.forecaster.checks import checked, faults, gap
from tests.series import made_heat, made_prices

PRICES = checked(made_prices("AAA", 50, seed=0), ["close", "high", "low", "open"])


def test_a_sound_table_has_no_fault() -> None:
    assert list(faults(PRICES, 50, None, "close")) == []


def test_a_table_that_is_none_of_prices_is_refused_by_its_column() -> None:
    with pytest.raises(UserError, match=r"^prices: found no column mood; accepted: ticker, date, close, mood$"):
        checked(PRICES, ["close", "mood"])


def test_several_faults_come_the_plainest_first() -> None:
    rows = pd.concat([PRICES, PRICES.tail(1)], ignore_index=True).assign(close=-1.0)
    first, second, *_, last = faults(rows, 60, None, "close")
    assert first == "found 2001-03-09 after a date as late; accepted: dates that rise, each once"
    assert second == "found 51 rows; accepted: at least 60"
    assert last == "found close -1 on 2001-01-01, which has no return; accepted: values above 0"


def test_the_step_of_an_evenly_spaced_series_is_kept() -> None:
    heat = made_heat("Oslo", 60, seed=0)[["ticker", "date", "heat"]]
    hour = pd.Timedelta("1h")
    assert list(faults(heat, 10, hour, None)) == []
    (line,) = faults(heat.drop(30), 10, hour, None)
    assert line.startswith(f"found {heat.loc[31, 'date']:%Y-%m-%d %H:%M} after another step; accepted: a row every ")


def test_a_gap_is_named_by_its_last_value() -> None:
    rows = PRICES.copy()
    rows.loc[[20, 40], "open"] = np.nan
    rows.loc[30, "high"] = np.nan
    line = gap(rows, ["close", "high", "open"])
    assert line == (
        "no forecast from 2001-03-09: found no open on 2001-02-26; accepted: a value in each of the last 50 rows"
    )
