"""docs/results.md has every example that runs without internet, and a missing data file is named."""

from pathlib import Path

import pytest
from ruamel.yaml import YAML

from pipeline.io.errors import UserError
from pipeline.scoring.verdict import SIGNIFICANCE_LEVEL
from studies import results
from tests.imports import ROOT


def test_every_example_except_yahoos_is_on_the_page() -> None:
    names = {path.stem for path in (ROOT / "examples").glob("*.yaml")}
    assert set(results.TITLES) == {
        name for name in names if YAML(typ="safe").load(ROOT / f"examples/{name}.yaml")["scrape"]["source"] != "yahoo"
    }


def test_the_page_has_a_section_for_each_example() -> None:
    page, committed = results.page({name: f"text of {name}" for name in results.TITLES}), results.PAGE.read_text()
    assert committed.startswith(results.INTRODUCTION)
    for name, title in results.TITLES.items():
        assert f"## {title}\n\n`examples/{name}.yaml`\n\ntext of {name}\n" in page
        assert results.section_text(page, name) == f"text of {name}"
        assert f"## {title}\n\n`examples/{name}.yaml`\n\n**" in committed


def test_the_headline_of_the_page_agrees_with_its_tables() -> None:
    """One step ahead the network beats the baseline significantly on everything except a price."""
    page = results.PAGE.read_text()
    for name in results.TITLES:
        lines = [line.strip("| ").split(" | ") for line in results.section_text(page, name).splitlines()]
        rows = [line for line in lines if len(line) == 7 and line[1].startswith("1 ")]
        assert rows
        for target, *_, skill, p_value in rows:
            significantly_better = float(skill) > 0 and float(p_value.lstrip("<")) < SIGNIFICANCE_LEVEL
            assert significantly_better == (target not in ("close", "open")), (name, target)


def test_a_missing_data_file_is_named(tmp_path: Path) -> None:
    params = {"scrape": {"source": "file", "path": "data/raw/nowhere.csv"}}
    with pytest.raises(UserError, match=r"^../shared/data/nowhere.csv: no such file beside the repository"):
        results.copy_data_files(params, tmp_path)
    several = {
        "source": "several",
        "path": "data/raw",
        "markets": [{"source": "sample"}, {**params["scrape"], "path": "a.csv"}],
    }
    with pytest.raises(UserError, match=r"^../shared/data/a.csv: no such file beside the repository"):
        results.copy_data_files({"scrape": several}, tmp_path)
    results.copy_data_files({"scrape": {"source": "sample", "path": "data/raw"}}, tmp_path)
    assert not list(tmp_path.iterdir())
