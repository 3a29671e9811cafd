"""`make ui` and `make serve`: programs of MLflow, started for this repository's store."""

import os
import sys
from pathlib import Path

from pipeline.io.errors import UserError
from pipeline.io.params import load
from pipeline.serving.promotion import ALIAS, current_champion
from pipeline.track import store, view
from pipeline.track.params import Params
from pipeline.track.runs import MODEL

HOST, UI_PORT, SERVE_PORT = "127.0.0.1", 5000, 5001


def ui() -> None:
    """Print the address of the page that compares the runs, and start its server if the store is the SQLite file."""
    root, experiment = Path.cwd(), load("track", Params).experiment
    with store.opened(root) as client:
        known = client.get_experiment_by_name(experiment)
    if not known:
        raise UserError(f"{experiment}: found no such experiment at {store.uri(root)}; accepted: after `dvc repro`")
    base = f"http://{HOST}:{UI_PORT}" if store.is_local(root) else store.uri(root)
    print(f"{base}{view.path(known.experiment_id)}", flush=True)
    if store.is_local(root):
        os.environ["MLFLOW_SERVER_ENABLE_JOB_EXECUTION"] = "false"
        start("ui", "--workers", "1", "--backend-store-uri", store.uri(root), "--host", HOST, "--port", str(UI_PORT))


def serve() -> None:
    """Serve the champion. The pins of this process pass on to the server: they would come too late in the model."""
    root = Path.cwd()
    with store.opened(root) as client:
        champion = current_champion(client)
    if not champion:
        raise UserError(f"{MODEL}: found no {ALIAS}; accepted: after `make promote`")
    print(f"version {champion.version} of {MODEL}: http://{HOST}:{SERVE_PORT}/invocations", flush=True)
    os.environ[store.ENV] = store.uri(root)
    address = ("--host", HOST, "--port", str(SERVE_PORT))
    start("models", "serve", "--model-uri", f"models:/{MODEL}@{ALIAS}", "--env-manager", "local", *address)


def start(*words: str) -> None:
    """Replace this process by the program of MLflow."""
    os.execv(sys.executable, [sys.executable, "-m", "mlflow", *words])  # noqa: S606
