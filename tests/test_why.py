"""`make why` says what `dvc repro` then does, and names what changed; real DVC in a small repository."""

import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from pipeline import why
from pipeline.io.errors import UserError
from tests.commands import AUTHOR, OURS, run
from tests.conftest import UNPINNED

# first -> second -> third; second also reads a folder, a parameter and a version
STAGES = {
    "first": {"cmd": "cat raw/* > first.txt", "deps": ["raw"], "outs": ["first.txt"]},
    "second": {
        "cmd": "cat first.txt code/*.py params.yaml | wc -c > second.txt",
        "deps": ["code", "first.txt"],
        "params": ["train", {"versions.json": ["numpy"]}],
        "outs": ["second.txt"],
    },
    "third": {"cmd": "nl second.txt > third.txt", "deps": ["second.txt"], "outs": ["third.txt"]},
}
FILES = {
    "params.yaml": "train:\n  units: [16]\n  layer: {epochs: 60}\n",
    "versions.json": '{"numpy": "2.4.6"}',
    "raw/prices.csv": "1\n",
    "code/one.py": "1\n",
    "code/two.py": "1\n",
    ".gitignore": "/raw\n",
}


def commit(folder: Path) -> str:
    run(folder, "git", "add", "--all")
    assert run(folder, "git", "commit", "--quiet", "--allow-empty", "--message", "state").returncode == 0
    return run(folder, "git", "rev-parse", "--short", "HEAD").stdout.strip()


REPRO = [sys.executable, "-c", "import sys; from pipeline import why; sys.exit(why.repro())"]


def repro(folder: Path) -> subprocess.CompletedProcess[str]:
    return run(folder, *REPRO)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("why")
    for name, text in FILES.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    YAML().dump({"stages": STAGES}, folder / "dvc.yaml")
    run(folder, "git", "init", "--quiet")
    run(folder, "dvc", "init", "--quiet")
    assert run(folder, "dvc", "repro").returncode == 0
    commit(folder)
    return folder


@pytest.fixture
def folder(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    copied = shutil.copytree(made, tmp_path / "copy")
    monkeypatch.chdir(copied)
    return copied


def edit(name: str, old: str, new: str) -> None:
    Path(name).write_text(Path(name).read_text().replace(old, new))


def planned() -> dict[str, list[str]]:
    """The reasons of each stage that is named, by its line without the colon."""
    found: dict[str, list[str]] = {}
    for line in why.plan():
        if line.startswith("  "):
            found[list(found)[-1]].append(line.strip())
        else:
            found[line.removesuffix(":")] = []
    return found


def test_nothing_has_changed(folder: Path) -> None:
    assert len(why.plan()) == 1
    assert not planned()["No stage would run: nothing has changed since the last `dvc repro`."]


CHANGES: dict[str, tuple[Callable[[], object], list[str]]] = {
    "value": (lambda: edit("params.yaml", "60", "30"), ["params.yaml: train.layer.epochs: 60 -> 30"]),
    "list": (lambda: edit("params.yaml", "[16]", "[16, 8]"), ["params.yaml: train.units: [16] -> [16, 8]"]),
    "new key": (lambda: edit("params.yaml", "60", "60, new: 1"), ["params.yaml: train.layer.new: none -> 1"]),
    "empty key": (lambda: edit("params.yaml", "60", "60, new: null"), ["params.yaml: train.layer.new: none -> None"]),
    "package": (lambda: edit("versions.json", "2.4.6", "2.5.0"), ["versions.json: numpy: 2.4.6 -> 2.5.0"]),
    "lost": (lambda: Path("second.txt").unlink(), ["second.txt: missing"]),
    "edited output": (lambda: edit("second.txt", "", "x"), ["second.txt: not as in dvc.lock"]),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_stage_is_named_with_what_changed(name: str, folder: Path) -> None:
    change, reasons = CHANGES[name]
    change()
    (found,) = [lines for line, lines in planned().items() if line.startswith("second would")]
    assert found == reasons


def test_files_are_named_with_the_commit_since_which_they_changed(folder: Path) -> None:
    since = commit(folder)
    edit("code/one.py", "1", "2")
    Path("code/é.py").touch()
    named = f"code/one.py: changed since commit {since}; code/é.py: not in git"
    first = run(folder, "git", "log", "-1", "--format=%h", "--", "dvc.lock").stdout.strip()
    assert planned()["second would run"] == [named.replace(since, first)]
    commit(folder)
    assert planned()["second would run"] == [f"code/one.py, code/é.py: changed since commit {first}"]


def test_a_file_that_git_does_not_know_is_told_by_its_size(folder: Path) -> None:
    Path("raw/more.csv").write_text("22\n")
    assert planned()["first would run"] == ["raw: 2 bytes in 1 files -> 5 bytes in 2 files"]
    Path("raw/more.csv").unlink()
    Path("raw/prices.csv").write_text("2\n")
    assert planned()["first would run"] == ["raw: other bytes, the same size"]


def test_a_missing_input_is_a_mistake(folder: Path) -> None:
    shutil.rmtree("raw")
    with pytest.raises(UserError, match="raw: no such file"):
        why.plan()


def test_what_is_said_is_what_dvc_does(folder: Path) -> None:
    """A state that was there before is restored; a stage after one that runs, runs if what it reads has changed."""
    edit("raw/prices.csv", "1", "2")
    assert list(planned()) == [
        "first would run",
        "second would run if its inputs change after first",
        "third would run if its inputs change after second",
    ]
    done = repro(folder)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "Ran: first, second. Did not change: third."  # as many bytes as before
    edit("raw/prices.csv", "2", "1")
    assert planned() == {
        "first would be restored from the cache": ["raw: other bytes, the same size"],
        "second would be restored from the cache": ["first.txt: an earlier version, restored by first"],
    }
    done = repro(folder)
    assert done.stdout.splitlines()[-1] == "Restored from the cache: first, second. Did not change: third."
    assert len(why.plan()) == 1


def test_lost_outputs_come_back_the_same_so_nothing_follows(folder: Path) -> None:
    Path("second.txt").unlink()
    assert list(planned()) == ["second would be restored from the cache"]
    edit("first.txt", "1", "2")  # it too will be as before
    assert list(planned()) == ["first would be restored from the cache", "second would be restored from the cache"]
    shutil.rmtree(".dvc/cache")
    assert list(planned()) == ["first would run", "second would run", "third would run"]
    assert repro(folder).stdout.splitlines()[-1] == "Ran: first, second, third."


def test_a_stage_is_planned_also_if_an_input_must_be_restored_first(folder: Path) -> None:
    Path("first.txt").unlink()
    edit("params.yaml", "60", "30")
    assert list(planned())[:2] == ["first would be restored from the cache", "second would run"]
    assert repro(folder).stdout.splitlines()[-1].startswith("Ran: second. Restored from the cache: first.")
    edit("params.yaml", "30", "60")
    Path("first.txt").unlink()
    assert list(planned())[:2] == ["first would be restored from the cache", "second would be restored from the cache"]


def test_a_reason_is_told_once(folder: Path) -> None:
    edit("dvc.yaml", "  third:", "  third:\n    params: [train]")
    assert repro(folder).returncode == 0
    edit("params.yaml", "60", "30")
    assert planned() == {
        "second would run": ["params.yaml: train.layer.epochs: 60 -> 30"],
        "third would run or be restored": ["1 of the changes above"],
    }


LONG = [f"feature_{number}" for number in range(10)]


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("a", "", "a -> ''"),
        ([16], [16, 8], "[16] -> [16, 8]"),
        (LONG, [*LONG[1:], "x"], "removed ['feature_0']; added ['x']"),
        (LONG, LONG[::-1], "another order"),
        ("none", [{"source": "x" * 2000}], f"none -> [{{'source': '{'x' * 47} ..."),
    ],
)
def test_a_change_of_a_value_fits_a_line(before: object, after: object, told: str) -> None:
    assert why.change(before, after) == told


def test_a_stage_whose_inputs_are_not_known_yet_may_be_restored(folder: Path) -> None:
    edit("raw/prices.csv", "1", "2")
    Path("second.txt").unlink()
    edit("dvc.yaml", "- second.txt\n    outs", "- second.txt\n    - first.txt\n    outs")
    assert planned() == {
        "first would run": ["raw: other bytes, the same size"],
        "second would run or be restored": ["second.txt: missing"],
        "third would run or be restored": ["first.txt: a new input"],
    }


def test_it_changes_nothing(folder: Path) -> None:
    edit("params.yaml", "60", "30")
    before = {path: path.read_bytes() for path in folder.rglob("*.*") if path.is_file() and ".git/" not in str(path)}
    why.plan()
    after = {path: path.read_bytes() for path in before}
    assert after == before


def test_a_stage_that_fails_ends_it_with_its_status(folder: Path) -> None:
    edit("dvc.yaml", "wc -c >", "false >")
    done = repro(folder)
    assert done.returncode != 0
    assert "second would run:\n  dvc.yaml: its command has changed\n" in done.stdout
    assert done.stdout.splitlines()[-1] == "Did not change: first. Did not finish: second."


def test_a_stage_that_cannot_begin_did_not_finish_either(folder: Path) -> None:
    edit("raw/prices.csv", "1", "2")
    edit("versions.json", "numpy", "scipy")
    assert repro(folder).stdout.splitlines()[-1] == "Ran: first. Did not finish: second."


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("dvc.lock", "<<<<<<< HEAD\nschema"),
        ("params.yaml", "a: ["),
        ("dvc.yaml", "stages: 1"),
    ],
)
def test_what_dvc_cannot_read_is_named_in_one_line(name: str, text: str, folder: Path) -> None:
    Path(name).write_text(text)
    with pytest.raises(UserError, match=re.escape(name)) as found:
        why.plan()
    assert "\n" not in str(found.value)


def test_ctrl_c_ends_dvc_and_its_stage(folder: Path) -> None:
    edit("dvc.yaml", "cat raw/* >", "touch started && sleep 60 && cat raw/* >")
    environment = {**UNPINNED, **AUTHOR, **OURS}
    with subprocess.Popen(REPRO, env=environment, stdout=subprocess.PIPE, text=True, process_group=0) as process:
        for _ in range(200):
            if Path("started").exists():
                break
            time.sleep(0.1)
        subprocess.run(["kill", f"-{signal.SIGINT.value}", "--", f"-{process.pid}"], check=True)
        said, _ = process.communicate(timeout=20)
    assert process.returncode not in (0, None)
    assert said.splitlines()[-1] == "Did not finish: first."
