"""The README says of the backtest what docs/backtest.md says; recorded prices are read as they were."""

import re

import pytest
from ruamel.yaml import YAML

from studies import markets, study
from studies.results import DATA_FOLDER
from tests.imports import ROOT

REPORT = markets.PAGE.read_text()


def test_the_readme_says_what_the_report_says() -> None:
    readme = " ".join((ROOT / "README.md").read_text().split())
    answer = readme.split("**Is a network worth it?**")[1].split("This is not advice")[0]
    line = next(line for line in REPORT.splitlines() if line.startswith("- Is a network worth it?"))
    for model in ("boosting", "ridge"):
        found = re.search(rf"([\d.]+)% less error than {model} \(together\) \(p = ([\d.]+)\)", line)
        assert found
        assert f"{found[1]}% less" in answer
        assert f"(p = {found[2]})" in answer


def test_the_choices_give_the_confidence_of_both_halves() -> None:
    line = next(line for line in REPORT.splitlines() if line.startswith("| network (together) | 1 |"))
    _, _, _, choose, _, confirm, *_ = line.split(" | ")
    docs = " ".join((ROOT / "docs/choices.md").read_text().split())
    assert f"in the model confidence set ({choose}), so it stays" in docs
    assert f"it is not ({confirm.rstrip(' |')})" in docs
    assert "the default stays: network (together)" in REPORT


def test_the_report_is_that_of_the_study() -> None:
    params = YAML(typ="safe").load(study.ROOT / "studies/backtest/markets.yaml")
    assert REPORT.startswith(markets.INTRODUCTION)
    assert all(f"network ({pooling})" in REPORT for pooling in params["backtest"]["pooling"])
    assert "| TSLA | " in REPORT


@pytest.mark.skipif(not DATA_FOLDER.exists(), reason="../shared/data is not beside the repository")
def test_recorded_prices_are_dated_by_their_exchange() -> None:
    prices = markets.recorded_prices(DATA_FOLDER / "yahoo/TSLA_1d_2010-06_2023-08.json")
    assert (prices["date"].iloc[0], prices["date"].iloc[-1], len(prices)) == ("2010-06-29", "2023-08-11", 3303)
    assert (prices["high"] >= prices[["open", "close"]].max(axis=1) * (1 - 1e-6)).all()
