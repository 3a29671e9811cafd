"""The report: it names the best model, says what can be told apart, and its page and its Markdown hold the same."""

from functools import cache

import numpy as np
import pandas as pd
import pytest

from pipeline.report.page import page
from studies.backtest import results, scores
from studies.backtest.results import Report
from studies.backtest.scores import Forecasts
from tests.conftest import vega
from tests.pages import outside_scripts, shown
from tests.studies.backtest.test_scores import made_forecasts

ERRORS = {"har": 1.0, "har_first": 1.1, "lhar": 0.95, "ridge": 0.9, "boosting": 0.9, "boosting_train": 0.9}
ERRORS |= {"network": 0.9, "network_refit": 0.8, "combination": 0.9, "combination_refit": 0.85}


@cache
def made_report() -> Report:
    """Return the report on two tickers, whose prices no model forecasts."""
    variance = made_forecasts(ERRORS)
    seeds = variance.models[["network"]].rename(columns={"network": "network_refit, seed 0"})
    variance = variance._replace(seeds=seeds.assign(**{"network_refit, seed 1": seeds["network_refit, seed 0"] + 0.1}))
    rng = np.random.default_rng(1)
    moves = 1 + 0.01 * rng.normal(size=len(variance.known))
    noise = {"persistence": 0.0, "network": 0.001, "network_refit": 0.001}
    models = pd.DataFrame({name: 100 + sd * rng.normal(size=len(moves)) for name, sd in noise.items()})
    price = Forecasts("price", variance.known.assign(actual=100 * moves), models, seeds)
    scored = pd.concat([scores.table(price), scores.table(variance)], ignore_index=True)
    bands = scores.bands(price, variance, 0.9, pooled=True)
    return results.report({"price": price, "variance": variance}, scored, bands, 0.9)


def backtest_page() -> bytes:
    report = made_report()
    template, params = "studies/backtest/page.html", {"backtest": {"first_year": 2001}}
    return page(template, report.tickers, report.figures, script=vega().decode(), params=params, **report.words)


def test_the_headline_names_the_model_with_the_least_loss() -> None:
    report = made_report()
    assert "network_refit" in report.headline
    assert "2001 to 2008" in report.headline
    answer = next(sentence for sentence in report.sentences if "worth it" in sentence)
    assert all(name in answer for name in ("network_refit", "ridge", "boosting", "lhar"))


def test_the_confidence_set_holds_the_best_and_not_the_baseline() -> None:
    inside, others = made_report().sentences[0].split(" forecasts is worse")[0].split("; each of the other ")
    assert "network_refit" in inside
    assert "har" not in inside
    assert int(others) == len(ERRORS) - inside.count(",")  # one before the set, the others between its models


def test_the_page_holds_the_sentences_and_tables_of_the_markdown() -> None:
    report, html = made_report(), backtest_page().decode()
    text = outside_scripts(html)
    for table in report.tables:
        for row in table.rows:
            assert all(cell.replace("<", "&lt;") in text and cell in report.markdown for cell in row)
    assert report.headline in report.markdown
    assert list(shown(html)) == ["T0", "T1"]
    assert report.tables[0].rows[0][0] == "network_refit"


@pytest.mark.parametrize("column", ["year", "ticker"])
def test_the_tables_by_group_have_a_line_for_each_and_for_all(column: str) -> None:
    table = next(table for table in made_report().tables if table.heads[0] == column and table.heads[1] == "days")
    expected = [*map(str, range(2001, 2009)), "all"] if column == "year" else ["T0", "T1", "all tickers"]
    assert sorted(row[0] for row in table.rows) == sorted(expected)
