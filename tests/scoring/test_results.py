"""What is shown of scores and bands is of one ticker, or pooled, in order."""

import pandas as pd
import pytest

from pipeline.forecaster.forecasts import NETWORK
from pipeline.forecaster.preparation import ALL, Calendar
from pipeline.scoring.columns import POOLED, TERCILES
from pipeline.scoring.results import band_results, scores_by_horizon, series_of, skills
from pipeline.series import SeriesInfo
from tests.conftest import made_preparation
from tests.results import BANDS, BASELINES, CLOSE, SCORES


def test_lines_are_the_test_scores_in_order() -> None:
    found = list(scores_by_horizon(SCORES, BASELINES, CLOSE))
    assert [(line.title, line.horizon, line.baseline.name) for line in found] == [
        *(("close", h, "drift") for h in (1, 2, 3)),
        *(("log variance", h, "har") for h in (1, 2, 3)),
    ]
    assert found[0].network["skill"] == 0.1
    assert found[0].members.to_dict() == {"1": 0.05, "2": 0.15}


def test_several_tickers_are_shown_pooled() -> None:
    several = pd.concat([SCORES, SCORES.assign(ticker="B"), SCORES.assign(ticker=POOLED, mse=7.0)])
    assert {line.network["mse"] for line in scores_by_horizon(several, BASELINES, CLOSE)} == {7.0}
    assert (
        band_results(pd.concat([BANDS, BANDS.assign(ticker=POOLED, coverage=0.5)]), NETWORK)[0].band["coverage"] == 0.5
    )


def test_bands_stand_beside_constant_ones() -> None:
    found = band_results(BANDS, NETWORK)
    assert [each.horizon for each in found] == [1, 2, 3]
    assert (found[0].band["coverage"], found[0].constant["coverage"]) == (0.91, 0.95)
    assert found[0].terciles == dict.fromkeys(TERCILES, 0.91)
    assert found[0].constant_terciles == {}


def test_skills_have_a_row_for_each_target_and_horizon() -> None:
    found = skills(SCORES, BASELINES, CLOSE)
    assert found[["target", "horizon"]].to_numpy().tolist()[-1] == ["log variance", 3]
    assert found["skill"].tolist() == pytest.approx([0.1, 0.2, 0.3, 0.1, 0.2, 0.3])


def test_several_tickers_have_a_unit_where_they_agree_on_it() -> None:
    calendars, units = {ALL: Calendar(name="1h", step="hour")}, {"A": "EUR", "B": "USD", "C": "USD"}
    fit = made_preparation(calendars=calendars, units=units)
    assert series_of(fit, "A") == SeriesInfo("close", "EUR", "hour", priced=True)
    assert series_of(fit, "B", "C").unit == "USD"
    assert series_of(fit).unit == ""
    assert not series_of(made_preparation(calendars=calendars, column="heat"), "A").priced
