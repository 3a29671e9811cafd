"""The study of what cells remember: its gradient is a derivative, its task is as told, its files are made again."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipeline import network
from studies import memory
from tests.imports import ROOT

DOCS = (ROOT / "docs/cells.md").read_text()
NAMES = ["memory-start", *(f"memory-{task}-{figure}" for task in memory.TASKS for figure in ("loss", "trained"))]


@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])  # smooth: dense has corners
def test_the_gradient_is_a_finite_difference(cell: network.Cell) -> None:
    model, (windows, _) = memory.built(cell), memory.made("near", 4, 0)
    found = memory.gradients(model, windows)
    for lag in (0, 1, 5):
        step = np.zeros_like(windows)
        step[:, memory.STEPS - 1 - lag, 0] = 0.05
        up, down = (network.answers(model, windows + sign * step)["value"] for sign in (1, -1))
        assert found[lag] == pytest.approx(np.mean(np.abs(up - down)) / 0.1, rel=0.02)


def test_an_untrained_network_of_the_study_answers_something() -> None:
    windows, _ = memory.made("near", 4, 0)
    assert all(network.answers(memory.built(cell), windows)["value"].any() for cell in memory.CELLS)


@pytest.mark.parametrize("task", memory.TASKS)
def test_the_target_is_the_marked_value_and_nothing_else_tells_of_it(task: str) -> None:
    windows, targets = memory.made(task, 500, 0)
    values, marks = windows[:, ::-1, 0], windows[:, ::-1, 1]
    assert (marks.sum(axis=1) == 1).all()
    np.testing.assert_array_equal((values * marks).sum(axis=1), targets["value"][:, 0])
    first, last = memory.TASKS[task]
    assert set(marks.argmax(axis=1)) == set(range(first, last + 1))
    assert f"{first} to {last} steps back" in DOCS.replace("\n", " ")


@pytest.mark.parametrize("name", NAMES)
def test_the_docs_show_each_picture_beside_its_table(name: str) -> None:
    assert f"(studies/{name}.png)" in DOCS
    assert (memory.FOLDER / f"{name}.png").exists()
    assert list(pd.read_csv(memory.FOLDER / f"{name}.csv").columns[1:]) == list(memory.CELLS)


def test_the_docs_tell_the_losses_and_gradients_that_were_measured() -> None:
    assert f"\n{memory.told()}\n" in DOCS


@pytest.mark.slow
def test_the_study_made_again_gives_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = memory.FOLDER
    monkeypatch.setattr(memory, "FOLDER", tmp_path)
    memory.main()
    made = sorted(path.name for path in tmp_path.iterdir())
    assert made == sorted(f"{name}.{kind}" for name in NAMES for kind in ("csv", "png"))
    for name in made:
        assert (tmp_path / name).read_bytes() == (own / name).read_bytes(), name
