from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.io.errors import UserError
from studies import study
from tests.conftest import small_params
from tests.imports import PATHS, imported

PARAMS = small_params(scrape={"calendar": "XNYS"})


def test_with_changes_returns_a_changed_copy() -> None:
    changes = {"train.window": 22, "train.units": [8], "track": {"experiment": "x"}}
    changed = study.with_changes(PARAMS, changes)
    assert (changed["train"]["window"], changed["train"]["units"]) == (22, [8])
    assert changed["track"] == {"experiment": "x"}
    assert PARAMS["train"]["window"] == 5
    assert PARAMS["train"]["units"] == [4]


@pytest.mark.parametrize("key", ["train.windows", "trains.window", "window"])
def test_an_unknown_key_is_named(key: str) -> None:
    with pytest.raises(UserError, match=rf"^{key}: unknown key"):
        study.with_changes(PARAMS, {key: 1})


def test_a_clone_reruns_what_a_change_affects_and_passes_on_the_message_of_a_failed_stage(tmp_path: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in (study.ROOT / "data").rglob("*") if path.is_file()}
    clone = study.clone_repository(tmp_path / "clone")
    samples = clone / "data/samples/train.parquet"
    study.run(clone, PARAMS, last_stage="prepare")
    first = samples.read_bytes()
    study.run(clone, study.with_changes(PARAMS, {"prepare.horizon": 2}), last_stage="prepare")
    assert samples.read_bytes() != first
    study.run(clone, PARAMS, last_stage="prepare")
    assert samples.read_bytes() == first
    with pytest.raises(UserError, match=r"^prepare: params.yaml: prepare.column: found 'cloze'"):
        study.run(clone, study.with_changes(PARAMS, {"prepare.column": "cloze"}), last_stage="prepare")
    assert {path: path.stat().st_mtime_ns for path in before} == before


def test_the_pipeline_imports_no_study() -> None:
    assert not [name for name in PATHS if any(module.startswith("studies") for module in imported(name))]


def test_a_part_of_a_page_is_made_again_and_the_others_are_kept(tmp_path: Path) -> None:
    page, made = tmp_path / "page.md", list[tuple[str, int]]()

    def part(name: str) -> Callable[..., str]:
        def text(folder: Path, count: int = 1) -> str:
            made.append((name, count))
            return f"{name} {count}\n\nmore"

        return text

    parts = {name: (f"Part {name}", part(name)) for name in ("a", "b")}
    study.write_parts(page, "# Page\n", parts, [])
    study.write_parts(page, "# Page\n", parts, ["a=7"])
    assert made == [("a", 1), ("b", 1), ("a", 7)]
    sections = page.read_text().split("\n\n## ")
    assert [section.split("\n\nThis took")[0] for section in sections] == [
        "# Page",
        "Part a\n\na 7\n\nmore",
        "Part b\n\nb 1\n\nmore",
    ]


@pytest.mark.parametrize("name", ["c", "a=x", "", "a=1=2"])
def test_a_part_that_is_not_there_is_told_before_any_is_made(name: str, tmp_path: Path) -> None:
    parts = {"a": ("Part a", lambda folder: pytest.fail("made"))}
    with pytest.raises(SystemExit, match=f"found '{name}'; accepted: a"):
        study.write_parts(tmp_path / "page.md", "", parts, ["a", name])
    assert not (tmp_path / "page.md").exists()
