"""Ask other programs, such as git."""

import os
import shutil
import subprocess

from pipeline.io.errors import UserError


def output_of(*command: str) -> str:
    """Return what a command prints, or "" if it fails or does not exist. Git ignores variables such as GIT_DIR."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    try:
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
    except FileNotFoundError:
        return ""
    return "" if done.returncode else done.stdout.strip()


def check_repository() -> None:
    """Raise UserError if git is not installed, or cannot use a repository in this folder."""
    if not shutil.which("git"):
        raise UserError("git: found no such program; accepted: git, installed and on the PATH")
    if not output_of("git", "rev-parse", "--git-dir"):
        found = "git: found no repository that it can use (`git status` says why)"
        raise UserError(f"{found}; accepted: a clone, or an unpacked archive after `git init` and a commit")
