"""Harm the files, folders and disks of a repository, and look at what the user sees and which commands repair it."""

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

from pipeline.__main__ import REPORTS
from pipeline.formats import Table
from pipeline.io.artifacts import dvc_hash
from studies.reliability import repository
from studies.reliability.repository import STAGES, Printed

REPRO = "dvc repro"
SHOW = "dvc repro && python -m pipeline"  # as `make repro`
TRACK = "dvc repro --force --single-item track"
OF_LINE = "the command in the line"
PAGE_SIZE = 4096  # bytes, the unit of a tmpfs
# A mount is seen by this command and its children alone, and ends with them. $1: the folder, $2: bytes
FULL_DISK = """set -e; place=$1; size=$2; shift 2; cp -a "$place" "$place.kept"
mount -t tmpfs -o "size=$size" tmpfs "$place"; cp -a "$place.kept/." "$place"; rm -r "$place.kept"
status=0; "$@" || status=$?; cp -a "$place" "$place.kept"; exit $status"""
READ_ONLY = (
    """set -e; place=$1; shift 2; mount --bind "$place" "$place"; mount -o remount,ro,bind "$place"; exec "$@" """
)
INTRODUCTION = """Each trial harms a copy of the repository, runs what a user runs, and then the repair commands.
"Same" counts the trials that ended with the committed hashes, no unfinished file and one finished run in MLflow, and in
which no traceback was shown. {skipped}"""


class Fault(NamedTuple):
    """A row of the table, its trial, and what a user runs afterwards.

    harm: harms the folder, runs something there, and returns what was printed.
    """

    name: str
    harm: Callable[[Path], Printed]
    remedies: tuple[str, ...] = (REPRO,)


class Outcome(NamedTuple):
    """What a trial showed: the first line, and what was wrong at the end."""

    line: str
    wrong: list[str]


def faults(folder: Path) -> str:
    """Make one trial of each fault, and return the part of the page."""
    repository.small_repository(folder / "faults")
    by_name: dict[tuple[str, tuple[str, ...]], list[Outcome]] = {}
    for number, fault in enumerate(every_fault()):
        outcome = trial(folder / "faults", folder / f"fault-{number}", fault)
        by_name.setdefault((fault.name, fault.remedies), []).append(outcome)
        print(f"{fault.name}: {outcome.line} {outcome.wrong}", flush=True)
    rows = []
    for (name, remedies), outcomes in by_name.items():
        lines = list(dict.fromkeys(outcome.line for outcome in outcomes))
        shown = f"`{lines[0].replace('|', '/')}`" + (f" (and {len(lines) - 1} like it)" if len(lines) > 1 else "")
        same = sum(not outcome.wrong for outcome in outcomes)
        told = ", ".join(each if each == OF_LINE else f"`{each}`" for each in remedies)
        rows.append([name, str(len(outcomes)), shown, told, str(same)])
    skipped = "" if can_mount() else "Full and read-only disks were left out: a mount needs root on Linux."
    header = ["fault", "trials", "what the user sees", "repair", "same"]
    return "\n\n".join([INTRODUCTION.format(skipped=skipped).strip(), Table("", header, rows).markdown])


def trial(small: Path, folder: Path, fault: Fault) -> Outcome:
    """Harm a copy of the repository, apply the remedies, and compare."""
    repository.whole(small, folder)
    printed = fault.harm(folder)
    wrong = ["a traceback was shown"] if "Traceback" in printed.errors else []
    for remedy in fault.remedies:
        command = re.findall(r"`(rm .*)`", printed.errors)[:1] if remedy == OF_LINE else [remedy]
        wrong += [f"no command in the line: {printed.line}"] if not command else []
        after = [shell(folder, each) for each in command]
        wrong += [f"{remedy}: {each.line}" for each in after if each.status]
    wrong += repository.differences(small, folder)
    shutil.rmtree(folder)
    return Outcome(printed.line.replace(f"{folder}/", "").removeprefix(f"Reports: {REPORTS}. "), wrong)


def every_fault() -> Iterator[Fault]:
    """Yield the faults in the order of the table."""
    if can_mount():
        yield from disk_faults()
    for path in ("data/prices.parquet", "data/model/price/1.keras", "reports/summary.md"):
        for damage, done in DAMAGED.items():
            yield Fault(f"a file in DVC's cache {done}", partial(cached, damage, path), (OF_LINE,))
    for damage, done in DAMAGED.items():
        yield Fault(f"the list of a folder in DVC's cache {done}", partial(cached, damage, "data/model"), ())
    for damage, done in {edit: "edited", halve: "cut in half", os.remove: "deleted"}.items():
        for path in sorted({path for stage in STAGES for path in outputs_of(stage)}):
            yield Fault(f"an output {done}", partial(harmed, damage, path), ())
    yield Fault("two `dvc repro` at once", two_at_once)
    yield Fault("dvc.lock with conflict markers", partial(conflict, "dvc.lock"), ("git checkout dvc.lock", REPRO))
    yield Fault("dvc.lock deleted", partial(harmed, os.remove, "dvc.lock"), ())
    yield Fault(
        "params.yaml with conflict markers", partial(conflict, "params.yaml"), ("git checkout params.yaml", REPRO)
    )
    for year in (1990, 2090):
        yield Fault(f"the times of all files set to {year}", partial(aged, year), ())
    yield Fault("an edit of the same size, with an older time", older_edit, ("git checkout pipeline", REPRO))
    restart = ("mv mlflow.db damaged", TRACK)
    for damage in (halve, empty):
        yield Fault(f"mlflow.db {DAMAGED[damage]}", partial(harmed, damage, "mlflow.db", command=TRACK), restart)
    yield Fault("mlflow.db deleted", partial(harmed, os.remove, "mlflow.db"), (TRACK,))
    yield Fault("mlartifacts deleted", without_artifacts, (TRACK,))


def disk_faults() -> Iterator[Fault]:
    """Yield the faults for which a disk is mounted."""
    for stage in STAGES:
        place = "data" if any(path.startswith("data") for path in outputs_of(stage)) else "reports"
        yield Fault("a full disk under data/ or reports/", partial(full_disk, place, stage))
    yield Fault("a full disk under .dvc/cache", partial(full_disk, ".dvc/cache", "prepare"))
    yield Fault("a full disk under mlartifacts", partial(full_disk, "mlartifacts", "track"))
    for place, stage in (("data", "prepare"), ("reports", "vega"), (".dvc/cache", "prepare")):
        yield Fault(f"read-only {place}", partial(read_only, place, stage))


def full_disk(place: str, stage: str, folder: Path) -> Printed:
    """Run a stage where the disk under a folder has room for half of the stage's outputs, or for 64 KiB."""
    if place in ("data", "reports"):
        needed = sum(pages(folder / path) for path in outputs_of(stage) if path.startswith(place))
        remove(folder, *outputs_of(stage))
        size = PAGE_SIZE * (pages(folder / place) + needed // 2)
    else:
        size = 64 * 1024
        empty_folder(folder / place)
    if stage == "track":
        (folder / "mlflow.db").unlink()
    printed = mounted(FULL_DISK, folder, place, size, stage)
    shutil.rmtree(folder / place)
    (folder / f"{place}.kept").rename(folder / place)
    return printed


def read_only(place: str, stage: str, folder: Path) -> Printed:
    """Run a stage where it may not write."""
    remove(folder, *outputs_of(stage))
    if place == ".dvc/cache":
        empty_folder(folder / place)
    return mounted(READ_ONLY, folder, place, 0, stage)


def mounted(script: str, folder: Path, place: str, size: int, stage: str) -> Printed:
    """Run a stage in a mount namespace of its own."""
    command = [*repository.DVC, "repro", "--force", "--single-item", stage]
    return repository.run(
        folder, "unshare", "--mount", "sh", "-c", script, "sh", str(folder / place), str(size), *command
    )


def can_mount() -> bool:
    """Return whether this user may mount a disk."""
    probe = ["unshare", "--mount", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]
    return bool(shutil.which("unshare")) and subprocess.run(probe, capture_output=True).returncode == 0


def cached(damage: Callable[[Path], None], path: str, folder: Path) -> Printed:
    """Damage the copy of an output in DVC's cache, delete the output, and let DVC restore it."""
    target = cache_file(folder, path)
    times = target.stat()
    target.chmod(0o644)
    damage(target)
    target.chmod(0o444)
    os.utime(target, ns=(times.st_atime_ns, times.st_mtime_ns))  # a bad disk changes no times
    remove(folder, path)
    return shell(folder, SHOW)


def cache_file(folder: Path, path: str) -> Path:
    """Return the file in DVC's cache of an output, or of a file in one. That of a folder is the list of its files."""
    name = dvc_hash(folder / path)
    return folder / ".dvc/cache/files/md5" / name[:2] / name[2:]


def harmed(damage: Callable[[Path], None], path: str, folder: Path, *, command: str = SHOW) -> Printed:
    """Harm a file or folder, and run a command."""
    target = folder / path
    damage(next(target.rglob("*.keras")) if target.is_dir() else target)
    return shell(folder, command)


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)


def halve(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def empty(path: Path) -> None:
    os.truncate(path, 0)


DAMAGED: dict[Callable[[Path], None], str] = {flip: "with a changed byte", halve: "cut in half", empty: "emptied"}


def edit(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"\n")


def without_artifacts(folder: Path) -> Printed:
    """Delete the files of the MLflow runs, after the store has noticed that it is in another folder now."""
    shell(folder, "python -m pipeline")
    shutil.rmtree(folder / "mlartifacts")
    return shell(folder, SHOW)


def conflict(name: str, folder: Path) -> Printed:
    """Leave the markers of a merge in a file."""
    text = (folder / name).read_text()
    (folder / name).write_text(f"<<<<<<< HEAD\n{text}=======\n{text}>>>>>>> other\n")
    return shell(folder, SHOW)


def two_at_once(folder: Path) -> Printed:
    """Start `dvc repro` twice where there is work to do. Return what the one that failed printed."""
    remove(folder, *outputs_of("train"))
    other = folder.with_name("second")
    other.symlink_to(folder)
    command = (*repository.DVC, "repro", "--force")
    both = [(each, repository.started(each, *command)) for each in (folder, other)]
    printed = [repository.ended(each, process) for each, process in both]
    other.unlink()
    return max(printed, key=lambda each: each.status)


def aged(year: int, folder: Path) -> Printed:
    """Set the times of all files, as a clock that is wrong would."""
    seconds = (year - 1970) * 365 * 24 * 3600
    for path in (path for path in folder.rglob("*") if path.is_file() and ".git" not in path.parts):
        os.utime(path, (seconds, seconds))
    return shell(folder, SHOW)


def older_edit(folder: Path) -> Printed:
    """Edit a source file without a change of its size, and give it an older time. The error says if DVC missed it."""
    path = folder / "pipeline/models/naive.py"
    before = path.stat()
    path.write_text(path.read_text().replace('"""', "'''"))
    os.utime(path, (before.st_atime, before.st_mtime - 3600))
    printed = shell(folder, SHOW)
    return (
        printed if "Running stage 'benchmark'" in printed.output else printed._replace(errors="Traceback: not noticed")
    )


def outputs_of(stage: str) -> list[str]:
    """Return the outputs of a stage, as dvc.yaml names them."""
    entry = STAGES[stage]
    outs = [out for kind in ("outs", "metrics", "plots") for out in entry.get(kind, [])]
    return [out if isinstance(out, str) else next(iter(out)) for out in outs]


def remove(folder: Path, *paths: str) -> None:
    for path in (folder / name for name in paths):
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)


def empty_folder(folder: Path) -> None:
    shutil.rmtree(folder)
    folder.mkdir()


def pages(path: Path) -> int:
    """Return how many pages of a tmpfs a file, or all files of a folder, need."""
    files = [path] if path.is_file() else [each for each in path.rglob("*") if each.is_file()]
    return sum(-(-each.stat().st_size // PAGE_SIZE) for each in files)


def shell(folder: Path, command: str) -> Printed:
    """Run what a user types."""
    return repository.run(folder, "sh", "-c", command)
