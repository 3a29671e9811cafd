"""Other programs are asked without the user's git variables, and what is wrong with git is said in one line."""

from pathlib import Path

import pytest

from pipeline.io.errors import UserError
from pipeline.programs import check_repository, output_of
from tests.commands import run


def test_what_fails_or_does_not_exist_says_nothing(tmp_path: Path) -> None:
    assert output_of("echo", "words") == "words"
    assert not output_of("sh", "-c", "echo words; false")
    assert not output_of(str(tmp_path / "none"))


def test_git_is_asked_about_this_folder_whatever_its_variables_say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(tmp_path, "git", "init", "--quiet", "one")
    monkeypatch.chdir(tmp_path / "one")
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "other"))
    check_repository()
    assert output_of("git", "rev-parse", "--git-dir") == ".git"


def test_a_folder_without_a_repository_and_a_computer_without_git_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match="git: found no repository"):
        check_repository()
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UserError, match="git: found no such program"):
        check_repository()
