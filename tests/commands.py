"""Programs as a user starts them: nothing is pinned, they lie beside this Python, and git knows an author."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.conftest import UNPINNED
from tests.imports import ROOT

PATH = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
AUTHOR = {f"GIT_{who}_{what}": "a@b.c" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
OURS = {"PATH": PATH, "PYTHONPATH": str(ROOT)}


def run(folder: Path, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """A command in a folder, `pipeline` and `tests` importable."""
    environment = {**UNPINNED, **AUTHOR, **OURS, **environment}
    how: dict[str, Any] = {"text": True, "errors": "surrogateescape", "umask": 0o022}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, **how)


def python(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Code in a Python of its own."""
    return run(ROOT, sys.executable, "-c", code, **environment)


def pipeline(folder: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """What people type: `python -m pipeline ...`"""
    return run(folder, sys.executable, "-m", "pipeline", *words, **environment)
