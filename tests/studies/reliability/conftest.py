from pathlib import Path

import pytest

from studies.reliability import repository
from tests.conftest import once


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small repository of the trials, in which every stage has run."""

    def fill(folder: Path) -> None:
        repository.small_repository(folder)

    return once(tmp_path_factory, "reliability", fill)
