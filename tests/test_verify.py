"""`make verify` catches every ambient input, says by how much outputs differ, and asks Yahoo nothing."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.conftest import UNPINNED
from tests.imports import ROOT

PATH = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
AUTHOR = {f"GIT_{who}_{what}": "a@b.c" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
# What a careless stage may take from where it runs, as Python that gives a number.
AMBIENT = {
    "folder": "sum(os.getcwd().encode())",
    "time_zone": "time.timezone",
    "hash": "hash('a') % 1000",
    "locale": "len(os.environ.get('LC_ALL', ''))",
    "umask": "os.umask(0o022)",
    "processors": "len(os.sched_getaffinity(0))",
    "pin": "len(os.environ.get('OPENBLAS_NUM_THREADS', ''))",
}
HERE = {"TZ": "Asia/Tokyo", "PYTHONHASHSEED": "1", "LC_ALL": "C.UTF-8", "OPENBLAS_NUM_THREADS": "2"}


def run(folder: Path, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=folder, env={**UNPINNED, **AUTHOR, "PATH": PATH, **environment}, capture_output=True, text=True
    )


def verify(folder: Path, *options: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return run(folder, sys.executable, "-m", "pipeline.verify", *options, PYTHONPATH=str(ROOT), **environment)


def repository(folder: Path, stages: dict[str, dict[str, Any]], source: str = "sample", **environment: str) -> Path:
    """A repository with these DVC stages, run and committed."""
    folder.mkdir()
    for name in ("requirements.lock", "versions.yaml"):
        shutil.copy(ROOT / name, folder)
    (folder / ".gitignore").write_text("*.parquet\n")
    YAML().dump({"scrape": {"source": source}}, folder / "params.yaml")
    YAML().dump({"stages": stages}, folder / "dvc.yaml")
    run(folder, "git", "init", "--quiet")
    run(folder, "dvc", "init", "--quiet")
    done = run(folder, "dvc", "repro", **HERE, **environment)
    assert done.returncode == 0, done.stderr
    run(folder, "git", "add", "--all")
    assert run(folder, "git", "commit", "--quiet", "--message", "run").returncode == 0
    return folder


def stage(code: str, *outs: str, deps: tuple[str, ...] = ()) -> dict[str, Any]:
    return {"cmd": f'python -c "{code}"', "deps": list(deps), "outs": list(outs)}


def table(name: str, number: str) -> dict[str, Any]:
    code = f"import os, time, pandas; pandas.DataFrame(dict(x=[float({number}), 1e6])).to_parquet('{name}.parquet')"
    return stage(code, f"{name}.parquet")


@pytest.fixture(scope="module")
def careless(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A stage for each ambient input, and one that has none."""
    stages = {name: table(name, number) for name, number in {**AMBIENT, "steady": "2"}.items()}
    return repository(tmp_path_factory.mktemp("verify") / "careless", stages)


def told(printed: str) -> dict[str, str]:
    """Whether each output is the same or different."""
    return {name: word for word, name in re.findall(r"^(same|different) .* (\w+)\.parquet", printed, re.MULTILINE)}


def test_every_ambient_input_is_caught_and_by_how_much_is_told(careless: Path) -> None:
    done = verify(careless)
    assert done.returncode == 1, done.stderr
    found = told(done.stdout)
    assert found.pop("steady") == "same"
    alone = {"processors"} if len(os.sched_getaffinity(0)) == 1 else set()
    assert {name for name, word in found.items() if word == "different"} == set(AMBIENT) - alone
    (line,) = re.findall(r"^different .* (locale\.parquet.*)$", done.stdout, re.MULTILINE)
    assert line == "locale.parquet: the largest relative difference is 6e-06, in x"  # 7 letters, 1, beside 1e6
    last = done.stdout.splitlines()[-1]
    assert last.startswith(f"{1 + len(alone)} of 8 outputs of commit ")
    assert f"Python {sys.version.split()[0]}" in last
    assert not run(careless, "git", "status", "--porcelain").stdout


def test_without_the_committed_files_it_says_so(careless: Path, tmp_path: Path) -> None:
    done = run(tmp_path, "git", "clone", "--quiet", str(careless), "clone")
    assert done.returncode == 0
    done = verify(tmp_path / "clone")
    assert done.returncode == 1
    lines = [line for line in done.stdout.splitlines() if line.startswith("different")]
    assert lines
    assert all(line.endswith("the committed file is neither in the DVC cache nor in a remote") for line in lines)


def test_the_same_bytes_are_told_and_exit_0(tmp_path: Path) -> None:
    folder = repository(tmp_path / "steady", {"steady": table("steady", "2")})
    done = verify(folder)
    assert done.returncode == 0, done.stdout + done.stderr
    assert told(done.stdout) == {"steady": "same"}
    assert done.stdout.splitlines()[-1].startswith("All 1 outputs of commit ")


def test_a_stage_that_fails_there_ends_it_with_what_it_said(tmp_path: Path) -> None:
    code = "import os, pathlib; os.environ['TZ'] == 'Asia/Tokyo' or exit('no such zone'); pathlib.Path('a').touch()"
    folder = repository(tmp_path / "failing", {"one": stage(code, "a")})
    done = verify(folder)
    assert done.returncode == 1
    assert "same" not in done.stdout
    assert done.stderr.startswith("verify: `dvc repro` failed with exit status ")
    assert "verify: no such zone" in done.stderr


YAHOO = {
    "scrape": stage(
        "import os, pathlib, shutil; shutil.copy(os.environ['ANSWER'], 'prices.parquet')", "prices.parquet"
    ),
    "copy": stage("import shutil; shutil.copy('prices.parquet', 'b.parquet')", "b.parquet", deps=("prices.parquet",)),
}


@pytest.fixture(scope="module")
def from_yahoo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository whose scrape finds an answer once and never again."""
    folder = tmp_path_factory.mktemp("yahoo")
    (folder / "answer").write_bytes(b"prices")
    return repository(folder / "made", YAHOO, source="yahoo", ANSWER=str(folder / "answer"))


def test_yahoo_is_not_asked_again(from_yahoo: Path) -> None:
    done = verify(from_yahoo)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Yahoo is not asked again: prices.parquet" in done.stdout
    assert told(done.stdout) == {"prices": "same", "b": "same"}


def test_yahoos_answer_that_is_nowhere_is_named(from_yahoo: Path, tmp_path: Path) -> None:
    run(tmp_path, "git", "clone", "--quiet", str(from_yahoo), "clone")
    done = verify(tmp_path / "clone")
    assert done.returncode == 1
    assert done.stderr.startswith("verify: prices.parquet: the prices of commit ")
    assert "`dvc pull`" in done.stderr


def test_mistakes_are_named(careless: Path, tmp_path: Path) -> None:
    assert verify(careless, "--rev", "nowhere").stderr == (
        "verify: REV: 'nowhere' is no git revision; accepted: for example HEAD~1, a tag or a commit\n"
    )
    run(tmp_path, "git", "init", "--quiet")
    shutil.copy(ROOT / "requirements.lock", tmp_path)
    run(tmp_path, "git", "add", "--all")
    run(tmp_path, "git", "commit", "--quiet", "--message", "nothing ran")
    assert "dvc.lock: commit " in verify(tmp_path).stderr
    if shutil.which("qemu-x86_64"):
        assert verify(careless, "--cpu", "Z80").stderr.startswith("verify: CPU: found 'Z80'; accepted: what ")
    assert verify(careless, "--cpu", "Haswell", PATH=str(tmp_path)).returncode != 0


@pytest.mark.slow
@pytest.mark.parametrize("options", [[], ["--cpu", "EPYC,legacy-cache=on"]])
def test_the_pipeline_is_rebuilt_to_the_same_bytes(options: list[str]) -> None:
    if options and not shutil.which("qemu-x86_64"):
        pytest.skip("needs Debian's qemu-user")
    done = verify(ROOT, *options)
    assert done.returncode == 0, done.stdout + done.stderr
    print(done.stdout)
    lock = YAML(typ="safe").load(ROOT / "dvc.lock")
    assert len(told(done.stdout.replace(".html", ".parquet"))) > 8
    count = sum(len(entry.get("outs", [])) for entry in lock["stages"].values())
    assert done.stdout.splitlines()[-1].startswith(f"All {count} outputs of commit ")
