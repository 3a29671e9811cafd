"""`make why`: which stages `dvc repro` would run, and why. `make repro` also runs them, and says which ran."""

import logging
import re
from collections.abc import Iterator
from typing import Any

from dvc.cli import main as dvc
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
    "Did not finish": r"^failed to reproduce '(.+?)'",
}
GIT = ("git", "-c", "core.quotepath=off")  # names as they are
MAX_VALUE = 60  # characters of a value in a line
Hashes = dict[str, HashInfo | None]  # by output; None: unknown until the stage runs


def plan() -> list[str]:
    """Return lines that say which stages would run, each with its reasons. Raises UserError if DVC cannot tell."""
    lines, told, coming = list[str](), set[str](), Hashes()  # coming: what earlier stages will write or restore
    try:
        with Repo() as repo, repo.lock:
            maker = {out.def_path: stage.name for stage in repo.index.stages for out in stage.outs}
            for stage in repo.index.stages:  # as in dvc.yaml, where a stage follows those whose outputs it needs
                lost, changed = list[str](), ["it has not run yet"]
                if any(out.hash_info for out in stage.outs):
                    lost, changed = lost_outputs(stage), list(changed_inputs(stage, coming, maker))
                unknown = [dep.def_path for dep in stage.deps if coming.get(dep.def_path, dep.hash_info) is None]
                if not (lost or changed or unknown):
                    continue
                outputs: Hashes = {out.def_path: None if changed or unknown else out.hash_info for out in stage.outs}
                cached = {} if unknown else cached_outputs(stage, coming, same_inputs=not changed)
                if lost or changed:
                    how = "be restored from the cache" if cached else "run or be restored" if unknown else "run"
                    new = [reason for reason in lost + changed if reason not in told]
                    above = len(lost + changed) - len(new)
                    lines += [f"{stage.name} would {how}:", *(f"  {reason}" for reason in new)]
                    lines += [f"  {above} of the changes above"] if above else []
                    told |= set(new)
                else:
                    makers = dict.fromkeys(maker[path] for path in unknown)
                    lines.append(f"{stage.name} would run if its inputs change after {', '.join(makers)}")
                coming |= outputs | cached
    except DvcException as error:
        check_repository()
        raise UserError(" ".join(str(error).split())) from None
    return lines or ["No stage would run: nothing has changed since the last `dvc repro`."]


def lost_outputs(stage: Any) -> list[str]:
    """Return which outputs are not those of the last run, a line for each kind of loss. The same will come back."""
    states = {out.def_path: out.status().get(str(out)) if out.exists else "deleted" for out in stage.outs}
    found = {words: [path for path in states if states[path] == state] for state, words in OUTPUTS.items()}
    return [f"{', '.join(paths)}: {words}" for words, paths in found.items() if paths]


def changed_inputs(stage: Any, coming: Hashes, maker: dict[str, str]) -> Iterator[str]:
    """Yield what has changed in the inputs of a stage, a line each. maker: the stage that makes an output."""
    if stage.changed_stage():
        yield "dvc.yaml: its command has changed"
    for dep in stage.deps:
        path = dep.def_path
        if dep.hash_name == "params":
            yield from changed_values(dep)
        elif not dep.hash_info:
            yield f"{path}: a new input"
        elif path in coming:
            if coming[path] not in (None, dep.hash_info):
                yield f"{path}: an earlier version, restored by {maker[path]}"
        elif dep.status():
            yield changed_files(dep)


def changed_values(dep: Any) -> Iterator[str]:
    """Yield the old and the new value of each changed key of a file of parameters or versions."""
    old, new = (dict(flat(values or {})) for values in (dep.hash_info.value, dep.read_params()))
    for key in dict.fromkeys([*old, *new]):
        before, after = old.get(key, "none"), new.get(key, "none")
        if before != after:
            yield f"{dep.def_path}: {key}: {change(before, after)}"


def change(before: Any, after: Any) -> str:
    """Say how a value has changed; of a long list, what was removed and added."""
    if not (isinstance(before, list) and isinstance(after, list) and len(f"{before}{after}") > 2 * MAX_VALUE):
        return f"{shown(before)} -> {shown(after)}"
    removed, added = (
        [entry for entry in some if entry not in others] for some, others in ((before, after), (after, before))
    )
    parts = {"removed": removed, "added": added}
    return "; ".join(f"{word} {shown(entries)}" for word, entries in parts.items() if entries) or "another order"


def shown(value: Any) -> str:
    """Return a value as a text that is not empty and not long."""
    text = str(value) or "''"
    return text if len(text) <= MAX_VALUE else f"{text[:MAX_VALUE]} ..."


def changed_files(dep: Any) -> str:
    """Say what has changed in a file or folder: file names if git has the old version, otherwise sizes."""
    path, hash_ = dep.def_path, dep.hash_info.value
    if not dep.exists:
        told = f"accepted: one that {dep.stage.name} can read. Your own prices are at scrape.path in params.yaml"
        raise UserError(f"{path}: no such file or folder; {told}")
    if output_of("git", "grep", "--fixed-strings", hash_, "HEAD", "--", "dvc.lock"):
        history = ("git", "log", "--first-parent", "-m", "-1", "--format=%h")
        commit = output_of(*history, f"-S{hash_}", "--", "dvc.lock")  # the one that brought this version of it
        names = {
            f"changed since commit {commit}": output_of(*GIT, "diff", "--relative", "--name-only", commit, "--", path),
            "not in git": output_of(*GIT, "ls-files", "--others", "--exclude-standard", "--", path),
        }
        if commit and any(names.values()):
            return "; ".join(f"{', '.join(text.splitlines())}: {words}" for words, text in names.items() if text)
    before, after = size(dep.meta), size(dep._get_hash_meta()[0])
    return f"{path}: other bytes, the same size" if before == after else f"{path}: {before} -> {after}"


def size(meta: Any) -> str:
    """Return the size of a file or folder."""
    return f"{meta.size:,} bytes" + (f" in {meta.nfiles} files" if meta.nfiles else "")


def cached_outputs(stage: Any, coming: Hashes, *, same_inputs: bool) -> Hashes:
    """Return the outputs that DVC would restore from its cache instead of running the stage; {} if it cannot.

    same_inputs: whether all inputs will be those of dvc.lock; then only the outputs of dvc.lock count.
    """
    cache = stage.repo.stage_cache
    try:
        for dep in stage.deps:  # in memory
            if dep.def_path in coming:
                dep.hash_info = known = coming[dep.def_path]
                dep.get_hash = lambda known=known: known  # the file itself may still be missing
            else:
                dep.save()
        entry = to_single_stage_lockfile(stage) if same_inputs else cache._load(stage)
        restored = cache._create_stage(entry, wdir=stage.wdir) if entry else None
    except DvcException:
        return {}
    return {out.def_path: out.hash_info for out in restored.outs} if restored and restored.outs_cached() else {}


class Outcomes(logging.Handler):
    """Collects what DVC logs about stages: their names by outcome."""

    def __init__(self) -> None:
        super().__init__()
        self.stages: dict[str, list[str]] = {outcome: [] for outcome in OUTCOMES}

    def emit(self, record: logging.LogRecord) -> None:
        """Called by `logging`. DVC logs an error as an exception without a message."""
        text = str(record.exc_info[1]) if record.exc_info else record.getMessage()
        for outcome, pattern in OUTCOMES.items():
            self.stages[outcome] += re.findall(pattern, text)


def repro() -> int:
    """Print the plan, run `dvc repro`, print which stages ran and which did not, and return the exit status."""
    print("\n".join(plan()), end="\n\n", flush=True)
    outcomes = Outcomes()
    logging.getLogger("dvc").addHandler(outcomes)
    status = dvc(["repro"])
    unfinished = outcomes.stages["Did not finish"]
    outcomes.stages["Ran"] = [name for name in outcomes.stages["Ran"] if name not in unfinished]
    said = [f"{outcome}: {', '.join(names)}." for outcome, names in outcomes.stages.items() if names]
    print("\n" + " ".join(said))
    return status
