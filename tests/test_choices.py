"""What was tried is told whole, by the rule that is told, and the default is what the rule chose."""

import json
import re

import pandas as pd
import pytest
from ruamel.yaml import YAML

from studies import choices, panel, study
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


def test_the_panels_figures_in_git_are_of_its_configurations() -> None:
    table = pd.read_csv(panel.PANEL, dtype=str, keep_default_na=False).set_index("configuration")
    assert table["changes"].to_dict() == {
        name: choices.compact(changes) for name, changes in panel.CONFIGURATIONS.items()
    }
    assert f"from {table['variance'].min()} to {table['variance'].max()}" in DOCS
    pooling = pd.read_csv(panel.POOLING).set_index("ticker")
    worse = [name for name, row in pooling.iterrows() if row["network_pooled"] > row["network_alone"]]
    assert f"worse than one fitted on the ticker alone for {len(worse)} of {len(pooling)}" in DOCS


def test_the_docs_tell_every_one_of_them(table: pd.DataFrame) -> None:
    assert f"\n{choices.told(table)}\n" in (ROOT / "docs/choices.md").read_text()
    assert f"{len(table)} configurations were tried" in DOCS
    by = table.set_index("configuration")
    assert f"from {by.loc['start', 'variance']} to {by.loc[choices.DEFAULT, 'variance']}" in DOCS
    assert f"scores higher still, {by.loc[choices.CHOSEN, 'variance']}" in DOCS
    assert f"validation rose from {by.loc['start', 'variance_h1']} to {by.loc[choices.DEFAULT, 'variance_h1']}" in DOCS


def test_the_docs_tell_what_became_of_the_best_on_validation() -> None:
    section = (ROOT / "docs/results.md").read_text().split("`examples/dense.yaml`")[1].split("\n## ")[0]
    (skill,) = re.findall(r"^ log variance \+1 .* har .* ([+-][\d.]+) +[<\d.]+$", section, re.MULTILINE)
    assert f"The dense network, best of all on validation, has {skill}." in DOCS


def test_the_choices_follow_the_rule(table: pd.DataFrame) -> None:
    seeds = pd.read_csv(choices.SEEDS)
    spread = seeds.loc[(seeds["members"] == 1) & (seeds["first_seed"] < 10), "variance"].std()
    assert f"single seeds ({spread:.3f}," in DOCS
    scores = table.set_index("configuration")[["variance", "later"]].astype(float)
    lstm = [name for name in scores.index if "cell" not in table.set_index("configuration").loc[name, "changes"]]
    for chosen, rivals in ((choices.DEFAULT, lstm), (choices.CHOSEN, list(scores.index))):
        assert (scores.loc[chosen] > scores.loc["start"] + spread).all()
        assert (scores.loc[rivals] <= scores.loc[chosen] + spread).all(axis=None)


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


def test_changes_in_short() -> None:
    features = [*choices.FEATURES[1:], "gap"]
    found = choices.compact({"train.units": [32, 16], "prepare.features": features})
    assert found == "train.units=[32,16] +gap -variance_session"


def test_what_is_said_of_qlike_is_what_was_measured() -> None:
    losses = pd.read_csv(ROOT / "docs/studies/losses.csv")
    own = losses[(losses["configuration"] == "start") & (losses["horizon"] == 1)].set_index("model")["qlike_smeared"]
    assert f"of {own['network']:.4f}, that of LHAR {own['LHAR']:.4f} and of HAR {own['HAR']:.4f}" in DOCS
    assert f"A network fitted on QLIKE itself comes to {own['network fitted on QLIKE']:.4f}" in DOCS
    assert own["network"] < own["network fitted on QLIKE"] < own["LHAR"]
