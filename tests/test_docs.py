"""The README names what exists and tells the numbers that the pipeline gives."""

import io
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from rich.console import Console
from ruamel.yaml import YAML

from pipeline import __main__ as summary
from pipeline.models.registry import NAMES
from pipeline.sentences import verdict_of
from pipeline.stages.scrape import SOURCES
from pipeline.subject import Subject
from pipeline.tables import bands as bands_table
from pipeline.verdict import Verdict
from tests.conftest import committed, small_params
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


def test_the_make_targets_of_the_project_exist() -> None:
    for target in (
        "setup",
        "repro",
        "test",
        "test-slow",
        "check",
        "verify",
        "bench",
        "forecast",
        "latest",
        "revisions",
        "ui",
        "lock",
        "clean",
    ):
        assert re.search(rf"^{target}:", MAKEFILE, re.MULTILINE), target


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


def tables(metrics: dict[str, Any]) -> tuple[pd.DataFrame, pd.DataFrame, dict[str, str]]:
    """The scores and bands that the committed metrics tell of, and what each target is judged against."""
    scores, bands = [], []
    for target, horizons in metrics["test"].items():
        for h, own in horizons.items():
            key = {"target": target, "split": "test", "horizon": int(h[1:]), "ticker": "^GSPC", "slice": "all"}
            scores += [
                {**own, **key, "model": "network", "best": own["best"]["model"]},
                {**own["reference"], **key},
            ]
    for h, own in ((h, own) for h, own in metrics["bands"].items() if h != "nominal"):
        key = {"calibrated": "later", "horizon": int(h[1:]), "ticker": "^GSPC"}
        for scale, held in (("network", own), ("constant", own["constant"])):
            bands += [{**held, **key, "scale": scale, "slice": "all"}]
            bands += [
                {**key, "scale": scale, "slice": part, "coverage": share} for part, share in held["thirds"].items()
            ]
    references = {target: own["h1"]["reference"]["model"] for target, own in metrics["test"].items()}
    return pd.DataFrame(scores), pd.DataFrame(bands).reindex(columns=bands_table.SCHEMA.names), references


def verdict() -> tuple[Verdict, pd.DataFrame]:
    """The verdict on the committed metrics, and their scores."""
    scores, bands, references = tables(json.loads(committed("reports/metrics.json")))
    close = Subject("close", "points", "session", priced=True)
    return verdict_of(scores, bands, references, close, "network", 0.9), scores


def test_the_readme_shows_what_the_summary_prints() -> None:
    told, scores = verdict()
    page = io.StringIO()
    console = Console(file=page, width=80, highlight=False, soft_wrap=True)
    console.print(summary.scores(told, scores))
    for sentence in (*told.sentences.values(), told.band):
        console.print(sentence)
    shown = page.getvalue().strip("\n").splitlines()
    printed = "\n".join(line.rstrip() for line in shown)
    assert f"```\n{printed}\n```" in README


def test_the_summary_without_a_run_says_what_to_do(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pipeline"], cwd=tmp_path, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "data/verdict.json: no such file; `dvc repro` makes it\n"


def test_the_changelog_and_the_licence_are_there() -> None:
    assert "## Unreleased" in (ROOT / "CHANGELOG.md").read_text()
    assert (ROOT / "LICENSE").read_text().startswith("MIT License")


def test_no_tracked_text_names_a_registry_or_a_machine() -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    hosts = re.compile("|".join(["py" + r"pi\.", "python" + "hosted", "/home/" + r"\w", "/ro" + "ot/"]))
    for name in filter(None, listed.split("\0")):
        if not name.endswith(".png") and (ROOT / name).exists():
            assert not hosts.search((ROOT / name).read_text()), name


def test_params_say_where_each_value_is_of_use_in_every_example() -> None:
    """An example differs from the default in values and comments alone, but for what its source needs."""
    default = {name: set(section) for name, section in small_params().items()}
    for path in sorted((ROOT / "examples").glob("*.yaml")):
        example = YAML(typ="safe").load(path)
        scrape = set(SOURCES[example["scrape"]["source"]].model_fields)
        assert {name: set(section) for name, section in example.items()} == {**default, "scrape": scrape}, path.name


def test_every_key_of_an_example_is_explained_in_a_comment() -> None:
    for path in sorted((ROOT / "examples").glob("*.yaml")):
        for line in path.read_text().splitlines():
            if re.match(r"  \w+:", line):
                assert "  # " in line, f"{path.name}: {line}"


def test_the_simple_models_of_every_example_see_the_networks_window() -> None:
    for path in sorted((ROOT / "examples").glob("*.yaml")):
        example = YAML(typ="safe").load(path)
        assert example["benchmark"]["window"] == example["train"]["window"], path.name


def test_the_full_benchmark_is_the_default_with_every_model() -> None:
    full, default = (YAML(typ="safe").load(committed(f"{name}.yaml")) for name in ("examples/full-benchmark", "params"))
    models = full["benchmark"].pop("models")
    default["benchmark"].pop("models")
    assert full == default
    assert models == list(NAMES)


def test_the_readme_tells_how_far_the_networks_lie_apart_and_what_would_do_as_well() -> None:
    metrics = json.loads(committed("reports/metrics.json"))
    own, said = metrics["test"]["variance"]["h1"], " ".join(README.split())
    assert f"between {own['members']['min']:+.3f} and {own['members']['max']:+.3f}" in said
    assert own["best"]["model"] == "boosting"
    assert (
        "is not told apart from the network on the log variance (gradient boosting" in verdict()[0].sentences["simpler"]
    )
    bands = metrics["bands"]["h1"]
    spreads = [max(own.values()) - min(own.values()) for own in (bands["thirds"], bands["constant"]["thirds"])]
    assert spreads[0] < spreads[1] / 2
