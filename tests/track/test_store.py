"""The store of the runs: its address, its lock, and how it survives a move of the repository."""

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from mlflow import MlflowClient
from mlflow.artifacts import download_artifacts

from pipeline.io.errors import UserError
from pipeline.track import store
from tests.track.test_runs import CONTENTS, empty_store, record, root  # noqa: F401


def test_the_store_moves_with_the_repository(root: Path, tmp_path: Path) -> None:  # noqa: F811
    """The name of the new folder has a blank and characters with a meaning in SQL."""
    record(root, "trial", "one", "one", "", CONTENTS)
    other = MlflowClient(store.uri(root)).create_experiment("other", artifact_location="file:///elsewhere/artifacts")
    new = tmp_path.parent / "moved_100% 'é"
    shutil.move(root, new)
    with store.opened(new) as client:
        identifier = client.get_experiment_by_name("trial").experiment_id
        (run,) = client.search_runs([identifier])
        assert (new / "mlartifacts").as_uri() == client.get_experiment(identifier).artifact_location
        local = download_artifacts(run_id=run.info.run_id, artifact_path="out/report.html", tracking_uri=store.uri(new))
        assert Path(local).read_text() == "<p>"
        (model,) = client.search_logged_models([identifier])
        assert model.artifact_location.startswith((new / "mlartifacts/models").as_uri())
        assert client.get_experiment(other).artifact_location == "file:///elsewhere/artifacts"
    with closing(sqlite3.connect(new / "mlflow.db")) as database:
        dump = "\n".join(database.iterdump())
    assert f"{root}/mlartifacts" not in dump


def test_a_secret_of_the_address_is_not_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(store.ENV, "http://ann:s3cret@127.0.0.1:9")  # nothing listens there
    for name in ("USERNAME", "PASSWORD"):
        monkeypatch.setenv(f"MLFLOW_TRACKING_{name}", "another")
    assert store.uri(tmp_path) == "http://127.0.0.1:9"
    assert [os.environ[f"MLFLOW_TRACKING_{name}"] for name in ("USERNAME", "PASSWORD")] == ["ann", "s3cret"]
    assert store.artifact_location(tmp_path) is None
    with pytest.raises(UserError) as caught, store.opened(tmp_path):
        pass
    assert str(caught.value).startswith(f"{store.ENV}: found no MLflow server at http://127.0.0.1:9 that answers (")
    assert "s3cret" not in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "address", ["postgresql://ann:s3/cret@127.0.0.1/db", "sqlite:////tmp/other.db", "127.0.0.1:5000"]
)
def test_another_address_than_a_servers_is_refused_without_showing_it(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(store.ENV, address)
    with pytest.raises(UserError, match=rf"^{store.ENV}: found \w+://; accepted: the address of a server, ") as caught:
        store.uri(tmp_path)
    assert "cret" not in str(caught.value)


def test_the_environment_is_as_before(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    monkeypatch.delenv(store.ENV, raising=False)
    with store.opened(root):
        assert os.environ[store.ENV] == f"sqlite:///{root}/mlflow.db"
    assert store.ENV not in os.environ


def test_a_store_whose_making_was_cut_short_is_made_again(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """MLflow cannot use a database with some of its tables."""

    def cut(self: MlflowClient, **_: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(MlflowClient, "search_experiments", cut)
    with pytest.raises(KeyboardInterrupt):
        store.create(project)
    assert not list(project.iterdir())


@pytest.mark.parametrize("artifacts", [True, False])
def test_a_damaged_store_is_named_in_one_line(artifacts: bool, root: Path) -> None:  # noqa: F811
    (root / "mlflow.db").write_bytes(b"nonsense" * 1000)
    if artifacts:
        (root / "mlartifacts").mkdir()
    with (
        pytest.raises(UserError, match=r"^mlflow.db: found .*file is not a database.*; accepted: .*$"),
        store.opened(root),
    ):
        pass
