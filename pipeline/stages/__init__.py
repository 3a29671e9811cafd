"""How every stage starts and ends: pins in force, one line for each of the user's mistakes, seconds on the terminal."""

import sys
import time
from collections.abc import Callable

import pipeline
from pipeline.errors import UserError

_started = time.perf_counter()


def run(name: str, main: Callable[[], None]) -> None:
    """Run a stage; exit 1 with one line for each of the user's mistakes."""
    if not pipeline.PINNED:
        sys.exit(f"{name}: numpy was imported before `pipeline` could pin the CPU code paths; run `dvc repro`")
    begun = time.perf_counter()
    try:
        main()
    except UserError as error:
        sys.exit("\n".join(f"{name}: {line}" for line in str(error).splitlines()))
    print(f"{name}: {time.perf_counter() - begun:.1f} s of work after {begun - _started:.1f} s of start-up")
