"""Unusual checkouts: every command works there, or says in one line what is missing."""

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from mlflow import MlflowClient

from pipeline.track import runs
from pipeline.verify.rebuild import clone_commit
from tests.test_pipeline import ALL, BIN, copied, digests, repro, run

NO_GIT = {"PATH": str(BIN), "HOME": "/proc"}  # where nobody can write, as in many containers


def git(folder: Path, *words: str) -> str:
    """What git prints in a folder."""
    done = run(folder, "git", *words)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository of two commits, whose small pipeline ran."""
    folder = copied(tmp_path_factory.mktemp("checkouts") / "repository")
    assert sorted(repro(folder)) == sorted(ALL)
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "state")
    return folder


def shallow(repository: Path, folder: Path) -> Path:
    """A clone of the last commit alone, whose HEAD is detached."""
    git(repository, "clone", "--quiet", "--depth", "1", repository.as_uri(), str(folder))
    git(folder, "checkout", "--quiet", "--detach")
    return folder


def worktree(repository: Path, folder: Path) -> Path:
    """A second work tree of the repository, on a branch of its own."""
    git(repository, "worktree", "add", "--quiet", "-b", "versuch/größe", str(folder))
    return folder


def subfolder(repository: Path, folder: Path) -> Path:
    """An unpacked archive that is a folder of another repository."""
    unpacked(repository, folder / "project")
    git(folder, "init", "--quiet")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "all")
    return folder / "project"


def unpacked(repository: Path, folder: Path) -> Path:
    """An archive without its history."""
    folder.mkdir(parents=True)
    git(repository, "archive", "--output", str(folder / "a.tar"), "HEAD")
    shutil.unpack_archive(folder / "a.tar", folder)
    (folder / "a.tar").unlink()
    return folder


def initialised(repository: Path, folder: Path) -> Path:
    """An unpacked archive after `git init`."""
    git(unpacked(repository, folder), "init", "--quiet")
    return folder


PROMOTED = "version 1 of closecast is the champion now: there was no champion"
RECORDED = "reports/record.csv: 0 forecasts whose value is known"
UNKNOWN = "verify: REV: found 'HEAD~1', which this repository does not have; accepted: a branch, tag or commit"
UNUSABLE = "found no repository that it can use (`git status` says why); accepted: "
Make = Callable[[Path, Path], Path]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("make", "said"),
    [
        (shallow, {"record": "record: git: found a shallow clone; accepted: ", "verify": UNKNOWN}),
        (worktree, {"promote": PROMOTED, "record": RECORDED}),
        (
            subfolder,
            {"promote": PROMOTED, "record": RECORDED, "verify": "verify: git: found the pipeline in project/ "},
        ),
        (
            initialised,
            {
                "promote": "promote: dvc.lock: found none in the last commit; accepted: ",
                "record": "record: reports/next.csv: found no commit of forecasts; accepted: ",
                "verify": UNKNOWN,
            },
        ),
    ],
)
def test_the_run_and_the_commands_are_those_of_the_checkout(
    make: Make, said: dict[str, str], repository: Path, tmp_path: Path
) -> None:
    folder = make(repository, tmp_path / "a folder é")
    shutil.copytree(repository / ".dvc/cache", folder / ".dvc/cache")
    assert repro(folder) == ["track"]
    assert digests(folder) == digests(repository)
    client = MlflowClient(f"sqlite:///{folder / 'mlflow.db'}")
    (own,) = client.search_runs([client.get_experiment_by_name("closecast").experiment_id])
    commit = run(folder, "git", "rev-parse", "--verify", "--quiet", "HEAD").stdout.strip() or None
    assert own.data.tags.get("mlflow.source.git.commit") == commit
    assert own.data.tags.get("git.changed") == (commit and "false")
    before = run(folder, "git", "status", "--porcelain").stdout
    for command, line in said.items():
        done = run(folder, sys.executable, "-m", "pipeline", command, *["--rev", "HEAD~1"] * (command == "verify"))
        (printed,) = (done.stdout + done.stderr).splitlines()
        assert printed.startswith(line), done
        assert done.returncode == printed.startswith(command)  # only a mistake starts with its command
    assert run(folder, "git", "status", "--porcelain").stdout == before
    if make in (shallow, worktree):
        clone = clone_commit(folder, str(commit), tmp_path / "verified")
        assert git(clone, "rev-parse", "HEAD") == commit


def refuse(folder: Path, reason: str, **environment: str) -> None:
    """Check that each command on git's history ends with this reason, in one line."""
    for command in ("promote", "record", "verify", "revisions HEAD"):
        done = run(folder, sys.executable, "-m", "pipeline", *command.split(), **environment)
        (line,) = done.stderr.splitlines()
        assert (done.returncode, done.stdout) == (1, "")
        assert line.startswith(f"{command.split()[0]}: git: {reason}")


@pytest.mark.slow
def test_without_the_program_git_the_pipeline_runs(repository: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(repository, tmp_path / "copy", symlinks=True)
    (folder / "data/run.json").unlink()
    assert repro(folder, **NO_GIT) == ["track"]
    assert digests(folder) == digests(repository)
    refuse(folder, "found no such program; accepted: git, installed and on the PATH", **NO_GIT)


@pytest.mark.slow
def test_an_unpacked_archive_shows_its_results(repository: Path, tmp_path: Path) -> None:
    folder = unpacked(repository, tmp_path / "archive")
    for name in ("data", "reports"):
        shutil.copytree(repository / name, folder / name, dirs_exist_ok=True)
    for words in ((), ("forecast",)):
        assert run(folder, sys.executable, "-m", "pipeline", *words).returncode == 0
    assert "is not a git repository" in run(folder, "dvc", "repro").stderr
    refuse(folder, UNUSABLE)


@pytest.mark.slow
@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to give a folder to another user")
def test_a_clone_of_another_user_is_refused_as_git_does(repository: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(repository, tmp_path / "copy", symlinks=True)
    for path in (folder, folder / ".git"):
        os.chown(path, 65534, 65534)
    refuse(folder, UNUSABLE)


def test_prices_outside_of_the_repository_are_not_asked_of_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Git fails if it is asked for a path outside, or beyond a symbolic link."""
    folder = tmp_path / "repository"
    (folder / "data").mkdir(parents=True)
    (folder / "own.csv").write_text("1")
    (tmp_path / "raw").mkdir()
    (folder / "data/raw").symlink_to(tmp_path / "raw")
    for words in (("init", "--quiet"), ("add", "--all"), ("commit", "--quiet", "--message", "start")):
        git(folder, *words)
    monkeypatch.chdir(folder)
    for outside in ("../raw", str(tmp_path / "raw/own.csv"), "data/raw/own.csv", "own.csv"):
        assert runs.git(outside) == {
            "mlflow.source.git.commit": git(folder, "rev-parse", "HEAD"),
            "git.changed": "false",
        }
    (folder / "own.csv").write_text("2")
    assert runs.git("own.csv")["git.changed"] == "true"
    monkeypatch.setenv("PATH", str(tmp_path))
    assert runs.git("own.csv") == {}
