"""`make why`: which stages `dvc repro` would run, and why. `make repro` also runs them, and says which ran."""

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

from dvc.exceptions import DvcException
from dvc.repo import Repo
from dvc.stage.serialize import to_single_stage_lockfile
from dvc_data.hashfile.hash_info import HashInfo

from pipeline.io.errors import UserError
from pipeline.io.params import flat
from pipeline.programs import check_repository, output_of

OUTPUTS = {"deleted": "missing", "modified": "not as in dvc.lock", "not in cache": "not in DVC's cache"}
OUTCOMES = {  # what `dvc repro` prints about a stage
    "Ran": r"^Running stage '(.+)'",
    "Restored from the cache": r"^Stage '(.+)' is cached",
    "Did not change": r"^Stage '(.+)' didn't change",
}
Hashes = dict[str, HashInfo | None]  # by output; None: nobody knows before the stage runs


def plan() -> list[str]:
    """Return lines that say which stages would run, each with its reasons. Raises UserError if DVC cannot tell."""
    lines, expected = list[str](), Hashes()  # expected: the outputs that are made or restored before a stage
    try:
        with Repo() as repo, repo.lock:
            maker = {out.def_path: stage.name for stage in repo.index.stages for out in stage.outs}
            for stage in repo.index.stages:  # as in dvc.yaml, where a stage follows those whose outputs it needs
                lost, changed = lost_outputs(stage), list(changed_inputs(stage, expected, maker))
                unknown = [dep.def_path for dep in stage.deps if expected.get(dep.def_path, dep.hash_info) is None]
                if not (lost or changed or unknown):
                    continue
                outputs: Hashes = {out.def_path: None if changed or unknown else out.hash_info for out in stage.outs}
                cached = {} if unknown else cached_outputs(stage, expected, same_inputs=not changed)
                if lost or changed:
                    lines.append(f"{stage.name} would {'be restored from the cache' if cached else 'run'}:")
                    lines += [f"  {reason}" for reason in lost + changed]
                else:
                    makers = dict.fromkeys(maker[path] for path in unknown)
                    lines.append(f"{stage.name} would run if its inputs change after {', '.join(makers)}")
                expected |= outputs | cached
    except DvcException as error:
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


def changed_inputs(stage: Any, expected: Hashes, maker: dict[str, str]) -> Iterator[str]:
    """Yield what has changed in the inputs of a stage, a line each. maker: the stage that makes an output."""
    if not any(out.hash_info for out in stage.outs):
        yield "it has not run yet"
        return
    if stage.changed_stage():
        yield "dvc.yaml: its command has changed"
    for dep in stage.deps:
        path = dep.def_path
        if dep.hash_name == "params":
            yield from changed_values(dep)
        elif path in expected:
            if expected[path] not in (None, dep.hash_info):
                yield f"{path}: an earlier one, restored by {maker[path]}"
        elif dep.status():
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
        raise UserError(f"{path}: no such file or folder; accepted: one to read, as in dvc.yaml and params.yaml")
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
    if size(dep.meta) == size(meta):
        return f"{path}: other bytes, as many as before"
    return f"{path}: {size(dep.meta)} -> {size(meta)}"


def size(meta: Any) -> str:
    """Return the size of a file or folder."""
    return f"{meta.size:,} bytes" + (f" in {meta.nfiles} files" if meta.nfiles else "")


def cached_outputs(stage: Any, expected: Hashes, *, same_inputs: bool) -> Hashes:
    """Return the outputs that DVC would restore from its cache instead of running the stage; {} if it cannot.

    same_inputs: whether all inputs will be those of dvc.lock; then only the outputs of dvc.lock count.
    """
    cache = stage.repo.stage_cache
    try:
        for dep in stage.deps:  # in memory
            if dep.def_path in expected:
                dep.hash_info = expected[dep.def_path]
            else:
                dep.save()
        entry = to_single_stage_lockfile(stage) if same_inputs else cache._load(stage)
        restored = cache._create_stage(entry, wdir=stage.wdir) if entry else None
    except DvcException:
        return {}
    return {out.def_path: out.hash_info for out in restored.outs} if restored and restored.outs_cached() else {}


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
    if process.returncode and outcomes["Ran"]:
        outcomes["Did not finish"] = [outcomes["Ran"].pop()]  # the last one: DVC stops there
    said = [f"{outcome}: {', '.join(names)}." for outcome, names in outcomes.items() if names]
    print("\n" + " ".join(said))
    return process.returncode
