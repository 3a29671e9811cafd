"""A real MLflow store on SQLite holds one run for each fingerprint, whole or not at all."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from mlflow import MlflowClient
from mlflow.entities import Run

from pipeline.track.runs import FINGERPRINT, count, epochs, fingerprint, named, recorded


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("store")
    (folder / "out").mkdir()
    (folder / "out/report.html").write_text("<p>")
    with contextlib.chdir(folder):
        yield folder


def record(root: Path, fingerprint: str, **changes: Any) -> bool:
    values: dict[str, Any] = {
        "name": fingerprint,
        "params": {"train.epochs": 3, "train.units": [16]},
        "metrics": {"2 test/price.h1.skill": -0.01},
        "epochs": [{"loss": 2.0}, {"loss": 1.0}],
        "files": [Path("out/report.html")],
        "dataset": ("prices", "abc", "{}"),
        "tags": {"git.changed": "false"},
    }
    return recorded(root, "trial", fingerprint, **{**values, **changes})


def client(root: Path) -> MlflowClient:
    return MlflowClient(f"sqlite:///{root / 'mlflow.db'}")


def found(root: Path, fingerprint: str) -> list[Run]:
    experiment = client(root).get_experiment_by_name("trial")
    return client(root).search_runs([experiment.experiment_id], f"tags.`{FINGERPRINT}` = '{fingerprint}'")


def test_a_state_is_recorded_once_with_all_it_has(root: Path) -> None:
    assert record(root, "one")
    assert not record(root, "one")
    (run,) = found(root, "one")
    assert run.info.run_name == "one"
    assert run.data.params == {"train.epochs": "3", "train.units": "[16]"}
    assert run.data.metrics == {"2 test/price.h1.skill": -0.01, "loss": 1.0}
    assert run.data.tags["git.changed"] == "false"
    assert run.inputs.dataset_inputs[0].dataset.digest == "abc"
    losses = client(root).get_metric_history(run.info.run_id, "loss")
    assert [(metric.step, metric.value) for metric in losses] == [(1, 2.0), (2, 1.0)]
    assert (root / "mlartifacts" / run.info.run_id / "artifacts/out/report.html").exists()


def test_a_run_that_was_cut_short_is_recorded_anew(root: Path) -> None:
    with pytest.raises(FileNotFoundError, match="nowhere"):
        record(root, "two", files=[Path("out/nowhere")])
    assert [run.info.status for run in found(root, "two")] == ["RUNNING"]
    assert record(root, "two")
    assert [run.info.status for run in found(root, "two")] == ["FINISHED"]


def test_more_epochs_than_a_batch_may_hold_and_more_tickers_than_mlflow_takes(root: Path) -> None:
    tickers = [f"T{number:04}" for number in range(1000)]
    losses = [{"loss": float(epoch)} for epoch in range(1200)]
    assert record(root, "many", epochs=losses, params={"scrape.tickers": tickers})
    (run,) = found(root, "many")
    assert run.data.metrics["loss"] == 1199
    assert run.data.params["scrape.tickers"].startswith("['T0000', 'T0001', ")
    assert run.data.params["scrape.tickers"].endswith(" ...")


def test_a_deleted_experiment_is_restored(root: Path) -> None:
    record(root, "three")
    client(root).delete_experiment(client(root).get_experiment_by_name("trial").experiment_id)
    record(root, "four")
    assert len(found(root, "four")) == 1


def test_states_are_counted_once_each_and_only_whole_ones(project: Path) -> None:
    assert count(project, "trial") == 0
    assert not (project / "mlflow.db").exists()
    for name in ("one", "two", "one"):
        record(project, name, files=[])
    with pytest.raises(FileNotFoundError):
        record(project, "three", files=[Path("out/nowhere")])
    assert count(project, "trial") == 2
    assert count(project, "another") == 0


def test_a_state_follows_every_parameter_and_every_byte_and_no_order() -> None:
    same = fingerprint({"a": 1, "b": [2]}, {"x": b"1", "y": b"2"})
    assert fingerprint({"b": [2], "a": 1}, {"y": b"2", "x": b"1"}) == same
    others = [
        fingerprint({"a": 2, "b": [2]}, {"x": b"1", "y": b"2"}),
        fingerprint({"a": 1, "b": [2]}, {"x": b"1", "y": b"3"}),
    ]
    assert len({same, *others}) == 3


def test_the_losses_of_an_epoch_are_named_by_target_and_member() -> None:
    history = pd.DataFrame({"target": "price", "member": [1, 1, 2], "epoch": [1, 2, 1], "loss": [3.0, 2.0, 5.0]})
    first, second = epochs(history.assign(val_loss=1.0))
    assert (first["price.member_1.loss"], first["price.member_2.loss"]) == (3.0, 5.0)
    assert second == {"price.member_1.loss": 2.0, "price.member_1.val_loss": 1.0}


def test_metrics_are_named_by_their_path_their_parts_in_the_order_of_the_file() -> None:
    metrics = {"validation": {"price": {"h1": {"skill": 0.1, "p_value": None}}}, "test": {"price": {"h1": {}}}}
    assert named({**metrics, "interval": {"score": 2.0}}) == {
        "1 validation/price.h1.skill": 0.1,
        "3 interval/score": 2.0,
    }
