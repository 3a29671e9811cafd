"""Where the MLflow runs are: a SQLite store in the repository, or the server of MLFLOW_TRACKING_URI."""

import logging
import os
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import unquote, urlsplit, urlunsplit

from filelock import FileLock, Timeout
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from pipeline.io.artifacts import write_bytes
from pipeline.io.errors import UserError

WAIT = 600  # seconds for another process that records a run
ENV = "MLFLOW_TRACKING_URI"
LOCATIONS = (  # the tables and columns in which MLflow stores the absolute path of an artifact
    ("experiments", "artifact_location"),
    ("runs", "artifact_uri"),
    ("logged_models", "artifact_location"),
    ("model_versions", "storage_location"),
    ("model_versions", "source"),
)


def uri(root: Path) -> str:
    """Return the address of the store. root: the repository.

    A user name and password in MLFLOW_TRACKING_URI are moved to the variables that MLflow has for them, because it
    prints addresses and stores them. Raises UserError if it is not the address of a server.
    """
    local = f"sqlite:///{root / 'mlflow.db'}"
    address = os.environ.get(ENV) or local
    parts = urlsplit(address)
    if address != local and parts.scheme not in ("http", "https"):
        raise UserError(
            f"{ENV}: found {parts.scheme or 'no'}://; accepted: the address of a server, http://... or https://..."
        )
    if parts.username:
        os.environ["MLFLOW_TRACKING_USERNAME"] = unquote(parts.username)
        os.environ["MLFLOW_TRACKING_PASSWORD"] = unquote(parts.password or "")
        address = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
        os.environ[ENV] = address
    return address


def is_local(root: Path) -> bool:
    """Return whether the store is the SQLite file of the repository."""
    return uri(root).startswith("sqlite:")


def artifact_location(root: Path) -> str | None:
    """Return where the artifacts of a new experiment are stored; None if the server decides."""
    return (root / "mlartifacts").as_uri() if is_local(root) else None


@contextmanager
def opened(root: Path) -> Iterator[MlflowClient]:
    """Yield the client of the store, while no other process of this repository uses it.

    Raises UserError if the server does not answer, or if SQLite cannot read or write its file.
    """
    # MLflow asks a server that is down for minutes. Three attempts are enough: the next `dvc repro` tries again.
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    os.environ.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")
    logging.getLogger("mlflow").setLevel(logging.WARNING)  # not a line for each step of making a new store
    address = uri(root)
    try:
        with FileLock(root / "mlflow.db.lock", timeout=WAIT), variable(ENV, address):
            if is_local(root):
                create(root)
                relocate(root)
            client = MlflowClient(tracking_uri=address, registry_uri=address)
            client.search_experiments(max_results=1)  # a server that is down is told before anything is done
            yield client
    except Timeout:
        line = f"mlflow.db.lock: found another process that uses it for {WAIT} s; accepted: one at a time"
        raise UserError(line) from None
    except (MlflowException, sqlite3.DatabaseError) as error:
        if is_local(root):
            if "(sqlite3." not in str(error) and isinstance(error, MlflowException):
                raise
            found = str(error).splitlines()[0][:200]
            raise UserError(f"mlflow.db: found {found!r}; accepted: a database with room to grow, or none") from None
        line = f"{ENV}: found no MLflow server at {address} that answers ({str(error).splitlines()[0][:200]})"
        raise UserError(f"{line}; accepted: a server that answers, or none") from None


@contextmanager
def variable(name: str, value: str) -> Iterator[None]:
    """Set an environment variable for a while. MLflow's registry finds models by it, whatever the client's address."""
    before = os.environ.get(name)
    os.environ[name] = value
    try:
        yield
    finally:
        os.environ.pop(name)
        os.environ.update({name: before} if before else {})


def create(root: Path) -> None:
    """Make the SQLite store, if there is none, elsewhere first: MLflow cannot go on with a half-made one."""
    if not (root / "mlflow.db").exists():
        with tempfile.TemporaryDirectory() as folder:
            MlflowClient(f"sqlite:///{folder}/mlflow.db").search_experiments(max_results=1)
            write_bytes(root / "mlflow.db", Path(folder, "mlflow.db").read_bytes())


def relocate(root: Path) -> None:
    """Rewrite the paths of the artifacts in the SQLite store, if the repository was moved since they were stored."""
    new = artifact_location(root)
    with closing(sqlite3.connect(root / "mlflow.db", timeout=60)) as database, database:  # one transaction
        known = database.execute("SELECT name FROM sqlite_master").fetchall()
        if ("experiments",) not in known or not (root / "mlartifacts").exists():
            return
        query = "SELECT DISTINCT artifact_location FROM experiments WHERE artifact_location LIKE 'file:%/mlartifacts'"
        for (old,) in database.execute(query).fetchall():
            if old == new:
                continue
            for table, column in LOCATIONS:
                moved = f"{table} SET {column} = ? || substr({column}, ?) WHERE substr({column} || '/', 1, ?) = ?"
                database.execute(f"UPDATE {moved}", (new, len(old) + 1, len(old) + 1, f"{old}/"))
