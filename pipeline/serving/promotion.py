"""`make promote`: the model of this state becomes the champion, unless something speaks against it."""

import getpass
import hashlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
from mlflow import MlflowClient
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException

from pipeline.io.artifacts import read_bytes, read_record, read_table
from pipeline.io.errors import UserError
from pipeline.io.params import parse_yaml
from pipeline.scoring.verdict import Verdict
from pipeline.track import store
from pipeline.track.runs import FINGERPRINT, MODEL, Recorded

RECORD, VERDICT = Path("data/run.json"), Path("data/verdict.json")
PRICES, PREDICTIONS = Path("data/prices.parquet"), Path("data/predictions.parquet")
ALIAS = "champion"
SCRIPT = Path(__file__).with_name("forecast_with.py")
COMPARABLE = ("column", "target", "variance", "horizon", "tickers")  # parameters of a recorded model


def promote(now: pd.Timestamp, *, force: bool) -> str:
    """Give the alias `champion` to the model of this state, and return what was done in one sentence.

    now: in UTC; force: promote a model that cannot be compared with the champion, too.
    Raises UserError with a line for each reason against it.
    """
    recorded = read_record(RECORD, Recorded)
    if reasons := [*not_committed(RECORD), *losses(read_record(VERDICT, Verdict))]:
        raise UserError("\n".join(reasons))
    with store.opened(Path.cwd()) as client:
        model, run = model_of(client, recorded)
        champion = current_champion(client)
        if champion and champion.source == model:
            return f"version {champion.version} of {MODEL} is the champion already"
        against = compare(client, model, champion, force=force) if champion else "there was no champion"
        version = registered(client, model, run)
        tags = {
            "promoted_at": f"{now:%Y-%m-%dT%H:%M:%SZ}",
            "promoted_by": getpass.getuser(),
            "promoted_against": against,
        }
        for key, value in tags.items():
            client.set_model_version_tag(MODEL, version.version, key, value)
        client.set_registered_model_alias(MODEL, ALIAS, version.version)
    return f"version {version.version} of {MODEL} is the champion now: {against}"


def not_committed(record: Path) -> list[str]:
    """Return the reason against a state that is not the one of the last commit's dvc.lock."""
    lock = subprocess.run(["git", "show", "HEAD:dvc.lock"], capture_output=True, text=True)
    if lock.returncode:
        return [f"dvc.lock: found none in the last commit ({lock.stderr.strip()}); accepted: a committed state"]
    outs = parse_yaml(lock.stdout)["stages"].get("track", {}).get("outs", [])
    if hashlib.md5(read_bytes(record), usedforsecurity=False).hexdigest() in [out["md5"] for out in outs]:
        return []
    return [f"{record}: found another state than that of the last commit; accepted: `dvc repro`, then commit dvc.lock"]


def losses(verdict: Verdict) -> list[str]:
    """Return a reason for each target whose forecast is significantly worse than the simple one."""
    worse = [target for target in verdict.trained if verdict.nearest(target).outcome == "worse"]
    return [
        f"{VERDICT}: found a {name} forecast worse than {verdict.baselines[name]}; accepted: no worse" for name in worse
    ]


def model_of(client: MlflowClient, recorded: Recorded) -> tuple[str, str]:
    """Return the address of the model and the identifier of the run of a state.

    Raises UserError if it is not in the store.
    """
    experiment = client.get_experiment_by_name(recorded.experiment)
    query = f"tags.`{FINGERPRINT}` = '{recorded.fingerprint}' and attributes.status = 'FINISHED'"
    runs = client.search_runs([experiment.experiment_id], query, max_results=1) if experiment else []
    if not runs or not runs[0].outputs.model_outputs:
        found = f"found no run of the state {recorded.fingerprint[:12]} in MLflow"
        raise UserError(f"{RECORD}: {found}; accepted: a recorded state (`dvc repro --force --single-item track`)")
    return f"models:/{runs[0].outputs.model_outputs[0].model_id}", runs[0].info.run_id


def current_champion(client: MlflowClient) -> ModelVersion | None:
    """Return the version that has the alias, if any."""
    try:
        return client.get_model_version_by_alias(MODEL, ALIAS)
    except MlflowException as error:
        if error.error_code in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
            return None
        raise


def registered(client: MlflowClient, model: str, run: str) -> ModelVersion:
    """Return the version of a model, which is registered if it is not yet."""
    if not client.search_registered_models(f"name = '{MODEL}'"):
        client.create_registered_model(MODEL)
    known = [version for version in client.search_model_versions(f"name = '{MODEL}'") if version.source == model]
    return known[0] if known else client.create_model_version(MODEL, model, run)


def compare(client: MlflowClient, model: str, champion: ModelVersion, *, force: bool) -> str:
    """Say how the model compares with the champion on the validation sessions that the champion was not fitted on.

    Raises UserError if its error is larger, or if they cannot be compared and `force` is false.
    """
    sources = (model, champion.source)
    ours, theirs = (client.get_logged_model(source.removeprefix("models:/")).params for source in sources)
    differences = [
        f"{name}: found {ours[name]}, the champion (version {champion.version}) has {theirs.get(name)}"
        for name in COMPARABLE
        if ours[name] != theirs.get(name)
    ]
    rows = read_table(PREDICTIONS)
    rows = rows[(rows["split"] == "validation") & (rows["horizon"] == 1)]
    later = rows[rows["date"] > pd.Timestamp(theirs.get("fitted_until", rows["date"].max()))]
    if not differences and later.empty:
        differences = [
            f"{PREDICTIONS}: the champion (version {champion.version}) was fitted on all its validation sessions"
        ]
    if differences:
        if not force:
            raise UserError(
                "\n".join(f"{line}; accepted: a model like the champion, or FORCE=1" for line in differences)
            )
        return f"not comparable with version {champion.version}: {'; '.join(differences)}"[:1000]
    target = "price" if ours["variance"] == "none" else "variance"
    own, other = (mse(source, later, target) for source in sources)
    told = f"{target} MSE {own:.4g}, that of version {champion.version} {other:.4g}"
    told += f", on {len(later)} of {len(rows)} validation sessions"
    if own > other:
        raise UserError(f"{told}; accepted: an MSE that is not larger than the champion's")
    return told


def mse(model: str, rows: pd.DataFrame, target: str) -> float:
    """Return the mean squared error of a model at the origins of these rows of data/predictions.parquet.

    target: price, or variance for the log variance. Raises UserError if it does not forecast from all these origins.
    """
    prices = read_table(PRICES)
    forecasts = forecasts_of(model, prices[prices["date"] <= rows["origin"].max()], rows["origin"].min())
    both = rows[["ticker", "origin", "horizon", "actual", "variance_actual"]].merge(
        forecasts, how="left", on=["ticker", "origin", "horizon"], validate="one_to_one"
    )
    if target == "variance":
        errors = 2 * np.log(both["volatility"]) - both["variance_actual"]
    else:
        errors = both["forecast"] - both["actual"]
    if without := int(both["forecast"].isna().sum()):
        raise UserError(f"{model}: found no forecast for {without} validation sessions; accepted: a forecast for each")
    return float((errors**2).mean())


def forecasts_of(model: str, prices: pd.DataFrame, since: pd.Timestamp) -> pd.DataFrame:
    """Return the forecasts of a model, which is loaded in a process of its own. Raises UserError if it fails."""
    with tempfile.TemporaryDirectory() as folder:
        table, result = Path(folder, "prices.parquet"), Path(folder, "result.parquet")
        prices.to_parquet(table)
        arguments = [model, str(table), f"{since:%Y-%m-%d %H:%M}", str(result)]
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        environment[store.ENV] = store.uri(Path.cwd())
        command = [sys.executable, "-P", str(SCRIPT), *arguments]
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
        if done.returncode:
            reason = (done.stderr.splitlines() or ["no message"])[-1]
            raise UserError(
                f"{model}: found no forecast ({reason}); accepted: a model that forecasts from these prices"
            )
        return pd.read_parquet(result)
