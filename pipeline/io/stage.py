"""Start and end a stage: check the environment, load its parameters, and print error lines."""

import ctypes
import errno
import gc
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pipeline
from pipeline.io.artifacts import dvc_hash, output_hashes
from pipeline.io.errors import UserError
from pipeline.io.params import Section, load, read_yaml

LOCK = Path("dvc.lock")
PR_SET_PDEATHSIG = 1  # of Linux
DISK_ERRORS = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM)


def run(name: str, main: Callable[..., None], section: type[Section] | Mapping[str, Any] | None = None) -> None:
    """Run a stage. After a UserError, exit with status 1 and its lines.

    section: the model of the stage's section in params.yaml (see `load`), or None if it has no section.
    """
    if sys.argv[1:]:
        sys.exit(f"{name}: found {' '.join(sys.argv[1:])!r}; accepted: no arguments (params.yaml has all settings)")
    if not pipeline.PINNED:
        sys.exit(f"{name}: found numpy imported before `pipeline`, so results may differ; accepted: `dvc repro`")
    started = time.perf_counter()
    try:
        with disk_errors():
            if stage := os.environ.get("DVC_STAGE"):
                end_with_dvc()
                check_outputs(read_lock(), stage.rpartition(":")[2])  # from a subfolder, it is ../dvc.yaml:train
            main(load(name, section)) if section else main()
    except UserError as error:
        sys.exit("\n".join(f"{name}: {line}" for line in str(error).splitlines()))
    print(f"{name}: {time.perf_counter() - started:.1f} s of work after {started - pipeline.STARTED:.1f} s of start-up")
    gc.freeze()  # the process ends; without this, Python looks through all objects of TensorFlow for unused ones


@contextmanager
def disk_errors() -> Iterator[None]:
    """Raise a UserError instead of an OSError that says that a disk is full or that one may not write."""
    try:
        yield
    except OSError as error:
        if error.errno not in DISK_ERRORS:
            raise
        where = error.filename or "a temporary file or one of mlartifacts"
        told = "accepted: a disk with room, on which you may write"
        raise UserError(f"{where}: found {os.strerror(error.errno)!r}; {told}") from None


def end_with_dvc() -> None:
    """End this process when the `dvc` that started it is killed. It and the next `dvc repro` write the same files.

    Only Linux can do this. Raises UserError if `dvc` is dead already: then the parent has another process group.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getpgid(os.getppid()) != os.getpgrp():
            raise UserError("found that `dvc` was killed; accepted: `dvc repro`")


def read_lock() -> dict[str, Any]:
    """Return the content of dvc.lock, without stages if it is missing. Raises UserError if it has another form."""
    lock = read_yaml(LOCK) if LOCK.exists() else {"stages": {}}
    if not isinstance(lock, dict) or not isinstance(lock.get("stages"), dict):
        raise UserError(f"{LOCK}: found no stages; accepted: the one of git (`git checkout dvc.lock`), or none")
    return lock


def check_outputs(lock: dict[str, Any], stage: str = "") -> None:
    """Compare all outputs with dvc.lock, or the inputs of a stage that has run before: DVC does not check its cache.

    Raises UserError for the first one that differs.
    """
    hashes = output_hashes(lock)
    hashes.pop("data/run.json", None)  # `dvc exp apply` leaves the old one, which is neither in git nor in the cache
    inputs = {dep["path"] for dep in lock["stages"].get(stage, {}).get("deps", [])}
    for path in sorted(hashes.keys() & (inputs if stage else hashes)):
        if Path(path).exists() and dvc_hash(Path(path)) != hashes[path]:
            found = "found other bytes than dvc.lock says, as after Ctrl-C; accepted: `dvc repro`"
            # DVC checks a file of its cache again if the file is not read-only
            check = 'find "$(dvc cache dir)" -type f -exec chmod u+w {} + -exec touch {} +'
            damaged = f"If this comes again, DVC's cache is damaged: run `rm -r {path}; {check}; dvc repro`"
            raise UserError(f"{path}: {found}. {damaged}")
