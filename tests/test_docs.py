"""The README names what exists and tells the numbers that the pipeline gives."""

import contextlib
import io
import json
import re
import subprocess
from pathlib import Path

import pandas as pd
import pytest
from rich.console import Console
from ruamel.yaml import YAML

from pipeline.__main__ import printed
from pipeline.formats import format_p
from pipeline.io.artifacts import read_record, read_table
from pipeline.models.registry import NAMES
from pipeline.plot import tables
from pipeline.scoring.verdict import Verdict
from pipeline.scrape import sample
from pipeline.scrape.params import SOURCES
from tests.conftest import committed, scores_on_test, small_params, walk
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
    "target", sorted(set(re.findall(r"(?<![\w-])make ([a-z][a-z-]*)", re.sub(r"Python.*make, git", "", README))))
)
def test_every_make_target_the_readme_names_exists(target: str) -> None:
    assert re.search(rf"^{target}:", MAKEFILE, re.MULTILINE)


@pytest.mark.parametrize(
    "path", sorted(set(re.findall(r"[`(]([\w.-]+(?:/[\w.-]*)+|\w+\.(?:yaml|lock|toml|db))[`)]", README)))
)
def test_every_path_the_readme_names_exists_or_is_an_output(path: str) -> None:
    assert (ROOT / path).exists() or path.rstrip("/") in outputs() | MADE


def test_the_table_of_stages_is_that_of_dvc() -> None:
    lines = dict(re.findall(r"^\| (\w+) \| (.+?) \|", README.split("| stage |")[1], re.MULTILINE))
    assert lines == {name: stage["desc"] for name, stage in DVC["stages"].items()}
    named = set(re.findall(r"`((?:data|reports)/[^`]+)`", README.split("| stage |")[1].split("\n\n")[0]))
    assert {path.rstrip("/") for path in named} == outputs()


def test_the_readmes_numbers_are_those_of_the_metrics() -> None:
    metrics = json.loads(committed("reports/metrics.json"))["test"]
    for target, name in {"price": "close", "variance": "log variance"}.items():
        for h, own in metrics[target].items():
            (line,) = re.findall(rf"^ {name} \+{h[1:]} +(.+)$", README, re.MULTILINE)
            rmse, r2, _, _, _, skill, p_value = line.split()
            assert float(rmse) == pytest.approx(own["mse"] ** 0.5, rel=1e-4)
            assert (r2, skill, p_value) == (f"{own['r2']:.4f}", f"{own['skill']:+.4f}", format_p(own["p_value"]))


def test_the_readmes_sentences_are_those_of_the_results() -> None:
    """docs/results.md is written by a study; its first example is the default with every simple model."""
    section = (ROOT / "docs/results.md").read_text().split("\n## ")[1]
    sentences = re.findall(r"^- (.+)$", section, re.MULTILINE)
    assert "\n".join(sentences) + "\n```" in README
    assert "is not told apart from the network on the log variance (gradient boosting" in sentences[2]
    terciles = [re.findall(r"([\d.]+)%", part) for part in re.findall(r"\((.*?)\)", sentences[3])]
    own, constant = (max(map(float, shares)) - min(map(float, shares)) for shares in terciles)
    assert own < constant / 2  # the band holds in calm and in storm more alike than one of constant width


@pytest.mark.slow
def test_the_readme_shows_what_the_default_prints(tmp_path: Path) -> None:
    params = YAML(typ="safe").load(committed("params.yaml"))
    walk(tmp_path, sample.prices(), "scrape", "prepare", "benchmark", "train", "predict", "evaluate", **params)
    told, scores = read_record(tmp_path / "data/verdict.json", Verdict), read_table(tmp_path / "data/scores.parquet")
    page = io.StringIO()
    console = Console(file=page, width=80, highlight=False, soft_wrap=True)
    printed(console, tables.short(told, scores))
    for sentence in (*told.sentences.values(), told.band):
        console.print(sentence)
    shown = page.getvalue().strip("\n").splitlines()
    assert "```\n" + "\n".join(line.rstrip() for line in shown) + "\n```" in README
    skills = scores_on_test(tmp_path, "variance").filter(regex="^network ", axis="index")["skill"]
    assert f"between {skills.min():+.3f} and {skills.max():+.3f}" in " ".join(README.split())


def test_the_licence_is_the_one_the_readme_names() -> None:
    assert "MIT licence" in " ".join(README.split())
    assert (ROOT / "LICENSE").read_text().startswith("MIT License")


def test_no_tracked_text_names_a_registry_or_a_machine() -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    hosts = re.compile("|".join(["py" + r"pi\.", "python" + "hosted", "/home/" + r"\w", "/ro" + "ot/"]))
    for name in filter(None, listed.split("\0")):
        if not name.endswith(".png") and (ROOT / name).exists():
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
