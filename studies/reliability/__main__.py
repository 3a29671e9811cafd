"""Kill runs, harm files, give bad input, run long tests, and write the results to docs/reliability.md.

`python -m studies.reliability kills` makes one part again and keeps the others; `kills=8` makes it with 8 kills.
Runs are killed and harmed in clones of the last commit. Some faults need root on Linux; without it, the page says so.
"""

import sys
from collections.abc import Callable

from studies import study
from studies.reliability import bad_input
from studies.reliability.faults import faults
from studies.reliability.kills import kills
from studies.reliability.long_tests import long_tests

PARTS: dict[str, tuple[str, Callable[..., str]]] = {
    "kills": ("Kills", kills),
    "faults": ("Faults", faults),
    "input": ("Bad input", bad_input.part),
    "tests": ("Long tests", long_tests),
}
INTRODUCTION = """# Reliability

**Whatever happens to a run, the next `dvc repro` gives the committed hashes, or one line says what to do.**
`python -m studies.reliability` writes this page: it kills runs and harms files of a small repository on the sample
data, and counts the results. Every stage has run there and its results are committed; trials work on copies.
"""


if __name__ == "__main__":
    study.write_parts(study.ROOT / "docs/reliability.md", INTRODUCTION, PARTS, sys.argv[1:])
