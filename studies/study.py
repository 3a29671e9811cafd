"""Run the pipeline with changed parameters in a clone of the repository, and write pages of several parts.

The user's own files stay as they are: the clone has the last commit. DVC runs the stages that a change affects, and
restores results that this clone has seen.
"""

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from pipeline.io.artifacts import write_bytes
from pipeline.io.errors import UserError
from pipeline.io.params import parse_yaml

ROOT = Path(__file__).parent.parent
RUN_TIMEOUT = 6 * 3600  # seconds; a run with hundreds of tickers takes long

Params = dict[str, dict[str, Any]]


def read_params(path: str) -> Params:
    """Read a params file of the repository, `params.yaml` or one of `examples/`."""
    return parse_yaml((ROOT / path).read_text())


def with_changes(params: Params, changes: dict[str, Any]) -> Params:
    """Return a copy of the params with new values, given by dotted keys such as {"train.window": 5}.

    Raises UserError for an unknown key.
    """
    params = deepcopy(params)
    for key, value in changes.items():
        *section_names, name = key.split(".")
        section: Any = params
        for section_name in section_names:
            section = section.get(section_name, {})
        if name not in section:
            raise UserError(f"{key}: unknown key; accepted: keys of params.yaml, such as train.window")
        section[name] = value
    return params


def clone_repository(folder: Path, repository: Path = ROOT) -> Path:
    """Clone this repository, or another, into a new folder, with a separate, empty DVC cache, and return the folder."""
    subprocess.run(["git", "clone", "--quiet", str(repository), str(folder)], check=True)
    (folder / ".dvc/config.local").write_text("[cache]\n    dir = cache\n")
    return folder


def write_params(clone: Path, params: Params) -> None:
    """Write params.yaml of a clone."""
    with (clone / "params.yaml").open("w") as file:
        YAML().dump(params, file)


def environment() -> dict[str, str]:
    """Return the environment in which `dvc` finds the `python` that runs now."""
    return {**os.environ, "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])}


def run(clone: Path, params: Params, last_stage: str = "evaluate") -> None:
    """Run the stages up to `last_stage` in a clone. Raises UserError with the message of a stage that fails."""
    write_params(clone, params)
    command = [sys.executable, "-m", "dvc", "repro", "--quiet", last_stage]
    result = subprocess.run(command, cwd=clone, env=environment(), capture_output=True, text=True, timeout=RUN_TIMEOUT)
    if result.returncode:
        lines = [line for line in result.stderr.splitlines() if line]
        raise UserError("\n".join(line for line in lines if not line.startswith("ERROR: failed to reproduce")))


def write_parts(
    page: Path, introduction: str, parts: Mapping[str, tuple[str, Callable[..., str]]], names: Sequence[str]
) -> None:
    """Make the named parts of a page, or all, and keep the others. Below each is how long it took.

    parts: by name, the title and the function that returns the text. All functions get the same temporary folder.
    names: NAME, or NAME=COUNT, where the function gets COUNT too. Exits with one line if there is no such part.
    """
    for each in names:
        if not re.fullmatch(f"({'|'.join(parts)})(=[0-9]+)?", each):
            sys.exit(f"found {each!r}; accepted: {', '.join(parts)}")
    with tempfile.TemporaryDirectory() as temporary:
        for each in names or parts:
            print(f"{each} ...", file=sys.stderr, flush=True)
            name, _, count = each.partition("=")
            title, part = parts[name]
            started = time.perf_counter()
            text = part(Path(temporary), *map(int, filter(None, [count])))
            minutes, load = (time.perf_counter() - started) / 60, ", ".join(f"{mean:.1f}" for mean in os.getloadavg())
            took = f"This took {minutes:.0f} minutes. Load average over 1, 5 and 15 minutes at the end: {load}."
            old = page.read_text() if page.exists() else ""
            kept = dict(section.split("\n\n", 1) for section in old.rstrip().split("\n\n## ")[1:])
            kept[title] = f"{text}\n\n{took}"
            sections = [f"## {title}\n\n{kept[title]}" for title, _ in parts.values() if title in kept]
            write_bytes(page, ("\n\n".join([introduction.rstrip(), *sections]) + "\n").encode())
