"""Each file of slow tests has a budget, and together they fit the limit."""

from tests.budget import BUDGET, CORES, LIMIT
from tests.imports import ROOT


def test_every_file_of_slow_tests_has_a_budget() -> None:
    files = {path.stem for path in (ROOT / "tests").rglob("test_*.py") if "mark.slow" in path.read_text()}
    assert files - {"test_budget"} == set(BUDGET)


def test_the_budgets_fit_the_limit() -> None:
    assert sum(BUDGET.values()) <= LIMIT * CORES
