"""Kill runs at random moments, and look at what the next `dvc repro` makes of it."""

import contextlib
import os
import random
import re
import shutil
import signal
import subprocess
import time
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from pipeline.formats import Table
from studies.reliability import repository
from studies.reliability.repository import Printed

COUNT, SEED = 100, 0
KINDS = {
    "Ctrl-C": "SIGINT to all processes in the foreground, as the terminal sends it",
    "power failure": "SIGKILL to all processes",
    "dvc killed": "SIGKILL to `dvc` alone, while its stage runs",
    "stage killed": "SIGKILL to the stage alone",
}
OUTCOMES = ("same hashes at the next repro", "one clear line", "lost")
REMEDIES = {  # what a user runs after a line of DVC, by a part of the line
    r"dvc\.lock' (is invalid|validation failed)": ("git", "checkout", "dvc.lock"),
    r"RWLock-file '\.dvc/tmp/rwlock'|manually remove '.*/rwlock'": ("rm", ".dvc/tmp/rwlock"),
}
INTRODUCTION = """{count} runs of `dvc repro`, about {seconds:.0f} s each, were killed at random moments (seed {seed}).
Each started in a new clone with an empty cache. After the kill, `dvc repro` ran again at once. "Same hashes" means:
data/, reports/ and dvc.lock are as committed, no unfinished file is left, and MLflow has one finished run with its
model. "One clear line": DVC says what is wrong, and all is the same after {remedies}. The kinds of kill:"""


class Killed(NamedTuple):
    """A trial: kind of kill, the stage that ran, one of OUTCOMES, and what was printed or is wrong."""

    kind: str
    stage: str
    outcome: str
    told: str


def kills(folder: Path, count: int = COUNT) -> str:
    """Kill `count` runs, each kind as often as the others, and return the part of the page."""
    seconds = repository.small_repository(folder / "kills")
    moments, killed = random.Random(SEED), []  # noqa: S311
    for number in range(count):
        kind = list(KINDS)[number % len(KINDS)]
        killed.append(trial(folder / "kills", folder / f"kill-{number}", kind, moments.uniform(0, seconds)))
        print(f"kill {number + 1} of {count}: {' | '.join(killed[-1])}", flush=True)
    return section(killed, seconds)


def trial(small: Path, folder: Path, kind: str, moment: float) -> Killed:
    """Kill one run in a clone after `moment` seconds, and run again. The clone stays if something is lost."""
    repository.fresh(small, folder)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background would pass on that it ignores it
    process = repository.started(folder, *repository.DVC, "repro")
    try:
        stage = kill(folder, process, kind, moment)
        outcome, told = outcome_of(small, folder)
    finally:
        repository.kill_group(process, signal.SIGKILL)
        repository.ended(folder, process)
    if outcome != "lost":
        shutil.rmtree(folder)
    return Killed(kind, stage, outcome, told)


def kill(folder: Path, process: subprocess.Popen[str], kind: str, moment: float) -> str:
    """Kill the processes of this kind after `moment` seconds, or when a stage runs next. Return the stage that ran."""
    time.sleep(moment)
    children = stages_of(process)
    while kind in ("dvc killed", "stage killed") and not children and process.poll() is None:
        time.sleep(0.01)
        children = stages_of(process)
    begun = re.findall(r"^Running stage '(\w+)'", folder.with_suffix(".out").read_text(), re.MULTILINE)
    match kind:
        case "Ctrl-C":
            repository.kill_group(process, signal.SIGINT)
        case "power failure":
            repository.kill_group(process, signal.SIGKILL)
        case "dvc killed":
            process.kill()
        case "stage killed" if children:
            os.kill(children[0], signal.SIGKILL)
    process.wait(repository.TIMEOUT)
    return begun[-1] if begun and children else "dvc itself"


def stages_of(process: subprocess.Popen[str]) -> list[int]:
    """Return the process of the stage that `dvc` runs; nothing between two stages."""
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        return [int(pid) for pid in children if "pipeline." in Path(f"/proc/{pid}/cmdline").read_text()]
    return []


def outcome_of(small: Path, folder: Path) -> tuple[str, str]:
    """Run `dvc repro` again. If it fails with a line that has a remedy, apply it and run once more."""
    first = repository.repro(folder)
    if not first.status and not (wrong := repository.differences(small, folder)):
        return OUTCOMES[0], ""
    if first.status and "Traceback" not in first.errors and (remedy := remedy_of(first)):
        repository.run(folder, *remedy)
        if not repository.repro(folder).status and not (wrong := repository.differences(small, folder)):
            return OUTCOMES[1], first.line
    return OUTCOMES[2], "; ".join([first.line, *([] if first.status else wrong)])


def remedy_of(printed: Printed) -> tuple[str, ...]:
    """Return the command that a line asks for; empty if there is none."""
    return next((words for part, words in REMEDIES.items() if re.search(part, printed.errors)), ())


def section(killed: list[Killed], seconds: float) -> str:
    """Return the text of the part, with a row for each kind."""
    remedies = " or ".join(f"`{' '.join(words)}`" for words in REMEDIES.values())
    kinds = "\n".join(f"- {kind}: {meaning}" for kind, meaning in KINDS.items())
    text = INTRODUCTION.format(count=len(killed), seconds=seconds, seed=SEED, remedies=remedies)
    rows = []
    for kind in [*KINDS, "all"]:
        some = [one for one in killed if kind in (one.kind, "all")]
        outcomes, stages = Counter(one.outcome for one in some), Counter(one.stage for one in some)
        ran = ", ".join(f"{stage} {stages[stage]}" for stage in ("dvc itself", *repository.STAGES) if stages[stage])
        rows.append([kind, *map(str, [len(some), *(outcomes[outcome] for outcome in OUTCOMES)]), ran])
    lines = sorted({one.told for one in killed if one.outcome == OUTCOMES[1]})
    told = ["The lines:", "\n".join(f"- `{line}`" for line in lines)] if lines else []
    header = ["kill", "trials", *OUTCOMES, "what ran when it was killed"]
    return "\n\n".join([text, kinds, Table("", header, rows).markdown, *told])
