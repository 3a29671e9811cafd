"""The page tells how good the forecasts were that were committed in time, and counts the others."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipeline.io.artifacts import read_record
from pipeline.plot.record import MIN_FORECASTS, section
from pipeline.scoring.verdict import Verdict

RNG = np.random.default_rng(0)
DATES = pd.bdate_range("2024-01-15", periods=30)
LAST = 100 + RNG.normal(0, 5, 30)


@pytest.fixture(scope="module")
def verdict(walked: Path) -> Verdict:
    return read_record(walked / "data/verdict.json", Verdict)


RECORD = pd.DataFrame({
    "ticker": "AAA", "date": DATES, "horizon": 1, "last": LAST, "forecast": LAST + RNG.normal(0, 1, 30),
    "lower": LAST - 2, "upper": LAST + 2, "actual": LAST + RNG.normal(0, 1.5, 30),
    "volatility": np.exp(RNG.normal(-4, 0.2, 30)), "har_volatility": np.exp(RNG.normal(-4, 0.3, 30)),
    "actual_volatility": np.exp(RNG.normal(-4, 0.4, 30)), "in_time": True, "rebased": 1.0,
})  # fmt: skip


def skills(rows: pd.DataFrame) -> list[str]:
    """By hand: of the price over persistence, and of the log variance over HAR."""
    price = 1 - ((rows["forecast"] - rows["actual"]) ** 2).sum() / ((rows["last"] - rows["actual"]) ** 2).sum()
    log = 2 * np.log(rows[["actual_volatility", "volatility", "har_volatility"]].to_numpy())
    variance = 1 - ((log[:, 1] - log[:, 0]) ** 2).sum() / ((log[:, 2] - log[:, 0]) ** 2).sum()
    return [f"{price:+.4f}", f"{variance:+.4f}"]


def numbers(sentences: list[str]) -> set[str]:
    return set(re.findall(r"[\d.]*\d", " ".join(sentences)))


def test_each_month_has_a_line_and_all_together_have_one(verdict: Verdict) -> None:
    _, table = section(RECORD, verdict)
    assert [row[:2] for row in table.rows] == [["2024-01", "13"], ["2024-02", "17"], ["all", "30"]]
    for row, part in zip(table.rows, (RECORD[:13], RECORD[13:], RECORD), strict=True):
        assert row[2] == f"{part['actual'].between(part['lower'], part['upper']).mean():.1%}"
        assert row[3:] == skills(part)
    assert len(table.heads) == 5


def test_late_forecasts_and_other_horizons_are_not_scored_and_late_ones_are_counted(verdict: Verdict) -> None:
    late = RECORD[:7].assign(in_time=False, actual=0.0)
    far = RECORD.assign(horizon=2, actual=0.0)
    says, table = section(pd.concat([RECORD, late, far]), verdict)
    before, alone = section(RECORD, verdict)
    assert table == alone
    assert numbers(says) - numbers(before) == {"7"}


def test_rebased_prices_are_counted(verdict: Verdict) -> None:
    says, table = section(RECORD.assign(rebased=[0.25] * 4 + [1.0] * 26), verdict)
    before, alone = section(RECORD, verdict)
    assert table == alone
    assert numbers(says) - numbers(before) == {"4"}


def test_ten_forecasts_are_shown_and_nine_are_not(verdict: Verdict) -> None:
    says, table = section(RECORD[: MIN_FORECASTS - 1], verdict)
    assert (len(says), table.rows) == (1, [])
    assert section(pd.concat([RECORD[: MIN_FORECASTS - 1], RECORD.assign(in_time=False)]), verdict)[1].rows == []
    assert section(RECORD[:MIN_FORECASTS], verdict)[1].rows
    assert MIN_FORECASTS == 10


def test_an_expensive_ticker_does_not_dominate(verdict: Verdict) -> None:
    prices = ["last", "forecast", "lower", "upper", "actual"]
    expensive = RECORD.assign(ticker="BBB", **(1000 * RECORD[prices]))
    _, table = section(pd.concat([RECORD, expensive]), verdict)
    assert [row[2:] for row in table.rows] == [row[2:] for row in section(RECORD, verdict)[1].rows]


def test_what_was_not_forecast_is_left_empty(verdict: Verdict) -> None:
    _, table = section(RECORD.assign(volatility=np.nan, lower=np.nan, upper=np.nan), verdict)
    assert table.rows[-1][2:] == ["", skills(RECORD)[0], ""]
    only_price = verdict.model_copy(update={"baselines": {"price": "persistence"}})
    assert len(section(RECORD, only_price)[1].heads) == 4
