"""The page of results has every example that can run without the network, and asks for the file that it lacks."""

from pathlib import Path

import pytest
from ruamel.yaml import YAML

from pipeline.io.errors import UserError
from studies import results
from tests.imports import ROOT


def test_every_example_but_yahoos_is_told() -> None:
    found = {path.stem for path in (ROOT / "examples").glob("*.yaml")}
    assert set(results.SHOWN) == {
        name for name in found if YAML(typ="safe").load(ROOT / f"examples/{name}.yaml")["scrape"]["source"] != "yahoo"
    }


def test_the_page_has_a_part_for_each_example() -> None:
    made, committed = results.page({name: f"found in {name}" for name in results.SHOWN}), results.PAGE.read_text()
    assert committed.startswith(results.HEAD)
    for name, title in results.SHOWN.items():
        assert f"## {title}\n\n`examples/{name}.yaml`\n\nfound in {name}\n" in made
        assert results.part(made, name) == f"found in {name}"
        assert f"## {title}\n\n`examples/{name}.yaml`\n\n**" in committed


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    params = {"scrape": {"source": "file", "path": "data/raw/nowhere.csv"}}
    with pytest.raises(UserError, match=r"^../shared/data/nowhere.csv: no such file beside the repository"):
        results.place(params, tmp_path)
    results.place({"scrape": {"source": "sample", "path": "data/raw"}}, tmp_path)
    assert not list(tmp_path.iterdir())
