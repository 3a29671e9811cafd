"""How long each file of slow tests may take, and what it took: `make test-slow` prints both at the end."""

from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import pytest

LIMIT = 45 * 60  # seconds for all of them, on two cores
CORES = 2
BUDGET = {  # seconds of one worker, by file: about half as much again as was measured
    "test_examples": 1000,
    "test_processor": 750,
    "test_pipeline": 650,
    "test_seeds": 450,
    "test_readme": 320,
    "test_kills": 250,
    "test_experiments": 240,
    "test_engines": 220,
    "test_checkouts": 170,
    "test_bad_input": 160,
    "test_promotion": 150,
    "test_rebuild": 150,
    "test_reruns": 120,
    "test_browser": 110,
    "test_commands": 110,
    "test_faults": 110,
    "test_dvc": 80,
    "test_ui": 60,
    "test_coverage": 50,
    "test_training": 50,
    "test_yahoo": 50,
    "test_server": 40,
    "test_docs": 30,
    "test_dvc_plots": 30,
    "test_leakage": 20,
    "test_model": 20,
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
