"""A real MLflow store on SQLite holds one run for each fingerprint, whole or not at all."""

import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from mlflow import MlflowClient
from mlflow.entities import Dataset, Run

from pipeline.track import view
from pipeline.track.runs import BASELINE, FINGERPRINT, Contents, count, dataset, fingerprint, record


def save(folder: Path) -> None:
    folder.mkdir()
    (folder / "MLmodel").write_text("flavors: {}")


CONTENTS = Contents(
    params={"train.epochs": 3, "train.units": [16]},
    metrics=[("test/price_skill", -0.01, 0), ("epoch/price_loss", 2.0, 1), ("epoch/price_loss", 1.0, 2)],
    dataset=Dataset("prices", "abc", "sample", "{}"),
    files=[Path("out/scores.txt")],
    reports=[Path("out/report.html")],
    save_model=save,
    model={"column": "close"},
    tags={"git.changed": "false"},
    description="a verdict",
)


@pytest.fixture(scope="module")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store without runs: to make one takes seconds, to copy it nothing."""
    folder = tmp_path_factory.mktemp("store")
    MlflowClient(f"sqlite:///{folder / 'mlflow.db'}").search_experiments()
    return folder / "mlflow.db"


@pytest.fixture
def root(project: Path, empty_store: Path) -> Path:
    shutil.copy(empty_store, project)
    (project / "out").mkdir()
    (project / "out/scores.txt").write_text("1")
    (project / "out/report.html").write_text("<p>")
    return project


def recorded(root: Path, fingerprint: str, baseline: str = "", experiment: str = "trial", **changes: Any) -> str:
    return record(root, experiment, fingerprint, fingerprint, baseline, replace(CONTENTS, **changes))


def client(root: Path) -> MlflowClient:
    return MlflowClient(f"sqlite:///{root / 'mlflow.db'}")


def found(root: Path, query: str = "") -> list[Run]:
    experiment = client(root).get_experiment_by_name("trial")
    return client(root).search_runs([experiment.experiment_id], query)


def models(root: Path) -> list[Any]:
    return client(root).search_logged_models([client(root).get_experiment_by_name("trial").experiment_id])


def test_a_state_is_recorded_once_with_all_it_has(root: Path) -> None:
    assert recorded(root, "one") == "recorded"
    assert recorded(root, "one") == "recorded before"
    (run,) = found(root)
    assert run.info.run_name == "one"
    assert run.data.params == {"train.epochs": "3", "train.units": "[16]"}
    assert run.data.metrics == {"test/price_skill": -0.01, "epoch/price_loss": 1.0}
    assert run.data.tags["git.changed"] == "false"
    assert run.inputs.dataset_inputs[0].dataset.digest == "abc"
    assert run.info.start_time == run.info.end_time
    losses = client(root).get_metric_history(run.info.run_id, "epoch/price_loss")
    assert [(metric.step, metric.value) for metric in losses] == [(1, 2.0), (2, 1.0)]
    artifacts = root / "mlartifacts" / run.info.run_id / "artifacts"
    assert {path.name for path in artifacts.rglob("*.*")} == {"report.html", "scores.txt"}
    (model,) = models(root)
    assert [output.model_id for output in run.outputs.model_outputs] == [model.model_id]
    assert model.source_run_id == run.info.run_id
    assert model.params == {"column": "close"}
    assert (root / f"mlartifacts/models/{model.model_id}/artifacts/MLmodel").exists()


def test_reports_that_changed_are_replaced_in_the_run_of_their_state(root: Path) -> None:
    recorded(root, "one")
    (root / "out/report.html").write_text("<p>better")
    changes: dict[str, Any] = {"tags": {"git.changed": "true"}, "description": "in other words"}
    assert recorded(root, "one", **changes) == "recorded before, with other reports"
    (run,) = found(root)
    assert (root / "mlartifacts" / run.info.run_id / "artifacts/out/report.html").read_text() == "<p>better"
    assert run.data.tags["mlflow.note.content"] == "in other words"
    assert run.data.tags["git.changed"] == "false"  # the state and its model are of the first commit
    assert len(models(root)) == 1
    assert recorded(root, "one") == "recorded before"


def cut_short(folder: Path) -> None:
    save(folder)
    raise ConnectionError("cut")


@pytest.mark.parametrize(
    "changes",
    [{"files": [Path("out/nowhere")]}, {"reports": [Path("out/report.html"), Path("out")]}, {"save_model": cut_short}],
)
def test_a_run_that_was_cut_short_is_completed(changes: dict[str, Any], root: Path) -> None:
    with pytest.raises((FileNotFoundError, ConnectionError, IsADirectoryError)):
        recorded(root, "two", **changes)
    assert recorded(root, "two") == "recorded"
    (run,) = found(root)
    assert run.info.status == "FINISHED"
    assert len(client(root).get_metric_history(run.info.run_id, "epoch/price_loss")) == 2
    assert [model.model_id for model in models(root)] == [output.model_id for output in run.outputs.model_outputs]


def test_more_epochs_than_a_batch_may_hold_and_more_tickers_than_mlflow_takes(root: Path) -> None:
    tickers = [f"T{number:04}" for number in range(1000)]
    losses = [("loss", float(epoch), epoch) for epoch in range(1200)]
    recorded(root, "many", metrics=losses, params={"scrape.tickers": tickers})
    (run,) = found(root)
    assert run.data.metrics["loss"] == 1199
    assert run.data.params["scrape.tickers"].startswith("['T0000', 'T0001', ")
    assert run.data.params["scrape.tickers"].endswith(" ...")


def test_a_deleted_experiment_is_restored_and_a_deleted_run_recorded_again(root: Path) -> None:
    recorded(root, "three")
    client(root).delete_experiment(client(root).get_experiment_by_name("trial").experiment_id)
    recorded(root, "four")
    assert len(found(root)) == 2
    client(root).delete_run(found(root)[0].info.run_id)
    recorded(root, "three")
    recorded(root, "four")
    assert {run.data.tags[FINGERPRINT] for run in found(root)} == {"three", "four"}


def test_the_experiments_from_one_commit_are_children_of_one_run(root: Path) -> None:
    recorded(root, "alone")
    for name in ("a", "b", "c"):
        recorded(root, name, baseline="c0ffee1" if name != "c" else "bad0bad")
    parents = {run.info.run_id: run.data.tags[BASELINE] for run in found(root) if BASELINE in run.data.tags}
    assert sorted(parents.values()) == ["bad0bad", "c0ffee1"]
    children = {run.info.run_name: parents.get(run.data.tags.get("mlflow.parentRunId")) for run in found(root)}
    assert {name: children[name] for name in ("alone", "a", "b", "c")} == {
        "alone": None,
        "a": "c0ffee1",
        "b": "c0ffee1",
        "c": "bad0bad",
    }
    assert count(root, "trial") == 4


def test_states_are_counted_once_each_and_only_whole_ones(root: Path) -> None:
    assert count(root / "out", "trial") == 0
    assert not (root / "out/mlflow.db").exists()
    assert count(root, "trial") == 0
    for name in ("one", "two", "one"):
        recorded(root, name)
    with pytest.raises(FileNotFoundError):
        recorded(root, "three", files=[Path("out/nowhere")])
    assert count(root, "trial") == 2
    assert count(root, "another") == 0


def test_runs_recorded_at_the_same_time_are_each_there_once(root: Path) -> None:
    """The store does not exist yet, and two threads of each state want to make it."""
    (root / "mlflow.db").unlink()
    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(lambda name: recorded(root, name, baseline="c0ffee1"), ["a", "a", "b", "b"]))
    assert sorted(done) == ["recorded", "recorded", "recorded before", "recorded before"]
    assert len(found(root)) == 3
    assert len(models(root)) == 2


def test_a_state_follows_every_parameter_and_every_byte_and_no_order() -> None:
    same = fingerprint({"a": 1, "b": [2]}, {"x": b"1", "y": b"2"})
    assert fingerprint({"b": [2], "a": 1}, {"y": b"2", "x": b"1"}) == same
    others = [
        fingerprint({"a": 2, "b": [2]}, {"x": b"1", "y": b"2"}),
        fingerprint({"a": 1, "b": [2]}, {"x": b"1", "y": b"3"}),
    ]
    assert len({same, *others}) == 3


def test_the_dataset_names_its_source_and_vintage() -> None:
    scrape = {"source": "yahoo", "tickers": ["AAPL"], "vintage": "2020-01-02T00:00:00Z", "max_missing": 0.0}
    prices = dataset("f" * 64, scrape)
    assert len(prices.digest) == 36
    assert prices.source_type == "yahoo"
    assert prices.source == '{"source": "yahoo", "tickers": ["AAPL"], "vintage": "2020-01-02T00:00:00Z"}'


def test_the_dataset_of_several_markets_names_the_source_of_each() -> None:
    market = {"source": "yahoo", "tickers": ["AAPL"], "vintage": "2", "max_missing": 0.0}
    prices = dataset("f" * 64, {"source": "several", "path": "data/raw", "markets": [{"source": "sample"}, market]})
    assert prices.source_type == "several"
    yahoo = '{"source": "yahoo", "tickers": ["AAPL"], "vintage": "2"}'
    assert prices.source == f'{{"source": "several", "path": "data/raw", "markets": [{{"source": "sample"}}, {yahoo}]}}'


def test_the_page_of_an_experiment_has_its_columns_also_if_it_was_made_before(root: Path) -> None:
    client(root).create_experiment("trial", artifact_location=(root / "mlartifacts").as_uri())
    recorded(root, "one")
    assert client(root).get_experiment_by_name("trial").tags[view.TAG] == view.STATE


def test_files_that_were_deleted_are_recorded_again_in_the_same_run(root: Path) -> None:
    recorded(root, "one")
    shutil.rmtree(root / "mlartifacts")
    assert recorded(root, "one") == "recorded"
    (run,), (model,) = found(root), models(root)
    assert (root / "mlartifacts" / run.info.run_id / "artifacts/out/report.html").exists()
    assert (root / f"mlartifacts/models/{model.model_id}/artifacts/MLmodel").exists()
    assert recorded(root, "one") == "recorded before"
