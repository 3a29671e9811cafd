"""How long each file of slow tests may take, and what it took: `make test-slow` prints both at the end."""

from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import pytest

LIMIT = 45 * 60  # seconds for all of them, on two cores
CORES = 2
BUDGET = {  # seconds of one worker, by file
    "test_processor": 1500,
    "test_pipeline": 300,
    "test_rebuild": 300,
    "test_readme": 250,
    "test_experiments": 250,
    "test_yahoo": 200,
    "test_examples": 200,
    "test_seeds": 200,
    "test_engines": 200,
    "test_promotion": 200,
    "test_browser": 150,
    "test_checkouts": 150,
    "test_coverage": 150,
    "test_dvc": 150,
    "test_bad_input": 120,
    "test_faults": 120,
    "test_kills": 120,
    "test_reruns": 120,
    "test_commands": 100,
    "test_docs": 100,
    "test_leakage": 100,
    "test_server": 100,
    "test_training": 100,
    "test_ui": 100,
    "test_dvc_plots": 60,
    "test_model": 60,
}


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Print the seconds and the budget of each file, if slow tests ran. pytest itself says why a test was skipped."""
    if not config.option.markexpr.startswith("slow"):
        return
    reports = [
        each for every in terminalreporter.stats.values() for each in every if isinstance(each, pytest.TestReport)
    ]
    seconds, tests = defaultdict[str, float](float), Counter[str]()
    for report in reports:
        name = Path(report.location[0]).stem
        seconds[name] += report.duration
        tests[name] += report.when == "call"
    terminalreporter.section("seconds of each file, and its budget")
    for name, took in sorted(seconds.items(), key=lambda each: -each[1]):
        budget = BUDGET.get(name, 0)
        terminalreporter.line(
            f"{name:<20} {tests[name]:>4} tests {took:>6.0f} s of {budget:>5}{' OVER' * (took > budget)}"
        )
    total = sum(seconds.values()) / CORES
    terminalreporter.line(f"all, on {CORES} workers at best: {total:.0f} s of {LIMIT}{' OVER' * (total > LIMIT)}")
