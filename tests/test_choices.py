import pandas as pd
import pytest

from studies import choices, panel, study


@pytest.mark.parametrize(
    ("path", "configurations"), [(choices.CHOICES, choices.CONFIGURATIONS), (panel.PANEL, panel.CONFIGURATIONS)]
)
def test_the_figures_in_git_are_of_these_configurations(path, configurations) -> None:
    table = pd.read_csv(path, keep_default_na=False)
    assert dict(zip(table["configuration"], table["changes"], strict=True)) == {
        name: choices.compact(changes) for name, changes in configurations.items()
    }


@pytest.mark.parametrize(
    ("name", "module"), [("params.yaml", choices), ("examples/panel.yaml", panel)], ids=["sample", "panel"]
)
def test_every_configuration_changes_keys_that_exist_and_no_two_are_the_same(name: str, module) -> None:
    start = study.changed(study.committed(name), module.START)
    found = [study.changed(start, changes) for changes in module.CONFIGURATIONS.values()]
    assert all(one not in found[:i] for i, one in enumerate(found))


def test_no_configuration_touches_what_is_test() -> None:
    for changes in [*choices.CONFIGURATIONS.values(), *panel.CONFIGURATIONS.values()]:
        assert not {"prepare.test", "prepare.validation"} & set(changes)


def test_changes_in_short() -> None:
    features = [*choices.FEATURES[1:], "gap"]
    found = choices.compact({"train.units": [32, 16], "prepare.features": features})
    assert found == "train.units=[32,16] +gap -variance_session"
