"""The same code records on an MLflow server with PostgreSQL: only MLFLOW_TRACKING_URI changes."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from mlflow import MlflowClient

from pipeline.io.artifacts import read_table
from pipeline.track import store
from tests.commands import PATH, run
from tests.conftest import UNPINNED, walk
from tests.imports import ROOT
from tests.servers import free_port, started

BINARIES = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not BINARIES or os.geteuid() != 0, reason="needs Debian's postgresql, and root to start it"),
]


def as_postgres(*words: str) -> None:
    """Run one of PostgreSQL's programs, which refuse to be root."""
    command = ["runuser", "-u", "postgres", "--", *words]
    done = subprocess.run(command, cwd="/", env={**UNPINNED, "PATH": PATH}, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def database() -> Iterator[str]:
    """The address of a PostgreSQL of our own."""
    folder, port = tempfile.mkdtemp(prefix="postgres-"), free_port()
    shutil.chown(folder, "postgres")
    data, program = f"{folder}/data", str(BINARIES[-1] / "pg_ctl")
    as_postgres(str(BINARIES[-1] / "initdb"), "-D", data, "--auth", "trust", "--no-sync")
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} -c fsync=off"
    as_postgres(program, "start", "-D", data, "-w", "-t", "30", "-l", f"{folder}/log", "-o", options)
    yield f"postgresql+psycopg://postgres@127.0.0.1:{port}/postgres"
    as_postgres(program, "stop", "-D", data, "-m", "immediate", "-w", "-t", "30")
    shutil.rmtree(folder)


def test_a_server_holds_the_runs_and_one_that_is_down_stops_track_alone(
    database: str, walked: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, port = shutil.copytree(walked, tmp_path / "copy"), free_port()
    shutil.copy(ROOT / "versions.json", folder)
    walk(folder, read_table(folder / "data/prices.parquet"))  # params.yaml alone
    address = f"http://ann:s3cret@127.0.0.1:{port}"
    monkeypatch.setenv(store.ENV, address)

    def track() -> subprocess.CompletedProcess[str]:
        return run(folder, sys.executable, "-m", "pipeline.track", **{store.ENV: address})

    down = track()
    assert down.returncode == 1
    (line,) = down.stderr.splitlines()
    assert line.startswith(f"track: {store.ENV}: found no MLflow server at http://127.0.0.1:{port} that answers (")
    assert not (folder / "data/run.json").exists()

    words = ("--backend-store-uri", database, "--artifacts-destination", str(tmp_path / "artifacts"), "--workers", "1")
    command = ("server", *words, "--host", "127.0.0.1", "--port", str(port))
    with started(tmp_path, port, sys.executable, "-m", "mlflow", *command, MLFLOW_SERVER_ENABLE_JOB_EXECUTION="false"):
        outputs = [track() for _ in range(2)]
        assert [done.returncode for done in outputs] == [0, 0], outputs
        assert ["before" in done.stdout for done in outputs] == [False, True]
        client = MlflowClient(f"http://127.0.0.1:{port}")
        (found,) = client.search_runs([client.get_experiment_by_name("closecast").experiment_id])
        assert len(found.data.metrics) <= 30
        model = found.outputs.model_outputs[0].model_id
        local = client.download_artifacts(found.info.run_id, "reports/forecast.html", str(tmp_path))
        assert Path(local).read_bytes() == (folder / "reports/forecast.html").read_bytes()
        assert client.get_logged_model(model).artifact_location.startswith("mlflow-artifacts:")
        assert run(folder, sys.executable, "-m", "pipeline", "ui", **{store.ENV: address}).stdout.startswith(
            f"http://127.0.0.1:{port}/#/experiments/"
        )
    assert not (folder / "mlflow.db").exists()
    told = "".join(done.stdout + done.stderr for done in outputs) + str(found.data.tags)
    assert "s3cret" not in told
    written = [path.read_bytes() for path in (folder / "data").rglob("*") if path.is_file()]
    assert not any(b"s3cret" in content for content in written)
