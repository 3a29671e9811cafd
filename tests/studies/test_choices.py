"""What was tried is told whole, by the rule that is told, and the default is what the rule chose."""

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


def test_the_figures_in_git_are_of_these_configurations(table: pd.DataFrame) -> None:
    assert dict(zip(table["configuration"], table["changes"], strict=True)) == {
        name: choices.compact(changes) for name, changes in choices.CONFIGURATIONS.items()
    }


def test_the_docs_tell_every_one_of_them(table: pd.DataFrame) -> None:
    assert f"\n{choices.told(table)}\n" in (ROOT / "docs/choices.md").read_text()
    by = table.set_index("configuration")
    assert f"{len(table)} configurations are in the table" in DOCS
    assert f"from {by.loc['start', 'variance']} to {by.loc[choices.DEFAULT, 'variance']}" in DOCS
    assert f"scores higher still, {by.loc[choices.CHOSEN, 'variance']}" in DOCS
    assert f"validation rose from {by.loc['start', 'variance_h1']} to {by.loc[choices.DEFAULT, 'variance_h1']}" in DOCS


def test_the_docs_tell_what_became_of_the_best_on_validation() -> None:
    section = (ROOT / "docs/results.md").read_text().split("`examples/dense.yaml`")[1].split("\n## ")[0]
    (skill,) = re.findall(r"^\| log variance \| 1 session \|.*\| ([+-][\d.]+) \| [<\d.]+ \|$", section, re.MULTILINE)
    own = json.loads(committed("reports/metrics.json"))["test"]["variance"]["h1"]["skill"]
    assert f"on test the default has {own:+.4f}. The dense network, best of all on validation, has {skill}." in DOCS


def test_the_choices_follow_the_rule(table: pd.DataFrame) -> None:
    deviation = pd.read_csv(choices.SEEDS)["variance"].std()
    assert f"single seeds ({deviation:.3f}," in DOCS
    scores = table.set_index("configuration")[["variance", "later"]].astype(float)
    lstm = [name for name in scores.index if "cell" not in table.set_index("configuration").loc[name, "changes"]]
    for chosen, rivals in ((choices.DEFAULT, lstm), (choices.CHOSEN, list(scores.index))):
        assert (scores.loc[chosen] > scores.loc["start"] + deviation).all()
        assert (scores.loc[rivals] <= scores.loc[chosen] + deviation).all(axis=None)


def test_the_default_is_the_choice(table: pd.DataFrame) -> None:
    default, choice = YAML(typ="safe").load(committed("params.yaml")), choices.CONFIGURATIONS[choices.DEFAULT]
    assert default["prepare"]["features"] == choice["prepare.features"]
    metrics, row = json.loads(committed("reports/metrics.json"))["validation"], table.set_index("configuration")
    for target, name in (("variance", "variance_h1"), ("variance", "variance_h5"), ("price", "price_h1")):
        skill = metrics[target][f"h{name[-1]}"]["skill"]
        assert f"{skill:+.4f}" == row.loc[choices.DEFAULT, name], name
    start = {key: value for key, value in choices.START.items() if key.startswith("train.")}
    expected = {**start, **choice}
    told = study.changed(default, {key: value for key, value in expected.items() if key.startswith("train.")})
    assert told["train"] == default["train"]


def test_every_configuration_changes_keys_that_exist_and_no_two_are_the_same() -> None:
    start = study.changed(study.committed("params.yaml"), choices.START)
    found = [study.changed(start, changes) for changes in choices.CONFIGURATIONS.values()]
    assert all(one not in found[:i] for i, one in enumerate(found))
    assert not any({"prepare.test", "prepare.validation"} & set(changes) for changes in choices.CONFIGURATIONS.values())


def test_the_skill_is_that_of_the_scores_and_of_the_half_that_early_stopping_has_not_seen(walked: Path) -> None:
    found, later = choices.skills(walked)
    scores = read_table(walked / "data/scores.parquet").query(
        "model == 'network' and target == 'variance' and split == 'validation' and slice == 'all'"
    )
    expected = scores[scores["ticker"] == overall(scores)].sort_values("horizon")["skill"]
    np.testing.assert_allclose(found, expected, rtol=1e-9)
    assert (later.index == found.index).all()
    assert (later != found).all()


def test_a_seed_is_told_of_each_network_alone(walked: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choices, "MOST", 2)
    table = choices.seeds(walked)
    assert table["seed"].tolist() == [0, 1]
    assert table["variance"].nunique() == 2
