"""Where the MLflow runs are: a SQLite store in the repository, or the server of MLFLOW_TRACKING_URI."""

import logging
import os
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import unquote, urlsplit, urlunsplit

from filelock import FileLock, Timeout
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from pipeline.io.errors import UserError

WAIT = 600  # seconds for another process that records a run
ENV = "MLFLOW_TRACKING_URI"
LOCATIONS = {  # the tables and columns in which MLflow stores the absolute path of an artifact
    "experiments": "artifact_location",
    "runs": "artifact_uri",
    "logged_models": "artifact_location",
    "model_versions": "storage_location",
}


def uri(root: Path) -> str:
    """Return the address of the store. root: the repository.

    A user name and password in MLFLOW_TRACKING_URI are moved to the variables that MLflow has for them, because it
    prints addresses and stores them.
    """
    parts = urlsplit(os.environ.get(ENV, ""))
    if parts.scheme in ("http", "https") and parts.username:
        os.environ["MLFLOW_TRACKING_USERNAME"] = unquote(parts.username)
        os.environ["MLFLOW_TRACKING_PASSWORD"] = unquote(parts.password or "")
        os.environ[ENV] = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
    return os.environ.get(ENV) or f"sqlite:///{root / 'mlflow.db'}"


def is_local(root: Path) -> bool:
    """Return whether the store is the SQLite file of the repository."""
    return uri(root) == f"sqlite:///{root / 'mlflow.db'}"


def shown_uri(root: Path) -> str:
    """Return the address without the password that the address of a database may contain."""
    return re.sub(r"//[^/@]*@", "//", uri(root))


def artifact_location(root: Path) -> str | None:
    """Return where the artifacts of a new experiment are stored; None if the server decides."""
    return (root / "mlartifacts").as_uri() if is_local(root) else None


@contextmanager
def opened(root: Path) -> Iterator[MlflowClient]:
    """Yield the client of the store, while no other process of this repository uses it.

    Raises UserError if the server does not answer.
    """
    # MLflow asks a server that is down for minutes. Three attempts are enough: the next `dvc repro` tries again.
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    os.environ.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")
    logging.getLogger("mlflow").setLevel(logging.WARNING)  # not a line for each step of making a new store
    try:
        with FileLock(root / "mlflow.db.lock", timeout=WAIT):
            if is_local(root):
                relocate(root)
            client = MlflowClient(tracking_uri=uri(root), registry_uri=uri(root))
            check_answers(client, root)
            yield client
    except Timeout:
        raise UserError(
            f"mlflow.db.lock: found another process that uses it for {WAIT} s; accepted: one at a time"
        ) from None


def check_answers(client: MlflowClient, root: Path) -> None:
    """Raise UserError if the server of MLFLOW_TRACKING_URI does not answer, or refuses."""
    try:
        client.search_experiments(max_results=1)
    except MlflowException as error:
        if is_local(root):
            raise
        reason = str(error).splitlines()[0][:200].replace(uri(root), shown_uri(root))
        raise UserError(
            f"{ENV}: found no MLflow server at {shown_uri(root)} ({reason}); accepted: a server that answers, or none"
        ) from None


def relocate(root: Path) -> None:
    """Rewrite the paths of the artifacts in the SQLite store, if the repository was moved since they were stored."""
    if not (root / "mlflow.db").exists():
        return
    new = artifact_location(root)
    with closing(sqlite3.connect(root / "mlflow.db", timeout=60)) as database, database:  # one transaction
        known = database.execute("SELECT name FROM sqlite_master").fetchall()
        if ("experiments",) not in known:
            return
        query = "SELECT DISTINCT artifact_location FROM experiments WHERE artifact_location LIKE 'file:%/mlartifacts'"
        for (old,) in database.execute(query).fetchall():
            if old == new:
                continue
            for table, column in LOCATIONS.items():
                moved = f"{table} SET {column} = ? || substr({column}, ?) WHERE substr({column} || '/', 1, ?) = ?"
                database.execute(f"UPDATE {moved}", (new, len(old) + 1, len(old) + 1, f"{old}/"))
