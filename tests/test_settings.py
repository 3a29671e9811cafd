"""`make why` and `make repro` check the whole of params.yaml before anything runs."""

from pathlib import Path

import pytest

from pipeline import settings
from tests.commands import pipeline
from tests.imports import ROOT

SHIPPED = [ROOT / "params.yaml", *sorted((ROOT / "examples").glob("*.yaml"))]


@pytest.mark.parametrize("file", SHIPPED, ids=lambda file: file.stem)
def test_each_file_that_comes_with_the_project_is_right(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("params.yaml").write_bytes(file.read_bytes())
    settings.check()


def test_a_longer_window_is_right_if_no_simple_model_uses_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    text = SHIPPED[0].read_text().replace("train:\n  window: 5", "train:\n  window: 4")
    Path("params.yaml").write_text("\n".join(line for line in text.splitlines() if line[:8] not in SEES_WINDOWS))
    settings.check()


SEES_WINDOWS = ("  - ridg", "  - boos")
MISTAKES = {  # old, new: what is said
    ("lags: 60", "lag: 60"): ["params.yaml: explore.lags: ", "params.yaml: explore.lag: "],
    ("epochs: 60", "epochs: 0"): ["params.yaml: train.epochs: "],
    ("coverage: 0.9", "coverage: 9"): ["params.yaml: evaluate.coverage: "],
    ("validation: 0.15", "validation: 2016-01-04"): ["params.yaml: prepare.validation: "],
    ("scrape:", "scrape: ["): ["params.yaml, line "],
    ("train:\n  window: 5", "train:\n  window: 4"): ["params.yaml: benchmark.window: found 5, with train.window 4; "],
}


@pytest.mark.parametrize("edit", MISTAKES, ids=lambda edit: edit[1].replace("\n", ""))
def test_each_mistake_is_one_line_before_anything_runs(edit: tuple[str, str], tmp_path: Path) -> None:
    text = SHIPPED[0].read_text()
    assert text.count(edit[0]) == 1
    (tmp_path / "params.yaml").write_text(text.replace(*edit))
    done = pipeline(tmp_path, "repro")
    assert (done.returncode, done.stdout) == (1, "")
    for line, told in zip(done.stderr.splitlines(), MISTAKES[edit], strict=True):
        assert line.startswith(f"repro: {told}")
