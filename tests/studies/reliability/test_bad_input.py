"""However bad the input is, there is a right answer or a message. `python -m studies.reliability` draws more cases."""

import subprocess
from pathlib import Path

import pytest
from hypothesis import strategies as st

from pipeline.io.errors import UserError
from pipeline.io.params import parse_yaml
from studies.reliability.bad_input import FORM, MESSAGE, RIGHT, Elements, drawn, kinds, report
from tests.commands import run
from tests.imports import ROOT

FAST = 10  # cases of each kind; pages take seconds each


def test_each_kind_of_bad_input_has_a_right_answer_or_a_message(walked: Path) -> None:
    for name, (_, cases, answer) in kinds(walked).items():
        some = cases[:: len(cases) // FAST] if isinstance(cases, list) else cases
        ends = drawn(some, answer, 1 if name.startswith("pages") else FAST)
        assert ends.counts.total() > 0
        assert set(ends.counts) <= {MESSAGE, RIGHT}, f"{name}: {ends}"


@pytest.mark.slow
def test_the_table_counts_no_other_end(walked: Path) -> None:
    rows = [line.strip("| ").split(" | ") for line in report(walked, 2000).splitlines()[2:]]
    assert [row[-1] for row in rows] == ["0"] * 12
    assert sum(int(row[1].replace(",", "")) for row in rows) > 1000


def fails(case: str) -> None:
    if case == "traceback":
        raise KeyError(case)
    if case == "hang":
        while True:
            pass
    if case == "memory":
        bytearray(2**36)
    if case == "outside":
        Path("../outside").touch()
    if case == "no message":
        raise UserError


@pytest.mark.parametrize(
    ("case", "end"),
    [
        ("traceback", "KeyError"),
        ("hang", "ExceededError"),
        ("memory", "MemoryError"),
        ("outside", "a file outside the repository"),
        ("no message", "no clear message"),
    ],
)
def test_another_end_is_seen(case: str, end: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("studies.reliability.bad_input.CPU_SECONDS", 0.2)
    assert drawn(st.just(case), fails, 1).counts[end] == 1


def test_an_element_that_a_name_makes_is_seen() -> None:
    plain, hostile = Elements("<p>AAA</p>"), Elements("<p><img src=x onerror=alert(1)></p>")
    assert plain.tags != hostile.tags
    assert "onerror" in hostile.attributes - plain.attributes


@pytest.mark.slow
@pytest.mark.parametrize(
    "path", ["/etc", "../", "", "a'\"b", "${scrape.source}", "${x}", "$(touch made)", "\n", "none"]
)
def test_dvc_answers_a_hostile_path_of_the_data_by_a_message(path: str, tmp_path: Path) -> None:
    from ruamel.yaml import YAML

    folder = tmp_path / "repository"
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(folder)], check=True)
    values = parse_yaml((ROOT / "params.yaml").read_text())
    values["scrape"] = {**FORM, "path": path}
    YAML().dump(values, folder / "params.yaml")
    done = run(folder, "dvc", "repro", "scrape", PYTHONPATH=str(folder))
    assert done.returncode != 0
    assert "Traceback" not in done.stdout + done.stderr
    assert [own.name for own in tmp_path.iterdir()] == ["repository"]
    assert not list(folder.rglob("made"))
