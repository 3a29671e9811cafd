"""docs/choices.md lists every configuration of the study, and the default is the one that its rule chooses."""

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from ruamel.yaml import YAML

from pipeline.io.artifacts import read_table
from pipeline.scoring.results import overall
from studies import choices, study
from tests.conftest import committed
from tests.imports import ROOT

DOCS = " ".join((ROOT / "docs/choices.md").read_text().split())


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return pd.read_csv(choices.CHOICES, dtype=str, keep_default_na=False)


def test_the_figures_in_git_belong_to_these_configurations(table: pd.DataFrame) -> None:
    assert dict(zip(table["configuration"], table["changes"], strict=True)) == {
        name: choices.changes_text(changes) for name, changes in choices.CONFIGURATIONS.items()
    }


def test_the_docs_list_every_configuration(table: pd.DataFrame) -> None:
    assert f"\n{choices.markdown_rows(table)}\n" in (ROOT / "docs/choices.md").read_text()
    scores = table.set_index("configuration")
    assert f"{len(table)} configurations are in the table" in DOCS
    assert f"from {scores.loc['start', 'variance']} to {scores.loc[choices.DEFAULT, 'variance']}" in DOCS
    assert f"scores higher still, {scores.loc[choices.BEST, 'variance']}" in DOCS
    first, last = scores.loc["start", "variance_h1"], scores.loc[choices.DEFAULT, "variance_h1"]
    assert f"validation rose from {first} to {last}" in DOCS


def test_the_docs_have_the_test_skill_of_the_best_on_validation() -> None:
    section = (ROOT / "docs/results.md").read_text().split("`examples/dense.yaml`")[1].split("\n## ")[0]
    (dense_skill,) = re.findall(
        r"^\| log variance \| 1 session \|.*\| ([+-][\d.]+) \| [<\d.]+ \|$", section, re.MULTILINE
    )
    skill = json.loads(committed("reports/metrics.json"))["test"]["variance"]["h1"]["skill"]
    assert (
        f"on test the default has {skill:+.4f}. The dense network, best of all on validation, has {dense_skill}."
        in DOCS
    )


def test_the_choices_follow_the_rule(table: pd.DataFrame) -> None:
    deviation = pd.read_csv(choices.SEEDS)["variance"].std()
    assert f"single seeds ({deviation:.4f}," in DOCS
    scores = table.set_index("configuration")[["variance", "later"]].astype(float)
    lstm = [name for name in scores.index if "cell" not in table.set_index("configuration").loc[name, "changes"]]
    for best, candidates in ((choices.DEFAULT, lstm), (choices.BEST, list(scores.index))):
        assert (scores.loc[best] > scores.loc["start"] + deviation).all()
        assert not (scores.loc[candidates] > scores.loc[best] + deviation).all(axis=1).any()


def test_the_default_is_the_choice(table: pd.DataFrame) -> None:
    default, choice = YAML(typ="safe").load(committed("params.yaml")), choices.CONFIGURATIONS[choices.DEFAULT]
    assert default["prepare"]["features"] == choice["prepare.features"]
    metrics, row = json.loads(committed("reports/metrics.json"))["validation"], table.set_index("configuration")
    for target, name in (("variance", "variance_h1"), ("variance", "variance_h5"), ("price", "price_h1")):
        skill = metrics[target][f"h{name[-1]}"]["skill"]
        assert f"{skill:+.4f}" == row.loc[choices.DEFAULT, name], name
    start = {key: value for key, value in choices.START.items() if key.startswith("train.")}
    expected = {**start, **choice}
    changes = {key: value for key, value in expected.items() if key.startswith("train.")}
    assert study.with_changes(default, changes)["train"] == default["train"]


def test_every_configuration_changes_keys_that_exist_and_no_two_are_the_same() -> None:
    start = study.with_changes(study.read_params("params.yaml"), choices.START)
    all_params = [study.with_changes(start, changes) for changes in choices.CONFIGURATIONS.values()]
    assert all(params not in all_params[:i] for i, params in enumerate(all_params))
    assert not any({"prepare.test", "prepare.validation"} & set(changes) for changes in choices.CONFIGURATIONS.values())


def test_the_skill_equals_the_one_of_the_scores_and_differs_on_the_later_half(walked: Path) -> None:
    skill, later_skill = choices.skills(walked)
    scores = read_table(walked / "data/scores.parquet").query(
        "model == 'network' and target == 'variance' and split == 'validation' and slice == 'all'"
    )
    expected = scores[scores["ticker"] == overall(scores)].sort_values("horizon")["skill"]
    np.testing.assert_allclose(skill, expected, rtol=1e-9)
    assert (later_skill.index == skill.index).all()
    assert (later_skill != skill).all()


def test_the_study_of_seeds_has_a_row_for_each_member(walked: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choices, "N_SEEDS", 2)
    table = choices.scores_by_seed(walked)
    assert table["seed"].tolist() == [0, 1]
    assert table["variance"].nunique() == 2
