"""A real MLflow store on SQLite holds one run for each state, whole or not at all."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from mlflow import MlflowClient

from pipeline.runs import STATE, recorded, states


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("store")
    (folder / "out").mkdir()
    (folder / "out/report.html").write_text("<p>")
    with contextlib.chdir(folder):
        yield folder


def record(root: Path, state: str, **changes: Any) -> bool:
    values: dict[str, Any] = {
        "name": state,
        "params": {"train.epochs": 3, "train.units": [16]},
        "metrics": {"test.price.h1.skill": -0.01},
        "epochs": [{"loss": 2.0}, {"loss": 1.0}],
        "files": [Path("out/report.html")],
        "dataset": ("prices", "abc", "{}"),
        "tags": {"git.changed": "false"},
    }
    return recorded(root, "trial", state, **{**values, **changes})


def found(root: Path, state: str) -> list:
    client = MlflowClient(f"sqlite:///{root / 'mlflow.db'}")
    experiment = client.get_experiment_by_name("trial")
    return client.search_runs([experiment.experiment_id], f"tags.`{STATE}` = '{state}'")


def test_a_state_is_recorded_once_with_all_it_has(root: Path) -> None:
    assert record(root, "one")
    assert not record(root, "one")
    (run,) = found(root, "one")
    assert run.info.run_name == "one"
    assert run.data.params == {"train.epochs": "3", "train.units": "[16]"}
    assert run.data.metrics == {"test.price.h1.skill": -0.01, "loss": 1.0}
    assert run.data.tags["git.changed"] == "false"
    assert run.inputs.dataset_inputs[0].dataset.digest == "abc"
    client = MlflowClient(f"sqlite:///{root / 'mlflow.db'}")
    assert [(metric.step, metric.value) for metric in client.get_metric_history(run.info.run_id, "loss")] == [
        (1, 2.0),
        (2, 1.0),
    ]


def test_another_state_is_another_run(root: Path) -> None:
    assert record(root, "two")
    assert record(root, "three")
    assert len(found(root, "two")) == len(found(root, "three")) == 1


def test_a_run_that_was_cut_short_is_recorded_anew(root: Path) -> None:
    with pytest.raises(FileNotFoundError, match="nowhere"):
        record(root, "four", files=[Path("out/nowhere")])
    assert [run.info.status for run in found(root, "four")] == ["RUNNING"]
    assert record(root, "four")
    assert [run.info.status for run in found(root, "four")] == ["FINISHED"]


def test_more_metrics_than_a_batch_may_hold(root: Path) -> None:
    assert record(root, "five", epochs=[{"loss": float(i)} for i in range(1200)])
    assert found(root, "five")[0].data.metrics["loss"] == 1199


def test_files_lie_in_the_store_under_their_folder(root: Path) -> None:
    assert record(root, "six")
    (run,) = found(root, "six")
    assert (root / "mlartifacts" / run.info.run_id / "artifacts/out/report.html").exists()


def test_a_deleted_experiment_is_restored(root: Path) -> None:
    record(root, "seven")
    client = MlflowClient(f"sqlite:///{root / 'mlflow.db'}")
    client.delete_experiment(client.get_experiment_by_name("trial").experiment_id)
    record(root, "eight")
    assert len(found(root, "eight")) == 1


def test_a_thousand_tickers_are_recorded_as_far_as_mlflow_takes_them(root: Path) -> None:
    tickers = [f"T{number:04}" for number in range(1000)]
    assert record(root, "many", params={"scrape.tickers": tickers})
    (run,) = found(root, "many")
    assert run.data.params["scrape.tickers"].startswith("['T0000', 'T0001', ")
    assert run.data.params["scrape.tickers"].endswith(" ...")


def test_states_are_counted_once_each_and_only_whole_ones(tmp_path: Path) -> None:
    assert states(tmp_path, "trial") == 0
    assert not (tmp_path / "mlflow.db").exists()
    (tmp_path / "out").mkdir()
    with contextlib.chdir(tmp_path):
        for state in ("one", "two", "one"):
            record(tmp_path, state, files=[])
        with pytest.raises(FileNotFoundError):
            record(tmp_path, "three", files=[Path("out/nowhere")])
    assert states(tmp_path, "trial") == 2
    assert states(tmp_path, "another") == 0
