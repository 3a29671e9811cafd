"""Runs the pipeline with changed parameters in a clone of its own, so that the user's workspace stays as it is.

The clone is of the last commit. DVC runs what a change touches, and restores what it has seen before in this clone.
"""

import os
import subprocess
import sys
from copy import deepcopy
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from pipeline.io.errors import UserError
from pipeline.io.params import parse_yaml

ROOT = Path(__file__).parent.parent
LIMIT = 6 * 3600  # seconds a run: hundreds of tickers take long

Params = dict[str, dict[str, Any]]


def committed(name: str) -> Params:
    """A params file of the repository, `params.yaml` or one of `examples/`, as plain values."""
    return parse_yaml((ROOT / name).read_text())


def changed(params: Params, changes: dict[str, Any]) -> Params:
    """The params with changes over them, by dotted keys: {"train.window": 5}. Raises UserError for an unknown key."""
    params = deepcopy(params)
    for key, value in changes.items():
        *path, last = key.split(".")
        section: Any = params
        for step in path:
            section = section.get(step, {})
        if last not in section:
            raise UserError(f"{key}: unknown key; accepted: keys of params.yaml, such as train.window")
        section[last] = value
    return params


def cloned(folder: Path) -> Path:
    """A clone of this repository in a folder that is not there yet, with an empty DVC cache of its own."""
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(folder)], check=True)
    (folder / ".dvc/config.local").write_text("[cache]\n    dir = cache\n")
    return folder


def run(clone: Path, params: Params, last: str = "evaluate") -> None:
    """Run the stages up to `last` in a clone. Raises UserError with what a failing stage says."""
    with (clone / "params.yaml").open("w") as file:
        YAML().dump(params, file)
    command = [sys.executable, "-m", "dvc", "repro", "--quiet", last]
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = {**os.environ, "PATH": path}
    done = subprocess.run(command, cwd=clone, env=environment, capture_output=True, text=True, timeout=LIMIT)
    if done.returncode:
        said = [line for line in done.stderr.splitlines() if line and not line.startswith("ERROR: failed to reproduce")]
        raise UserError("\n".join(said))
