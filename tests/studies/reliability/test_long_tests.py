"""The outcome of a long test is shown as pytest tells it."""

import subprocess
import sys
from pathlib import Path

from studies.reliability.long_tests import table

TESTS = """
import pytest
def test_passes(): pass
def test_fails(): assert False
def test_needs_more(): pytest.skip("not here")
@pytest.fixture
def broken(): raise ValueError
def test_begins_wrong(broken): pass
"""


def test_each_test_is_a_row_with_its_outcome(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(TESTS)
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--junitxml=report.xml"]
    subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)
    rows = [line.strip("| ").split(" | ")[:2] for line in table((tmp_path / "report.xml").read_text()).splitlines()[2:]]
    assert rows == [
        ["`test_passes`", "passed"],
        ["`test_fails`", "failure"],
        ["`test_needs_more`", "skipped"],
        ["`test_begins_wrong`", "error"],
    ]
