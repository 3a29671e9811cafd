"""`make why`: which stages `dvc repro` would run, and why. `make repro` also runs them, and says which ran."""

import logging
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

from dvc.exceptions import DvcException
from dvc.repo import Repo
from dvc_data.hashfile.hash_info import HashInfo

from pipeline.io.errors import UserError
from pipeline.io.params import flat
from pipeline.verify.machine import check_repository, output_of

OUTPUTS = {"deleted": "missing", "modified": "changed by hand", "not in cache": "not in DVC's cache"}
OUTCOMES = {  # what `dvc repro` prints about a stage
    "Ran": r"^Running stage '(.+)'",
    "Restored from the cache": r"^Stage '(.+)' is cached",
    "Did not change": r"^Stage '(.+)' didn't change",
}


def plan() -> list[str]:
    """Return lines that say which stages would run, each with its reasons. Raises UserError if DVC cannot tell."""
    logging.getLogger("dvc").setLevel(logging.WARNING)  # `is_cached` would make it say that it skips a stage
    lines, remade, unsure = list[str](), set[str](), dict[str, str]()
    try:
        with Repo() as repo, repo.lock:
            for stage in repo.index.stages:  # as in dvc.yaml, where a stage follows those whose outputs it needs
                lost, changed = lost_outputs(stage), list(changed_inputs(stage, remade))
                first = dict.fromkeys(unsure[dep.def_path] for dep in stage.deps if dep.def_path in unsure)
                if lost or changed:
                    cached = not first and is_cached(stage)
                    lines.append(f"{stage.name} would {'be restored from the cache' if cached else 'run'}:")
                    lines += [f"  {reason}" for reason in lost + changed]
                elif first:
                    lines.append(f"{stage.name} would run if its inputs change after {', '.join(first)}")
                outputs = {out.def_path: stage.name for out in stage.outs}
                remade |= outputs.keys() if lost or changed or first else set()
                unsure |= outputs if changed or first else {}
    except (DvcException, TypeError) as error:  # a date without quotes in params.yaml is a TypeError of DVC
        check_repository()
        raise UserError(" ".join(str(error).split())) from None
    return lines or ["No stage would run: nothing has changed since the last `dvc repro`."]


def lost_outputs(stage: Any) -> list[str]:
    """Return which outputs are no longer those of the last run, a line for each way. The same ones will come back."""
    if not any(out.hash_info for out in stage.outs):
        return []
    states = {out.def_path: out.status().get(str(out)) if out.exists else "deleted" for out in stage.outs}
    found = {words: [path for path in states if states[path] == state] for state, words in OUTPUTS.items()}
    return [f"{', '.join(paths)}: {words}" for words, paths in found.items() if paths]


def changed_inputs(stage: Any, remade: set[str]) -> Iterator[str]:
    """Yield what has changed in the inputs of a stage, a line each.

    remade: outputs that other stages will make again; whether they change is not yet known.
    """
    if not any(out.hash_info for out in stage.outs):
        yield "it has not run yet"
        return
    if stage.changed_stage():
        yield "dvc.yaml: its command has changed"
    for dep in stage.deps:
        if dep.hash_name == "params":
            yield from changed_values(dep)
        elif dep.status() and dep.def_path not in remade:
            yield changed_files(dep)


def changed_values(dep: Any) -> Iterator[str]:
    """Yield the old and the new value of each changed key of a file of parameters or versions."""
    old, new = (dict(flat(values or {})) for values in (dep.hash_info.value, dep.read_params()))
    for key in dict.fromkeys([*old, *new]):
        if old.get(key) != new.get(key):
            yield f"{dep.def_path}: {key}: {old.get(key, 'none')} -> {new.get(key, 'none')}"


def changed_files(dep: Any) -> str:
    """Say what has changed in a file or folder: names, where git has the version of the last run, otherwise sizes."""
    path, (meta, _) = dep.def_path, dep._get_hash_meta() if dep.exists else (None, None)
    if not meta:
        return f"{path}: missing"
    if not dep.hash_info:
        return f"{path}: a new input"
    hash_ = dep.hash_info.value
    if output_of("git", "grep", "--fixed-strings", hash_, "HEAD", "--", "dvc.lock"):
        history = ("git", "log", "--first-parent", "-m", "-1", "--format=%h")
        commit = output_of(*history, f"-S{hash_}", "--", "dvc.lock")  # the one that brought this version of it
        names = output_of("git", "diff", "--relative", "--name-only", commit, "--", path).splitlines()
        names += output_of("git", "ls-files", "--others", "--exclude-standard", "--", path).splitlines()
        if commit and names:
            return f"{', '.join(names)}: changed since commit {commit}"
    return f"{path}: {size(dep.meta)} -> {size(meta)}"


def size(meta: Any) -> str:
    """Return the size of a file or folder."""
    return f"{meta.size:,} bytes" + (f" in {meta.nfiles} files" if meta.nfiles else "")


def is_cached(stage: Any) -> bool:
    """Return whether DVC's cache has the outputs of a stage for its inputs as they are now."""
    try:
        stage.save_deps()  # in memory
        for out in stage.outs:
            out.hash_info = HashInfo()  # so that DVC looks for the outputs of these inputs, not for those in dvc.lock
        stage.repo.stage_cache.restore(stage, dry=True)
    except DvcException:
        return False
    return True


def repro() -> int:
    """Print the plan, run `dvc repro`, print which stages ran and which did not, and return the exit status."""
    print("\n".join(plan()), end="\n\n", flush=True)
    outcomes: dict[str, list[str]] = {outcome: [] for outcome in OUTCOMES}
    with subprocess.Popen([sys.executable, "-m", "dvc", "repro"], stdout=subprocess.PIPE, text=True) as process:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C ends DVC, which ends its stage; then this goes on
        for line in process.stdout or []:
            print(line, end="", flush=True)
            for outcome, pattern in OUTCOMES.items():
                outcomes[outcome] += re.findall(pattern, line)
    said = [f"{outcome}: {', '.join(names)}." for outcome, names in outcomes.items() if names]
    print("\n" + " ".join(said))
    return process.returncode
