"""Kill runs, harm files, give bad input, and write what comes of it to docs/reliability.md.

`python -m studies.reliability kills` makes one part again and keeps the others; `kills=8` makes it with 8 kills.
Runs are killed and harmed in clones of the last commit. Some faults need root on Linux; without it, the page says so.
"""

import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from pipeline.io.artifacts import write_bytes
from studies import study
from studies.reliability import bad_input
from studies.reliability.faults import faults
from studies.reliability.kills import kills

PAGE = study.ROOT / "docs/reliability.md"
PARTS: dict[str, tuple[str, Callable[..., str]]] = {
    "kills": ("Kills", kills),
    "faults": ("Faults", faults),
    "input": ("Bad input", bad_input.part),
}
INTRODUCTION = """# Reliability

**Whatever happens to a run, the next `dvc repro` gives the committed hashes, or one line says what to do.**
`python -m studies.reliability` writes this page: it kills runs and harms files of a small repository on the sample
data, and counts what comes of it. Every stage has run there and its results are committed; trials work on copies.
"""


def main(*words: str) -> None:
    """Make all parts, or those of these words, and keep the other parts of the page. A word is NAME or NAME=COUNT."""
    for word in words or PARTS:
        name, _, count = word.partition("=")
        title, part = PARTS[name]
        started = time.perf_counter()
        with tempfile.TemporaryDirectory() as temporary:
            text = part(Path(temporary), *map(int, filter(None, [count])))
        load = ", ".join(f"{average:.1f}" for average in os.getloadavg())
        told = f"This took {(time.perf_counter() - started) / 60:.0f} minutes. Load average at the end: {load}."
        page = PAGE.read_text() if PAGE.exists() else ""
        kept = dict(part.split("\n\n", 1) for part in page.rstrip().split("\n\n## ")[1:])
        kept[title] = f"{text}\n\n{told}"
        sections = [f"## {title}\n\n{kept[title]}" for title, _ in PARTS.values() if title in kept]
        write_bytes(PAGE, ("\n\n".join([INTRODUCTION.rstrip(), *sections]) + "\n").encode())


if __name__ == "__main__":
    main(*sys.argv[1:])
