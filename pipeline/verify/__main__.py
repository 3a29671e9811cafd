"""`python -m pipeline.verify [--rev REV] [--cpu CPU]`: rebuild a commit elsewhere and compare its outputs.

It compares the hashes in dvc.lock. Only the stage `scrape` is treated specially: Yahoo may have changed its prices, so
stored ones are used. With CPU, one small configuration is built twice: on this processor and on an emulated one.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pipeline
from pipeline.errors import UserError
from pipeline.params import parsed, rewrite
from pipeline.verify.differences import largest_difference
from pipeline.verify.machine import check_emulator, libc, output_of, processor, qemu_command

LIMIT = 6 * 3600  # seconds a command: hundreds of tickers on an emulated processor take hours
SMALL = {"epochs": 4, "members": 1}  # of section train
ELSEWHERE = {"TZ": "Asia/Kathmandu", "PYTHONHASHSEED": "4711", "LC_ALL": "C"}
UMASK = 0o077
# What our own programs listen to; a user's settings must not reach the rebuilt pipeline.
DROPPED = ("DVC_", "GIT_", "MAKE", "MFLAGS", "MLFLOW_", "PYTHON", "VIRTUAL_ENV")
PACKAGES = ("tensorflow", "keras", "numpy", "pandas", "scipy", "scikit-learn", "arch", "pyarrow", "altair", "dvc")

Fetch = Callable[[str], Path | None]


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
    print(f"Rebuilding commit {commit[:12]} in another folder, with umask {UMASK:03o}, one processor, and", end=" ")
    print(", ".join(f"{name}={value}" for name, value in ELSEWHERE.items()))
    describe(clone, programs)
    rebuild(root, commit, clone, [programs])
    differences = compare(expected, hashes(clone), fetcher(root, commit, scratch), clone)
    print(sentence(commit, differences, f"were rebuilt to the same bytes on {processor()}", clone, programs))
    return not any(differences.values())


def emulated(root: Path, commit: str, cpu: str, scratch: Path) -> bool:
    """Build a small configuration of a commit on this processor and on an emulated one, and compare the outputs."""
    here, there = (cloned(root, commit, scratch / name) for name in ("here", "there"))
    programs = programs_for(root, here)
    small = ", ".join(f"train.{key} {value}" for key, value in SMALL.items())
    print(f"Building commit {commit[:12]} with {small} on this processor, then on {processor(cpu)}")
    describe(here, programs)
    for clone, path in ((here, [programs]), (there, [emulated_python(scratch / "bin", programs, cpu), programs])):
        rewrite("train", clone / "params.yaml", **SMALL)
        rebuild(root, commit, clone, path)
    differences = compare(hashes(here), hashes(there), lambda name: here / name, there)
    what = f"with {small} are the same bytes on {processor()} and on {processor(cpu)}"
    print(sentence(commit, differences, what, here, programs))
    return not any(differences.values())


def cloned(root: Path, commit: str, folder: Path) -> Path:
    """A clone of this repository at a commit, with an empty DVC cache of its own."""
    run(["git", "clone", "--quiet", "--no-checkout", str(root), str(folder)], root, dict(os.environ))
    run(["git", "checkout", "--quiet", "--detach", commit], folder, dict(os.environ))
    if not (folder / "dvc.lock").exists():
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


def rebuild(root: Path, commit: str, clone: Path, path: list[Path]) -> None:
    """Run all stages in a clone. Its dvc.lock is emptied before, so that it lists only what was made there.

    path: the folders in which python and dvc are looked for first.
    """
    lock, kept_stages = read_lock(clone), {}
    if parsed((clone / "params.yaml").read_text())["scrape"]["source"] == "yahoo":
        kept_stages = {"scrape": lock["stages"]["scrape"]}
        bring_prices(root, commit, clone, [out["path"] for out in kept_stages["scrape"]["outs"]])
        run(["dvc", "freeze", "scrape"], clone, environment(clone, path))
    (clone / "dvc.lock").write_text(json.dumps({"schema": lock["schema"], "stages": kept_stages}))
    run(["dvc", "repro"], clone, environment(clone, path) | ELSEWHERE, umask=UMASK, preexec_fn=use_one_processor)


def bring_prices(root: Path, commit: str, clone: Path, names: list[str]) -> None:
    """Copy what `scrape` once made into a clone. Raises UserError where neither the cache nor a remote has it."""
    fetch = fetcher(root, commit, clone / ".dvc/tmp")
    for name in names:
        found = fetch(name)
        if not found:
            raise UserError(
                f"{name}: the prices of commit {commit[:12]} are neither in this repository's DVC cache nor in a "
                "remote, and Yahoo may have changed them since; try `dvc pull`"
            )
        (clone / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(found, clone / name)
    print(f"Yahoo is not asked again: {' and '.join(names)} are taken from this repository's DVC cache or a remote")


def fetcher(root: Path, commit: str, scratch: Path) -> Fetch:
    """A function that brings an output of a commit from git, DVC's cache here or a remote; None where none has it."""

    def fetch(name: str) -> Path | None:
        target = scratch / "committed" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "dvc", "get", str(root), name, "--rev", commit, "--out", str(target)]
        done = subprocess.run(command, cwd=root, capture_output=True, timeout=LIMIT)
        return None if done.returncode else target

    return fetch


def compare(expected: dict[str, str], found: dict[str, str], fetch: Fetch, folder: Path) -> dict[str, float]:
    """Print a line an output. Return by how much each differs: 0 where the bytes are the same, nan where unknown.

    expected, found: hashes by path; fetch: brings the expected file; folder: where the files found are.
    """
    differences = {}
    for name, digest in expected.items():
        if found.get(name) == digest:
            differences[name] = 0.0
            print(f"same       {digest}  {name}")
            continue
        size, words = float("nan"), "the rebuild did not make it"
        if name in found:
            before = fetch(name)
            words = "by how much is not known: the committed file is neither in the DVC cache nor in a remote"
            if before:
                size, words = largest_difference(before, folder / name)
        differences[name] = size or float("nan")  # other bytes of the same numbers: a Parquet file of another version
        print(f"different  {digest} -> {found.get(name, 'none')}  {name}: {words}")
    return differences


def sentence(commit: str, differences: dict[str, float], what: str, clone: Path, programs: Path) -> str:
    """The outcome as it can stand in a paper."""
    sizes = list(differences.values())
    same, numeric = sizes.count(0.0), [size for size in sizes if 0 < size < float("inf")]
    count, others = f"All {same}" if same == len(sizes) else f"{same} of {len(sizes)}", len(sizes) - same - len(numeric)
    versions = ", ".join(versions_of(clone, programs)[:4])
    parts = [f"\n{count} outputs of commit {commit[:12]} {what} with {versions} and {libc()}"]
    if numeric:
        parts.append(f"the numbers of {len(numeric)} differ, by at most {max(numeric):.1g} of their column's largest")
    if others:
        parts.append(f"{others} differ otherwise")
    return f"{'; '.join(parts)}."


def describe(clone: Path, programs: Path) -> None:
    """Print the processor and what is installed."""
    print(f"Processor: {processor()}\nInstalled: {', '.join([*versions_of(clone, programs), libc()])}\n")


def versions_of(clone: Path, programs: Path) -> list[str]:
    """Python and the packages whose code decides bytes, with their versions."""
    locked = parsed((clone / "versions.yaml").read_text())
    return [output_of(f"{programs}/python", "--version"), *(f"{name} {locked[name]}" for name in PACKAGES)]


def emulated_python(folder: Path, programs: Path, cpu: str) -> Path:
    """A folder whose `python` runs on an emulated processor. DVC is not emulated, for its stages would run natively."""
    folder.mkdir()
    python = folder / "python"
    python.write_text(f"#!/bin/sh\nexec {' '.join(qemu_command(cpu))} '{programs}/python' \"$@\"\n")
    python.chmod(0o755)
    return folder


def environment(clone: Path, path: list[Path]) -> dict[str, str]:
    """The environment of here without our pins and the user's settings of DVC, MLflow and Python."""
    kept = {n: v for n, v in os.environ.items() if n not in pipeline.PINS and not n.startswith(DROPPED)}
    settings = clone.with_name(f"{clone.name}-settings")
    dvc = {f"DVC_{name}_DIR": f"{settings}/{name}" for name in ("GLOBAL_CONFIG", "SYSTEM_CONFIG", "SITE_CACHE")}
    return {**kept, **dvc, "PATH": os.pathsep.join([*map(str, path), os.environ["PATH"]])}


def run(command: list[str], folder: Path, environment: dict[str, str], **how: Any) -> None:
    """Run a command, on a terminal with what it prints. Raises UserError with its last lines where it fails."""
    seen = None if sys.stdout.isatty() else subprocess.PIPE
    sys.stdout.flush()
    done = subprocess.run(
        command, cwd=folder, env=environment, stdout=seen, stderr=subprocess.STDOUT, text=True, timeout=LIMIT, **how
    )
    if done.returncode:
        last = (done.stdout or "").strip().splitlines()[-12:]
        raise UserError("\n".join([f"`{' '.join(command)}` failed with exit status {done.returncode}", *last]))


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


if __name__ == "__main__":
    options = argparse.ArgumentParser(prog="make verify", usage="make verify [REV=...] [CPU=...]")
    options.add_argument("--rev", default="HEAD")
    options.add_argument("--cpu", default="")
    chosen = options.parse_args()
    try:
        sys.exit(0 if main(chosen.rev, chosen.cpu) else 1)
    except UserError as error:
        sys.exit("\n".join(f"verify: {line}" for line in str(error).splitlines()))
