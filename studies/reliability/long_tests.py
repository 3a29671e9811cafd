"""Run the tests marked `soak`, which take too long for `make test-slow`."""

import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

from pipeline.formats import Table
from studies.study import ROOT

MARK = "soak"


def long_tests(folder: Path) -> str:
    """Return the part of the page, with a row for each test."""
    report = folder / "tests.xml"
    command = [sys.executable, "-m", "pytest", "-m", MARK, f"--junitxml={report}"]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    if not report.exists():
        raise RuntimeError(done.stdout)
    return "Tests that take too long for `make test-slow`:\n\n" + table(report.read_text())


def table(report: str) -> str:
    """Return the table in Markdown: each test, its outcome and its seconds. report: XML of pytest."""
    rows = []
    for test in ET.fromstring(report).iter("testcase"):  # noqa: S314  # pytest wrote it
        outcomes = [outcome.tag for outcome in test if outcome.tag in ("failure", "error", "skipped")] or ["passed"]
        rows.append([f"`{test.attrib['name']}`", " and ".join(outcomes), f"{float(test.attrib['time']):.0f}"])
    return Table("", ["test", "outcome", "s"], rows).markdown
