"""The README names what exists and tells the numbers that the pipeline gives."""

import contextlib
import json
import re
import subprocess
from pathlib import Path

import pandas as pd
import pytest
from rich.console import Console
from ruamel.yaml import YAML

from pipeline.__main__ import rendered
from pipeline.formats import format_p
from pipeline.models.registry import NAMES
from pipeline.scrape import sample
from pipeline.scrape.params import SOURCES
from tests.conftest import committed, small_params, walk
from tests.imports import ROOT

README = (ROOT / "README.md").read_text()
MAKEFILE = (ROOT / "Makefile").read_text()
DVC = YAML(typ="safe").load(ROOT / "dvc.yaml")
MADE = {"mlflow.db", ".venv"}


def outputs() -> set[str]:
    found = [
        out for stage in DVC["stages"].values() for kind in ("outs", "metrics", "plots") for out in stage.get(kind, [])
    ]
    return {out if isinstance(out, str) else next(iter(out)) for out in found}


@pytest.mark.parametrize(
    "target", sorted(set(re.findall(r"(?<![\w-])make ([a-z][a-z-]*)", re.sub(r"make and git", "", README))))
)
def test_every_make_target_the_readme_names_exists(target: str) -> None:
    assert re.search(rf"^{target}:", MAKEFILE, re.MULTILINE)


@pytest.mark.parametrize(
    "path", sorted(set(re.findall(r"[`(]([\w.-]+(?:/[\w.-]*)+|\w+\.(?:yaml|lock|toml|db))[`)]", README)))
)
def test_every_path_the_readme_names_exists_or_is_an_output(path: str) -> None:
    assert (ROOT / path).exists() or path.rstrip("/") in outputs() | MADE


def test_the_readme_is_short() -> None:
    assert len(README.splitlines()) <= 140


def test_the_readme_has_the_summary_that_the_default_writes() -> None:
    """The same as that of the first example of docs/results.md, which has more simple models."""
    summary = (ROOT / "reports/summary.md").read_text() if (ROOT / "reports/summary.md").exists() else ""
    assert not summary or summary in README
    metrics = json.loads(committed("reports/metrics.json"))["test"]
    for target, name in {"price": "close", "variance": "log variance"}.items():
        for h, numbers in metrics[target].items():
            (line,) = re.findall(rf"^\| {name} \| {h[1:]} sessions? \| (.+) \|$", README, re.MULTILINE)
            rmse, _, _, skill, p_value = line.split(" | ")
            assert rmse == f"{numbers['mse'] ** 0.5:#.4g}"
            assert (skill, p_value) == (f"{numbers['skill']:+.4f}", format_p(numbers["p_value"]))
    assert f"Its R² of {metrics['price']['h1']['r2']:.3f} looks" in " ".join(README.split())


def test_the_summary_of_the_readme_fits_a_screen() -> None:
    """25 lines, the last one with the paths of the reports."""
    text = f"**{README.split('**', 1)[1].split(chr(10) + '![', 1)[0]}"
    lines = rendered(Console(width=100), text).splitlines()
    assert 15 < len(lines) <= 24
    assert max(map(len, lines)) <= 100


def test_what_the_readme_says_of_the_band_is_so() -> None:
    (sentence,) = re.findall(r"^The 90% band .*$", README, re.MULTILINE)
    of_band, of_constant = ([float(share) for share in re.findall(r"([\d.]+)%", part)][-3:] for part in
                            sentence.split(" A band of constant width "))  # fmt: skip
    assert max(of_band) - min(of_band) < (max(of_constant) - min(of_constant)) / 2


@pytest.mark.slow
def test_the_readme_shows_what_the_default_finds(tmp_path: Path) -> None:
    params = YAML(typ="safe").load(committed("params.yaml"))
    walk(tmp_path, sample.prices(), "scrape", "prepare", "benchmark", "train", "predict", "evaluate", **params)
    assert (tmp_path / "reports/summary.md").read_text() in README


def test_the_licence_is_the_one_the_readme_names() -> None:
    assert "MIT licence" in " ".join(README.split())
    assert (ROOT / "LICENSE").read_text().startswith("MIT License")


def test_no_tracked_text_names_a_registry_or_a_machine() -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    hosts = re.compile("|".join(["py" + r"pi\.", "python" + "hosted", "/home/" + r"\w", "/ro" + "ot/"]))
    for name in filter(None, listed.split("\0")):
        if not name.endswith(".png") and (ROOT / name).is_file():
            assert not hosts.search((ROOT / name).read_text()), name


@pytest.mark.parametrize("path", sorted((ROOT / "examples").glob("*.yaml")), ids=lambda path: path.stem)
def test_an_example_has_every_key_each_explained_and_one_window(path: Path) -> None:
    """It differs from the default in values and comments alone, but for what its source needs."""
    text = path.read_text()
    example = YAML(typ="safe").load(text)
    keys = {name: set(section) for name, section in small_params().items()}
    scrape = set(SOURCES[example["scrape"]["source"]].model_fields)
    assert {name: set(section) for name, section in example.items()} == {**keys, "scrape": scrape}
    assert not [line for line in text.splitlines() if re.match(r"  \w+:", line) and "  # " not in line]
    assert example["benchmark"]["window"] == example["train"]["window"]


def test_the_full_benchmark_is_the_default_with_every_model() -> None:
    full, default = (YAML(typ="safe").load(committed(f"{name}.yaml")) for name in ("examples/full-benchmark", "params"))
    models = full["benchmark"].pop("models")
    default["benchmark"].pop("models")
    assert full == default
    assert models == list(NAMES)


def test_the_readmes_python_forecasts(walked: Path, two_tickers: pd.DataFrame) -> None:
    (code,) = re.findall(r"```python\n(.+?)```", README, re.DOTALL)
    *lines, last = code.strip().splitlines()
    call, columns = last.split("  # ")
    names = {"prices": two_tickers}
    with contextlib.chdir(walked):
        exec("\n".join(lines), names)
        assert eval(call, names).columns.tolist() == columns.split(", ")
