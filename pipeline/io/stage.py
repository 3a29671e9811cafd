"""How every stage starts and ends: pins in force, its parameters, one line for each of the user's mistakes."""

import sys
import time
from collections.abc import Callable, Mapping
from typing import Any

import pipeline
from pipeline.io.errors import UserError
from pipeline.io.params import Section, load


def run(name: str, main: Callable[..., None], section: type[Section] | Mapping[str, Any] | None = None) -> None:
    """Run a stage; exit 1 with one line for each of the user's mistakes.

    section: the model of its section of params.yaml, as `load` takes it; None where it has none.
    """
    if sys.argv[1:]:
        sys.exit(f"{name}: found {' '.join(sys.argv[1:])!r}; accepted: no arguments, for params.yaml says all")
    if not pipeline.PINNED:
        sys.exit(f"{name}: numpy was imported before `pipeline` could pin the CPU code paths; run `dvc repro`")
    begun = time.perf_counter()
    try:
        main(load(name, section)) if section else main()
    except UserError as error:
        sys.exit("\n".join(f"{name}: {line}" for line in str(error).splitlines()))
    print(f"{name}: {time.perf_counter() - begun:.1f} s of work after {begun - pipeline.STARTED:.1f} s of start-up")
