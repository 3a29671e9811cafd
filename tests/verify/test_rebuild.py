"""`make verify` detects every input from the environment, says how much outputs differ, and never asks Yahoo."""

import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.commands import OURS, pipeline, run
from tests.conftest import UNPINNED
from tests.imports import ROOT

# What a careless stage may take from where it runs, as Python that gives a number.
AMBIENT = {
    "folder": "sum(os.getcwd().encode())",
    "time_zone": "time.timezone",
    "hash": "hash('a') % 1000",
    "locale": "len(os.environ.get('LC_ALL', ''))",
    "umask": "os.umask(0o022)",
    "processors": "len(os.sched_getaffinity(0))",
    "home": "sum(os.environ['HOME'].encode())",
    "pin": "len(os.environ.get('OPENBLAS_NUM_THREADS', ''))",
    "setting": "len(os.environ.get('MLFLOW_TRACKING_URI', ''))",
}
HERE = {
    "TZ": "Asia/Tokyo", "PYTHONHASHSEED": "1", "LC_ALL": "C.UTF-8", "OPENBLAS_NUM_THREADS": "2",
    "MLFLOW_TRACKING_URI": "file:nowhere",
}  # fmt: skip


def verify(folder: Path, *options: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return pipeline(folder, "verify", *options, **environment)


def repository(folder: Path, stages: dict[str, dict[str, Any]], *sources: str, **environment: str) -> Path:
    """A repository with these DVC stages, run and committed. sources: of one market or of several."""
    folder.mkdir()
    for name in ("requirements.lock", "versions.json"):
        shutil.copy(ROOT / name, folder)
    (folder / ".gitignore").write_text("*.parquet\n")
    markets = [{"source": source} for source in sources or ["sample"]]
    several = {"source": "several", "markets": markets}
    YAML().dump({"scrape": several if len(markets) > 1 else markets[0]}, folder / "params.yaml")
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
    """A repository with a stage for each input from the environment, and one stage without any."""
    stages = {name: table(name, number) for name, number in {**AMBIENT, "steady": "2"}.items()}
    return repository(tmp_path_factory.mktemp("verify") / "careless", stages)


def told(printed: str) -> dict[str, str]:
    """For each output: same, different, or copied from the commit."""
    return {
        name: word for word, name in re.findall(r"^(same|different|copied) .* (\w+)\.parquet", printed, re.MULTILINE)
    }


def test_every_input_from_the_environment_is_detected_and_the_difference_is_printed(careless: Path) -> None:
    done = verify(careless, **HERE)
    assert done.returncode == 1, done.stderr
    found = told(done.stdout)
    assert found.pop("steady") == "same"
    alone = {"processors"} if len(os.sched_getaffinity(0)) == 1 else set()
    assert {name for name, word in found.items() if word == "different"} == set(AMBIENT) - alone
    (line,) = re.findall(r"^different .* (locale\.parquet.*)$", done.stdout, re.MULTILINE)
    assert line == "locale.parquet: the largest relative difference is 6e-06, in x"  # 7 letters, 1, beside 1e6
    last = done.stdout.splitlines()[-1]
    assert last.startswith(f"{1 + len(alone)} of {1 + len(AMBIENT)} outputs of commit ")
    assert f"Python {sys.version.split()[0]}" in last
    assert not run(careless, "git", "status", "--porcelain").stdout


@pytest.mark.slow
def test_without_the_committed_files_it_says_so(careless: Path, tmp_path: Path) -> None:
    done = run(tmp_path, "git", "clone", "--quiet", str(careless), "clone")
    assert done.returncode == 0
    done = verify(tmp_path / "clone")
    assert done.returncode == 1
    lines = [line for line in done.stdout.splitlines() if line.startswith("different")]
    assert lines
    assert all(line.endswith("the committed file is not in the DVC cache and not in a remote") for line in lines)


def test_a_file_from_the_checkout_does_not_count_as_rebuilt(tmp_path: Path) -> None:
    frozen = {"cmd": "date +%N > a", "outs": [{"a": {"cache": False}}]}
    folder = repository(tmp_path / "frozen", {"frozen": frozen, "steady": table("steady", "2")})
    text = (folder / "dvc.yaml").read_text().replace("cmd: date", "frozen: true\n    cmd: date")
    (folder / "dvc.yaml").write_text(text)
    run(folder, "git", "commit", "--quiet", "--all", "--message", "frozen")
    assert run(folder, "git", "ls-files", "a").stdout == "a\n"
    done = verify(folder)
    assert done.returncode == 1, done.stdout
    assert not re.search(r"^same .* a$", done.stdout, re.MULTILINE)


@pytest.mark.slow
def test_an_output_that_the_commits_lock_does_not_name_is_different(tmp_path: Path) -> None:
    folder = repository(tmp_path / "more", {"one": table("one", "1"), "two": table("two", "2")})
    lock = YAML(typ="safe").load(folder / "dvc.lock")
    for kept, last in ((["one"], "1 of 2 outputs"), ([], None)):
        left = {**lock, "stages": {name: lock["stages"][name] for name in kept}}
        YAML().dump(left, folder / "dvc.lock")
        run(folder, "git", "commit", "--quiet", "--all", "--message", "fewer")
        done = verify(folder)
        assert done.returncode == 1
        if last:
            assert told(done.stdout) == {"one": "same", "two": "different"}
            assert done.stdout.splitlines()[-1].startswith(last)
        else:
            assert "dvc.lock: found none in commit " in done.stderr


@pytest.mark.slow
def test_git_settings_of_a_hook_do_not_move_the_users_checkout(tmp_path: Path) -> None:
    folder = repository(tmp_path / "hooked", {"steady": table("steady", "2")})
    branch = run(folder, "git", "branch", "--show-current").stdout
    assert branch
    done = verify(folder, GIT_DIR=str(folder / ".git"), GIT_WORK_TREE=str(folder))
    assert done.returncode == 0, done.stderr
    assert run(folder, "git", "branch", "--show-current").stdout == branch


@pytest.mark.slow
def test_interrupted_it_leaves_no_folder_and_no_stage(tmp_path: Path) -> None:
    code = "import os, pathlib, time; pathlib.Path('a').touch(); time.sleep(90 * ('verify-' in os.getcwd()))"
    folder = repository(tmp_path / "slow", {"slow": stage(code, "a")})
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    command, environment = [sys.executable, "-m", "pipeline", "verify"], {**UNPINNED, **OURS, "TMPDIR": str(scratch)}
    with subprocess.Popen(command, cwd=folder, env=environment, stderr=subprocess.PIPE, text=True) as process:
        for _ in range(300):
            if list(scratch.glob("verify-*/clone/a")):
                break
            time.sleep(0.1)
        process.terminate()
        _, said = process.communicate(timeout=30)
    assert said == "verify: interrupted\n"
    assert list(scratch.iterdir()) == []
    assert str(scratch) not in run(folder, "ps", "-eo", "args").stdout


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


@pytest.fixture(scope="module", params=[["yahoo"], ["sample", "yahoo"]], ids=["alone", "one of several"])
def from_yahoo(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository whose stage scrape can run only once."""
    folder = tmp_path_factory.mktemp("yahoo")
    (folder / "answer").write_bytes(b"prices")
    return repository(folder / "made", YAHOO, *request.param, ANSWER=str(folder / "answer"))


def test_yahoo_is_not_asked_again(from_yahoo: Path) -> None:
    done = verify(from_yahoo)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Yahoo is not asked again: prices.parquet" in done.stdout
    assert told(done.stdout) == {"prices": "copied", "b": "same"}
    assert done.stdout.splitlines()[-1].startswith("All 1 outputs of commit ")


@pytest.mark.slow
def test_stored_prices_that_no_cache_has_are_named(from_yahoo: Path, tmp_path: Path) -> None:
    run(tmp_path, "git", "clone", "--quiet", str(from_yahoo), "clone")
    done = verify(tmp_path / "clone")
    assert done.returncode == 1
    assert done.stderr.startswith("verify: prices.parquet: found no prices of commit ")
    assert "`dvc pull`" in done.stderr


def test_mistakes_are_named(careless: Path, tmp_path: Path) -> None:
    assert verify(careless, "--rev", "nowhere").stderr == (
        "verify: REV: found 'nowhere', which this repository does not have; "
        "accepted: a branch, tag or commit that it has\n"
    )
    run(tmp_path, "git", "init", "--quiet")
    shutil.copy(ROOT / "requirements.lock", tmp_path)
    run(tmp_path, "git", "add", "--all")
    run(tmp_path, "git", "commit", "--quiet", "--message", "nothing ran")
    assert "dvc.lock: found none in commit " in verify(tmp_path).stderr
    if shutil.which("qemu-x86_64"):
        assert verify(careless, "--cpu", "Z80").stderr.startswith("verify: CPU: found 'Z80'; accepted: a processor ")
    (tmp_path / "git").symlink_to(shutil.which("git") or "")
    assert verify(careless, "--cpu", "Haswell", PATH=str(tmp_path)).stderr.startswith("verify: qemu-x86_64: not found")


@pytest.mark.slow
@pytest.mark.parametrize("options", [[], pytest.param(["--cpu", "EPYC,legacy-cache=on"], marks=pytest.mark.soak)])
def test_the_pipeline_is_rebuilt_to_the_same_bytes(options: list[str]) -> None:
    if options and not shutil.which("qemu-x86_64"):
        pytest.skip("needs Debian's qemu-user")
    done = verify(ROOT, *options)
    assert done.returncode == 0, done.stdout + done.stderr
    print(done.stdout)
    lock = YAML(typ="safe").load(ROOT / "dvc.lock")
    count = sum(len(entry.get("outs", [])) for entry in lock["stages"].values())
    assert len(re.findall(r"^same ", done.stdout, re.MULTILINE)) == count
    assert done.stdout.splitlines()[-1].startswith(f"All {count} outputs of commit ")
