"""docs/reruns.md has every key and every folder, and no key reruns more than it must."""

import re
from pathlib import Path

import pytest

from studies import reruns
from tests.imports import ROOT

ROWS = dict(re.findall(r"^\| `(.+?)` \| (.+?) \|$", (ROOT / "docs/reruns.md").read_text(), re.MULTILINE))


def test_the_page_has_every_key_and_every_file() -> None:
    assert set(", ".join(reruns.OTHER).split(", ")) == set(reruns.keys())
    assert list(ROWS) == [*reruns.OTHER, *reruns.files(), *reruns.beside()]


def test_every_folder_of_the_repository_has_a_row() -> None:
    named = {Path(name).parts[:2] for name in ROWS} | {(Path(name).parts[0],) for name in ROWS}
    folders = [path for path in (ROOT / "pipeline").iterdir() if path.is_dir() and path.name != "__pycache__"]
    assert {("pipeline", path.name) for path in folders} <= named


def test_no_key_reruns_a_stage_in_vain_but_those_that_the_page_explains() -> None:
    explained = {"scrape.calendar", "prepare.season_length", "train.patience"}
    assert {key for key in reruns.OTHER if "(" in ROWS[key]} <= explained


@pytest.mark.slow
def test_the_page_tells_what_runs(tmp_path: Path) -> None:
    small = reruns.small_pipeline(tmp_path / "small")
    for name in ("explore.lags", "evaluate.coverage", "pipeline/quality.py", "tests"):
        before = (small / "params.yaml").read_bytes()
        reruns.change(small, name)
        assert str(reruns.rerun(small)) == ROWS[name]
        (small / "params.yaml").write_bytes(before)
        reruns.rerun(small)
