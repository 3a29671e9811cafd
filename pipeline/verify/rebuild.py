"""`python -m pipeline verify [--rev REV] [--cpu CPU]`: rebuild a commit elsewhere and compare its outputs.

It compares the hashes in dvc.lock. Only the stage `scrape` is treated specially: Yahoo may have changed its prices, so
stored ones are used. With CPU, one small configuration is built twice: on this processor and on an emulated one.
"""

import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pipeline
from pipeline.io.errors import UserError
from pipeline.io.params import parsed, rewrite
from pipeline.verify.differences import largest_difference
from pipeline.verify.machine import check_emulator, libc, output_of, processor, qemu_command

LIMIT = 6 * 3600  # seconds a command: hundreds of tickers on an emulated processor take hours
SMALL = {"epochs": 4, "members": 1}  # of section train
ELSEWHERE = {"TZ": "Asia/Kathmandu", "PYTHONHASHSEED": "4711", "LC_ALL": "C"}
UMASK = 0o077
# What our own programs listen to; a user's settings must not reach the rebuilt pipeline.
DROPPED = ("BASH_ENV", "DVC_", "ENV", "GIT_", "MAKE", "MFLAGS", "MLFLOW_", "PYTHON", "VIRTUAL_ENV")
PACKAGES = (
    "tensorflow-cpu",
    "tensorflow",
    "keras",
    "numpy",
    "pandas",
    "scipy",
    "scikit-learn",
    "arch",
    "pyarrow",
    "altair",
    "dvc",
)

Fetch = Callable[[str], Path | None]
NAN = float("nan")


def main(revision: str, cpu: str) -> bool:
    """Print the comparison. Returns whether every output is the same; raises UserError where none can be made."""
    root, commit = Path.cwd(), output_of("git", "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}")
    if not commit:
        raise UserError(f"REV: {revision!r} is no git revision; accepted: for example HEAD~1, a tag or a commit")
    if cpu:
        check_emulator(cpu)
    if output_of("git", "status", "--porcelain"):
        print("Uncommitted changes are ignored.")
    with tempfile.TemporaryDirectory(prefix="verify-") as scratch:
        if cpu:
            return emulated(root, commit, cpu, Path(scratch))
        return rebuilt(root, commit, Path(scratch))


def rebuilt(root: Path, commit: str, scratch: Path) -> bool:
    """Rebuild a commit and compare its outputs with those of its dvc.lock."""
    clone = cloned(root, commit, scratch / "clone")
    programs, expected = programs_for(root, clone), hashes(clone)
    others = ", ".join(f"{name}={value}" for name, value in ELSEWHERE.items())
    print(
        f"Rebuilding commit {commit[:12]} in another folder and HOME, with umask {UMASK:03o}, one processor, {others}"
    )
    describe(programs)
    taken = rebuild(root, commit, clone, [programs])
    differences = compare(expected, hashes(clone), taken, partial(fetched, root, commit, scratch), clone)
    print(sentence(commit, differences, f"were rebuilt to the same bytes on {processor()}", programs))
    return not any(differences.values())


def emulated(root: Path, commit: str, cpu: str, scratch: Path) -> bool:
    """Build a small configuration of a commit on this processor and on an emulated one, and compare the outputs."""
    here, there = (cloned(root, commit, scratch / name) for name in ("here", "there"))
    programs = programs_for(root, here)
    small = ", ".join(f"train.{key} {value}" for key, value in SMALL.items())
    print(f"Building commit {commit[:12]} with {small} on this processor, then on {processor(cpu)}")
    describe(programs)
    python = emulated_python(scratch / "bin", programs, cpu)
    for clone, path in ((here, [programs]), (there, [python.parent, programs])):
        rewrite("train", clone / "params.yaml", **SMALL)
        taken = rebuild(root, commit, clone, path)
    if not python.with_name("was_called").exists():
        raise UserError(f"{python}: the stages ran another Python; accepted: a folder TMPDIR that may hold programs")
    differences = compare(hashes(here), hashes(there), taken, lambda name: here / name, there)
    what = f"with {small} are the same bytes on {processor()} and on {processor(cpu)}"
    print(sentence(commit, differences, what, programs))
    return not any(differences.values())


def cloned(root: Path, commit: str, folder: Path) -> Path:
    """A clone of this repository at a commit, with an empty DVC cache of its own."""
    run(["git", "clone", "--quiet", "--no-checkout", str(root), str(folder)], root, environment(folder, []))
    run(["git", "checkout", "--quiet", "--detach", commit], folder, environment(folder, []))
    if not (folder / "dvc.lock").exists() or not hashes(folder):
        raise UserError(f"dvc.lock: commit {commit[:12]} has none; accepted: a commit that was made after `dvc repro`")
    (folder / ".dvc/config.local").write_text("[cache]\n    dir = cache\n")
    return folder


def programs_for(root: Path, clone: Path) -> Path:
    """The folder of python and dvc: this environment's, or one set up from the commit's own lock where that differs."""
    lock = "requirements.lock"
    if (clone / lock).read_bytes() == (root / lock).read_bytes():
        return Path(sys.prefix) / "bin"
    print("This commit uses other package versions: installing them in the temporary folder")
    run(["make", "setup", f"PYTHON={Path(sys.executable).resolve()}"], clone, environment(clone, []))
    return clone / ".venv/bin"


def rebuild(root: Path, commit: str, clone: Path, path: list[Path]) -> list[str]:
    """Run all stages in a clone, and return the outputs that were taken from the commit: Yahoo's prices.

    No other output is there before, and dvc.lock names none, so what is there afterwards was made there.
    path: the folders in which python and dvc are looked for first.
    """
    lock, stages_kept, taken = read_lock(clone), {}, []
    for name in hashes(clone):
        output = clone / name
        shutil.rmtree(output) if output.is_dir() else output.unlink(missing_ok=True)
    if parsed((clone / "params.yaml").read_text())["scrape"]["source"] == "yahoo":
        stages_kept = {"scrape": lock["stages"]["scrape"]}
        taken = [out["path"] for out in lock["stages"]["scrape"]["outs"]]
        bring_prices(root, commit, clone, taken)
        run(["dvc", "freeze", "scrape"], clone, environment(clone, path))
    (clone / "dvc.lock").write_text(json.dumps({"schema": lock["schema"], "stages": stages_kept}))
    elsewhere = {**environment(clone, path), **ELSEWHERE, "HOME": str(settings_of(clone))}
    run(["dvc", "repro"], clone, elsewhere, umask=UMASK, preexec_fn=use_one_processor)
    return taken


def bring_prices(root: Path, commit: str, clone: Path, names: list[str]) -> None:
    """Copy what `scrape` once made into a clone. Raises UserError where neither the cache nor a remote has it."""
    for name in names:
        found = fetched(root, commit, clone / ".dvc/tmp", name)
        if not found:
            raise UserError(
                f"{name}: the prices of commit {commit[:12]} are neither in this repository's DVC cache nor in a "
                "remote, and Yahoo may have changed them since; try `dvc pull`"
            )
        (clone / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(found, clone / name)
    print(f"Yahoo is not asked again: {' and '.join(names)} are taken from this repository's DVC cache or a remote")


def fetched(root: Path, commit: str, scratch: Path, name: str) -> Path | None:
    """An output of a commit from git, DVC's cache here or a remote, brought into scratch; None where none has it."""
    target = scratch / "committed" / name
    target.parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "dvc", "get", str(root), name, "--rev", commit, "--out", str(target)]
    done = subprocess.run(command, cwd=root, capture_output=True, timeout=LIMIT)
    return None if done.returncode else target


def compare(
    expected: dict[str, str], found: dict[str, str], taken: list[str], fetch: Fetch, folder: Path
) -> dict[str, float]:
    """Print a line an output. Return by how much each differs: 0 where the bytes are the same, nan where unknown.

    expected, found: hashes by path; taken: outputs that were not rebuilt, which do not count; fetch: brings the
    expected file; folder: where the files found are.
    """
    differences = {}
    for name in dict.fromkeys([*expected, *found]):
        old, new = expected.get(name, "none"), found.get(name, "none")
        if name in taken:
            print(f"taken      {old}  {name}")
        elif old == new:
            print(f"same       {old}  {name}")
            differences[name] = 0.0
        else:
            both = "none" not in (old, new)
            size, words = difference(name, fetch, folder) if both else (NAN, "made on one side only")
            print(f"different  {old} -> {new}  {name}: {words}")
            differences[name] = size or NAN  # other bytes of the same numbers
    return differences


def difference(name: str, fetch: Fetch, folder: Path) -> tuple[float, str]:
    """By how much an output differs, nan where that is not known, and the same in words."""
    before = fetch(name)
    if not before:
        return NAN, "by how much is not known: the committed file is neither in the DVC cache nor in a remote"
    try:
        return largest_difference(before, folder / name)
    except Exception as error:  # whatever a broken file raises, the other outputs are still compared
        return NAN, f"by how much is not known: {type(error).__name__}: {error}"


def sentence(commit: str, differences: dict[str, float], what: str, programs: Path) -> str:
    """The outcome as it can stand in a paper."""
    sizes = list(differences.values())
    same, numeric = sizes.count(0.0), [size for size in sizes if 0 < size < float("inf")]
    count, others = f"All {same}" if same == len(sizes) else f"{same} of {len(sizes)}", len(sizes) - same - len(numeric)
    versions = ", ".join(versions_of(programs)[:4])
    parts = [f"\n{count} outputs of commit {commit[:12]} {what} with {versions} and {libc()}"]
    if numeric:
        parts.append(f"the numbers of {len(numeric)} differ, by at most {max(numeric):.1g} of their column's largest")
    if others:
        parts.append(f"{others} differ otherwise")
    return f"{'; '.join(parts)}."


def describe(programs: Path) -> None:
    """Print the processor and what is installed."""
    print(f"Processor: {processor()}\nInstalled: {', '.join([*versions_of(programs), libc()])}\n")


def versions_of(programs: Path) -> list[str]:
    """Python and the installed packages whose code decides bytes, with their versions."""
    code = "import sys, importlib.metadata as m; p = {d.name: d.version for d in m.distributions()}; "
    code += "print('Python', sys.version.split()[0], *(f'\\n{n} {p[n]}' for n in sys.argv[1:] if n in p))"
    return [line.strip() for line in output_of(f"{programs}/python", "-c", code, *PACKAGES).splitlines()]


def emulated_python(folder: Path, programs: Path, cpu: str) -> Path:
    """A `python` in a folder of its own that runs on an emulated processor, and notes that it was called.

    DVC is not emulated, for its stages would run natively.
    """
    folder.mkdir()
    python = folder / "python"
    command = shlex.join([*qemu_command(cpu), f"{programs}/python"])
    python.write_text(f'#!/bin/sh\n: > {shlex.quote(f"{folder}/was_called")}\nexec {command} "$@"\n')
    python.chmod(0o755)
    return python


def settings_of(clone: Path) -> Path:
    """An empty folder beside a clone, for the settings that programs look for outside the repository."""
    return clone.with_name(f"{clone.name}-settings")


def environment(clone: Path, path: list[Path]) -> dict[str, str]:
    """The environment of here without our pins and the user's settings of DVC, Git, MLflow, Python and the shell."""
    kept = {n: v for n, v in os.environ.items() if n not in pipeline.PINS and not n.startswith(DROPPED)}
    folders = {
        f"DVC_{name}_DIR": f"{settings_of(clone)}/{name}" for name in ("GLOBAL_CONFIG", "SYSTEM_CONFIG", "SITE_CACHE")
    }
    return {**kept, **folders, "SHELL": "/bin/sh", "PATH": os.pathsep.join([*map(str, path), os.environ["PATH"]])}


def run(command: list[str], folder: Path, environment: dict[str, str], **how: Any) -> None:
    """Run a command, on a terminal with what it prints. Raises UserError with its last lines where it fails."""
    seen = None if sys.stdout.isatty() else subprocess.PIPE
    sys.stdout.flush()
    with subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=seen,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        **how,
    ) as process:
        try:
            printed, _ = process.communicate(timeout=LIMIT)
        except BaseException:  # interrupted, or out of time: what the command has started ends too
            os.killpg(process.pid, signal.SIGKILL)
            raise
    if process.returncode:
        last = (printed or "").strip().splitlines()[-12:]
        raise UserError("\n".join([f"`{' '.join(command)}` failed with exit status {process.returncode}", *last]))


def use_one_processor() -> None:
    """Leave this process one of its processors, where the system lets it choose."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})


def read_lock(folder: Path) -> dict[str, Any]:
    """dvc.lock as it stands there."""
    return parsed((folder / "dvc.lock").read_text())


def hashes(folder: Path) -> dict[str, str]:
    """Each output's hash by its path, in the order of dvc.lock."""
    return {out["path"]: out["md5"] for stage in read_lock(folder)["stages"].values() for out in stage.get("outs", [])}


def command(revision: str, cpu: str) -> int:
    """Compare, and return the exit status; ended by a signal, it removes the temporary folder as after Ctrl-C."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    try:
        return 0 if main(revision, cpu) else 1
    except subprocess.TimeoutExpired as error:
        raise UserError(f"`{' '.join(map(str, error.cmd))}` had not ended after {error.timeout:.0f} s") from None
    except KeyboardInterrupt:
        raise UserError("interrupted") from None
