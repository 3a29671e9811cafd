"""Start and end a stage: check the environment, load its parameters, and print error lines."""

import gc
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any

import pipeline
from pipeline.io.errors import UserError
from pipeline.io.params import Section, load


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
        main(load(name, section)) if section else main()
    except UserError as error:
        sys.exit("\n".join(f"{name}: {line}" for line in str(error).splitlines()))
    print(f"{name}: {time.perf_counter() - started:.1f} s of work after {started - pipeline.STARTED:.1f} s of start-up")
    gc.freeze()  # the process ends; without this, Python looks through all objects of TensorFlow for unused ones
