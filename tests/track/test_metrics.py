"""What MLflow shows of a run: few metrics, in sections, the same numbers as in the files."""

import re
from pathlib import Path

import pandas as pd
import pytest

from pipeline.io.artifacts import read_json, read_table
from pipeline.track.metrics import by_epoch, metrics


@pytest.mark.parametrize("fixture", ["walked", "walked_heat"])
def test_a_run_has_at_most_30_metrics_in_four_sections(fixture: str, request: pytest.FixtureRequest) -> None:
    folder: Path = request.getfixturevalue(fixture)
    report, scores = read_json(folder / "reports/metrics.json"), read_table(folder / "data/scores.parquet")
    logged = metrics(report, scores, read_table(folder / "data/history.parquet"))
    names = {name for name, _, _ in logged}
    assert len(names) <= 30
    assert {name.split("/")[0] for name in names} == {"validation", "test", "horizon", "epoch"}
    assert all(re.fullmatch(r"[a-z]+/[a-z_0-9]+", name) for name in names)
    assert len({(name, step) for name, _, step in logged}) == len(logged)
    assert all(isinstance(value, float) for _, value, _ in logged)
    values = {(name, step): value for name, value, step in logged}
    assert values["validation/price_mse", 0] == report["validation"]["price"]["h1"]["mse"]
    assert values["test/coverage", 0] == report["interval"]["coverage"]
    for name in {name for name in names if name.startswith("horizon/")}:
        split, target, _ = name.removeprefix("horizon/").split("_")
        assert values[name, 1] == report[split][target]["h1"]["skill"]
        assert values[name, 3] == report[split][target]["h3"]["skill"]


def test_the_loss_of_an_epoch_is_the_mean_of_the_members_that_train() -> None:
    history = pd.DataFrame({"target": "price", "member": [1, 1, 2], "epoch": [1, 2, 1], "loss": [3.0, 2.0, 5.0]})
    assert list(by_epoch(history.assign(val_loss=1.0))) == [
        ("epoch/price_loss", 4.0, 1),
        ("epoch/price_val_loss", 1.0, 1),
        ("epoch/price_loss", 2.0, 2),
        ("epoch/price_val_loss", 1.0, 2),
    ]
