"""`python -m pipeline verify [--rev REV] [--cpu CPU]`: rebuild a commit in another folder and compare its outputs.

It compares the hashes in dvc.lock. For the source yahoo, stored prices are used, because Yahoo may have changed them.
With CPU, a small configuration is built twice: on this processor and on an emulated one.
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
from pipeline.io.artifacts import output_hashes
from pipeline.io.errors import UserError
from pipeline.io.params import read_yaml, rewrite
from pipeline.programs import check_repository, output_of
from pipeline.verify.differences import largest_difference
from pipeline.verify.machine import check_emulator, libc, processor, qemu_command

TIME_LIMIT = 6 * 3600  # seconds for one command: hundreds of tickers on an emulated processor take hours
SMALL_TRAINING = {"epochs": 4, "members": 1}  # keys of section train
OTHER_ENVIRONMENT = {"TZ": "Asia/Kathmandu", "PYTHONHASHSEED": "4711", "LC_ALL": "C"}
UMASK = 0o077
# Prefixes of variables that our programs read: the user's settings must not reach the rebuilt pipeline.
REMOVED_VARIABLES = ("BASH_ENV", "DVC_", "ENV", "GIT_", "MAKE", "MFLAGS", "MLFLOW_", "PYTHON", "VIRTUAL_ENV")
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
    """Print the comparison. Return whether every output is the same. Raises UserError if it cannot be compared."""
    check_repository()
    if folder := output_of("git", "rev-parse", "--show-prefix"):
        raise UserError(f"git: found the pipeline in {folder} of a repository; accepted: at the top of one")
    root, commit = Path.cwd(), output_of("git", "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}")
    if not commit:
        accepted = "accepted: a branch, tag or commit that it has"
        raise UserError(f"REV: found {revision!r}, which this repository does not have; {accepted}")
    if cpu:
        check_emulator(cpu)
    if output_of("git", "status", "--porcelain"):
        print("Uncommitted changes are ignored.")
    with tempfile.TemporaryDirectory(prefix="verify-") as scratch:
        if cpu:
            return compare_processors(root, commit, cpu, Path(scratch))
        return rebuild_and_compare(root, commit, Path(scratch))


def rebuild_and_compare(root: Path, commit: str, scratch: Path) -> bool:
    """Rebuild a commit and compare its outputs with the hashes in its dvc.lock."""
    clone = clone_commit(root, commit, scratch / "clone")
    programs, expected = programs_for(root, clone), hashes(clone)
    variables = ", ".join(f"{name}={value}" for name, value in OTHER_ENVIRONMENT.items())
    conditions = f"another HOME, umask {UMASK:03o}, one processor, {variables}"
    print(f"Rebuilding commit {commit[:12]} in another folder, with {conditions}")
    print_environment(programs)
    copied = rebuild(root, commit, clone, [programs])
    differences = compare(expected, hashes(clone), copied, partial(fetch_output, root, commit, scratch), clone)
    print(summary(commit, differences, f"were rebuilt to the same bytes on {processor()}", programs))
    return not any(differences)


def compare_processors(root: Path, commit: str, cpu: str, scratch: Path) -> bool:
    """Build a small configuration of a commit on this processor and on an emulated one, and compare the outputs."""
    here, there = (clone_commit(root, commit, scratch / name) for name in ("here", "there"))
    programs = programs_for(root, here)
    small = ", ".join(f"train.{key} {value}" for key, value in SMALL_TRAINING.items())
    print(f"Building commit {commit[:12]} with {small} on this processor, then on {processor(cpu)}")
    print_environment(programs)
    python = emulated_python(scratch / "bin", programs, cpu)
    for clone, path in ((here, [programs]), (there, [python.parent, programs])):
        rewrite("train", file=clone / "params.yaml", **SMALL_TRAINING)
        copied = rebuild(root, commit, clone, path)
    if not python.with_name("was_called").exists():
        raise UserError(f"{python}: found that stages ran another Python; accepted: a TMPDIR where programs can run")
    differences = compare(hashes(here), hashes(there), copied, lambda name: here / name, there)
    what = f"with {small} are the same bytes on {processor()} and on {processor(cpu)}"
    print(summary(commit, differences, what, programs))
    return not any(differences)


def clone_commit(root: Path, commit: str, folder: Path) -> Path:
    """Clone this repository at a commit, with its own empty DVC cache."""
    run(["git", "clone", "--quiet", "--no-checkout", str(root), str(folder)], root, environment(folder, []))
    run(["git", "checkout", "--quiet", "--detach", commit], folder, environment(folder, []))
    if not (folder / "dvc.lock").exists() or not hashes(folder):
        raise UserError(f"dvc.lock: found none in commit {commit[:12]}; accepted: a commit made after `dvc repro`")
    (folder / ".dvc/config.local").write_text("[cache]\n    dir = cache\n")
    return folder


def programs_for(root: Path, clone: Path) -> Path:
    """Return the folder with python and dvc. A new environment is installed if the commit has another lock file."""
    lock = "requirements.lock"
    if (clone / lock).read_bytes() == (root / lock).read_bytes():
        return Path(sys.prefix) / "bin"
    print("This commit uses other package versions: installing them in the temporary folder")
    run(["make", "setup", f"PYTHON={Path(sys.executable).resolve()}"], clone, environment(clone, []))
    return clone / ".venv/bin"


def rebuild(root: Path, commit: str, clone: Path, path: list[Path]) -> list[str]:
    """Run all stages in a clone. Return the outputs that were copied and not rebuilt: the prices from Yahoo.

    All other outputs are deleted first, also from dvc.lock, so each later output was made in the clone.
    path: the folders that are searched first for python and dvc.
    """
    lock, kept_stages, copied = read_yaml(clone / "dvc.lock"), {}, []
    for name in hashes(clone):
        output = clone / name
        shutil.rmtree(output) if output.is_dir() else output.unlink(missing_ok=True)
    scrape = read_yaml(clone / "params.yaml")["scrape"]
    if "yahoo" in (market["source"] for market in [scrape, *scrape.get("markets", [])]):
        kept_stages = {"scrape": lock["stages"]["scrape"]}
        copied = [out["path"] for out in lock["stages"]["scrape"]["outs"]]
        copy_prices(root, commit, clone, copied)
        run(["dvc", "freeze", "scrape"], clone, environment(clone, path))
    (clone / "dvc.lock").write_text(json.dumps({"schema": lock["schema"], "stages": kept_stages}))
    variables = {**environment(clone, path), **OTHER_ENVIRONMENT, "HOME": str(settings_of(clone))}
    run(["dvc", "repro"], clone, variables, umask=UMASK, preexec_fn=use_one_processor)
    return copied


def copy_prices(root: Path, commit: str, clone: Path, names: list[str]) -> None:
    """Copy the stored outputs of `scrape` into a clone. Raises UserError if no cache and no remote has them."""
    for name in names:
        stored = fetch_output(root, commit, clone / ".dvc/tmp", name)
        if not stored:
            raise UserError(
                f"{name}: found no prices of commit {commit[:12]} in the DVC cache of this repository or in a remote. "
                "Yahoo may have changed its prices since then; try `dvc pull`"
            )
        (clone / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(stored, clone / name)
    print(f"Yahoo is not asked again: {' and '.join(names)} are copied from the local DVC cache or a remote")


def fetch_output(root: Path, commit: str, scratch: Path, name: str) -> Path | None:
    """Copy an output of a commit from git, the local DVC cache or a remote into scratch. Return None if none has it."""
    target = scratch / "committed" / name
    target.parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "dvc", "get", str(root), name, "--rev", commit, "--out", str(target)]
    done = subprocess.run(command, cwd=root, capture_output=True, timeout=TIME_LIMIT)
    return None if done.returncode else target


def compare(
    expected: dict[str, str], actual: dict[str, str], copied: list[str], fetch: Fetch, folder: Path
) -> list[float]:
    """Print a line for each output. Return the difference of each rebuilt one: 0 for the same bytes, nan if unknown.

    expected, actual: hashes by path; copied: outputs that were not rebuilt, which do not count; fetch: gets the
    expected file of an output; folder: contains the actual files.
    """
    differences = []
    for name in dict.fromkeys([*expected, *actual]):
        old, new = expected.get(name, "none"), actual.get(name, "none")
        if name in copied:
            print(f"copied     {old}  {name}")
        elif old == new:
            print(f"same       {old}  {name}")
            differences.append(0.0)
        else:
            both = "none" not in (old, new)
            size, words = difference(name, fetch, folder) if both else (NAN, "made on one side only")
            print(f"different  {old} -> {new}  {name}: {words}")
            differences.append(size or NAN)  # the bytes differ, but the numbers are the same
    return differences


def difference(name: str, fetch: Fetch, folder: Path) -> tuple[float, str]:
    """Return the difference of an output, nan if it is unknown, and the same in words."""
    before = fetch(name)
    if not before:
        return NAN, "size of the difference unknown: the committed file is not in the DVC cache and not in a remote"
    try:
        return largest_difference(before, folder / name)
    except Exception as error:  # a broken file can raise any error; the other outputs are still compared
        return NAN, f"size of the difference unknown: {type(error).__name__}: {error}"


def summary(commit: str, sizes: list[float], what: str, programs: Path) -> str:
    """Return the result in sentences that a paper can quote."""
    same, numeric = sizes.count(0.0), [size for size in sizes if 0 < size < float("inf")]
    count, others = f"All {same}" if same == len(sizes) else f"{same} of {len(sizes)}", len(sizes) - same - len(numeric)
    versions = ", ".join(versions_of(programs)[:4])
    parts = [f"\n{count} outputs of commit {commit[:12]} {what} with {versions} and {libc()}"]
    if numeric:
        parts.append(f"the numbers of {len(numeric)} differ, by at most {max(numeric):.1g} of their column's maximum")
    if others:
        parts.append(f"{others} differ in another way")
    return f"{'; '.join(parts)}."


def print_environment(programs: Path) -> None:
    """Print the processor and the installed packages."""
    print(f"Processor: {processor()}\nInstalled: {', '.join([*versions_of(programs), libc()])}\n")


def versions_of(programs: Path) -> list[str]:
    """Return Python and the installed packages that affect the outputs, with their versions."""
    code = "import sys, importlib.metadata as m; p = {d.name: d.version for d in m.distributions()}; "
    code += "print('Python', sys.version.split()[0], *(f'\\n{n} {p[n]}' for n in sys.argv[1:] if n in p))"
    return [line.strip() for line in output_of(f"{programs}/python", "-c", code, *PACKAGES).splitlines()]


def emulated_python(folder: Path, programs: Path, cpu: str) -> Path:
    """Create a program `python` that runs on an emulated processor and records that it was called.

    DVC itself is not emulated, because its stages would then run without emulation.
    """
    folder.mkdir()
    python = folder / "python"
    command = shlex.join([*qemu_command(cpu), f"{programs}/python"])
    python.write_text(f'#!/bin/sh\n: > {shlex.quote(f"{folder}/was_called")}\nexec {command} "$@"\n')
    python.chmod(0o755)
    return python


def settings_of(clone: Path) -> Path:
    """Return an empty folder next to a clone, in place of the user's settings outside the repository."""
    return clone.with_name(f"{clone.name}-settings")


def environment(clone: Path, path: list[Path]) -> dict[str, str]:
    """Return the current environment without pipeline.PINS and the user's settings for DVC, Git, MLflow and Python."""
    kept = {n: v for n, v in os.environ.items() if n not in pipeline.PINS and not n.startswith(REMOVED_VARIABLES)}
    folders = {
        f"DVC_{name}_DIR": f"{settings_of(clone)}/{name}" for name in ("GLOBAL_CONFIG", "SYSTEM_CONFIG", "SITE_CACHE")
    }
    return {**kept, **folders, "SHELL": "/bin/sh", "PATH": os.pathsep.join([*map(str, path), os.environ["PATH"]])}


def run(command: list[str], folder: Path, environment: dict[str, str], **popen_arguments: Any) -> None:
    """Run a command. On a terminal its output is shown. Raises UserError with its last lines if it fails."""
    output = None if sys.stdout.isatty() else subprocess.PIPE
    sys.stdout.flush()
    with subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        **popen_arguments,
    ) as process:
        try:
            printed, _ = process.communicate(timeout=TIME_LIMIT)
        except BaseException:  # interrupted or too slow: also end the processes that the command started
            os.killpg(process.pid, signal.SIGKILL)
            raise
    if process.returncode:
        last = (printed or "").strip().splitlines()[-12:]
        raise UserError("\n".join([f"`{' '.join(command)}` failed with exit status {process.returncode}", *last]))


def use_one_processor() -> None:
    """Limit this process to one processor, if the operating system allows it."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})


def hashes(folder: Path) -> dict[str, str]:
    """Return the hash of each output by its path, in the order of dvc.lock."""
    return output_hashes(read_yaml(folder / "dvc.lock"))


def command(revision: str, cpu: str) -> int:
    """Compare and return the exit status. After a signal, the temporary folder is removed, as after Ctrl-C."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    try:
        return 0 if main(revision, cpu) else 1
    except subprocess.TimeoutExpired as error:
        raise UserError(f"`{' '.join(map(str, error.cmd))}` did not end within {error.timeout:.0f} s") from None
    except KeyboardInterrupt:
        raise UserError("interrupted") from None
