"""The page of results has every example that can run without the network, and asks for the file that it lacks."""

from pathlib import Path

import pytest
from ruamel.yaml import YAML

from pipeline.io.artifacts import read_record
from pipeline.io.errors import UserError
from pipeline.scoring.verdict import Verdict
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
        assert f"## {title}\n\n`examples/{name}.yaml`\n\n| target |" in committed


def test_a_part_tells_the_nearest_and_the_farthest_horizon_and_the_whole_verdict(walked: Path) -> None:
    part, verdict = results.told(walked), read_record(walked / "data/verdict.json", Verdict)
    targets = [line.split(" | ")[0] for line in part.splitlines() if line.startswith(("| close", "| log"))]
    assert targets == ["| close +1", "| close +3", "| log variance +1", "| log variance +3"]
    for sentence in (*verdict.sentences.values(), verdict.band):
        assert sentence in part


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    params = {"scrape": {"source": "file", "path": "data/raw/nowhere.csv"}}
    with pytest.raises(UserError, match=r"^../shared/data/nowhere.csv: no such file beside the repository"):
        results.place(params, tmp_path)
    results.place({"scrape": {"source": "sample", "path": "data/raw"}}, tmp_path)
    assert not list(tmp_path.iterdir())
