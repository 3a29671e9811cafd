"""`make promote`: the model of this state becomes the champion, unless something speaks against it."""

import getpass
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

from pipeline.io.artifacts import dvc_hash, output_hashes, read_record, read_table
from pipeline.io.errors import UserError
from pipeline.io.params import parse_yaml
from pipeline.programs import check_repository, output_of
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
    if reasons := [*not_committed(RECORD, VERDICT, PREDICTIONS, PRICES), *losses(read_record(VERDICT, Verdict))]:
        raise UserError("\n".join(reasons))
    with store.opened(Path.cwd()) as client:
        model, run = model_of(client, recorded)
        champion = current_champion(client)
        if champion and champion.source == model:
            return f"version {champion.version} of {MODEL} is the champion already"
        against = compare(client, model, champion, force=force) if champion else "there was no champion"
        if not client.search_registered_models(f"name = '{MODEL}'"):
            client.create_registered_model(MODEL)
        told = {
            "promoted_at": f"{now:%Y-%m-%dT%H:%M:%SZ}",
            "promoted_by": getpass.getuser(),
            "promoted_against": against,
        }
        version = client.create_model_version(MODEL, model, run, tags=told)
        client.set_registered_model_alias(MODEL, ALIAS, version.version)
    return f"version {version.version} of {MODEL} is the champion now: {against}"


def not_committed(*paths: Path) -> list[str]:
    """Return a reason for each file that differs from the dvc.lock of the last commit."""
    check_repository()
    lock = output_of("git", "show", "HEAD:./dvc.lock")
    if not lock:
        return ["dvc.lock: found none in the last commit; accepted: a committed state"]
    committed = output_hashes(parse_yaml(lock))
    changed = [path for path in paths if dvc_hash(path) != committed.get(str(path))]
    return [
        f"{path}: found another than that of the last commit; accepted: `dvc repro`, then commit" for path in changed
    ]


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


def compare(client: MlflowClient, model: str, champion: ModelVersion, *, force: bool) -> str:
    """Say how the model compares with the champion on the validation sessions that the champion was not fitted on.

    Raises UserError if its error is larger, or if they cannot be compared and `force` is false.
    """
    rows = read_table(PREDICTIONS)
    rows = rows[(rows["split"] == "validation") & (rows["horizon"] == 1)]
    ours, theirs = (parameters(client, source) for source in (model, champion.source))
    try:
        check_comparable(ours, theirs)
        later = rows[rows["date"] > pd.Timestamp(theirs["fitted_until"])]
        if later.empty:
            raise UserError("validation: found no session on which the champion was not fitted")
        target = "price" if ours["variance"] == "none" else "variance"
        prices = read_table(PRICES)
        prices = prices[prices["ticker"].isin(later["ticker"]) & (prices["date"] <= later["origin"].max())]
        own, other = (mse(source, prices, later, target) for source in (model, champion.source))
    except UserError as error:
        if not force:
            raise UserError(
                "\n".join(f"{line}; accepted: a comparable champion, or FORCE=1" for line in str(error).splitlines())
            ) from None
        return f"not comparable with version {champion.version}: {'; '.join(str(error).splitlines())}"
    told = f"{target} MSE {own:.4g}, that of version {champion.version} {other:.4g}"
    told += f", on {len(later)} of {len(rows)} validation sessions"
    if not own <= other:
        raise UserError(f"{told}; accepted: an MSE that is not larger than the champion's")
    return told


def parameters(client: MlflowClient, source: str) -> dict[str, str]:
    """Return the parameters that track stored with a model; none for a version that was registered in another way."""
    own = source.startswith("models:/m-")
    return dict(client.get_logged_model(source.removeprefix("models:/")).params) if own else {}


def check_comparable(ours: dict[str, str], theirs: dict[str, str]) -> None:
    """Raise UserError, with a line for each difference, if two models forecast different things."""
    different = [name for name in COMPARABLE if ours[name] != theirs.get(name)]
    if different:
        raise UserError(
            "\n".join(f"{name}: found {ours[name]}, the champion has {theirs.get(name)}" for name in different)
        )


def mse(model: str, prices: pd.DataFrame, rows: pd.DataFrame, target: str) -> float:
    """Return the mean squared error of a model at the origins of these rows of data/predictions.parquet.

    prices: up to the last origin; target: variance for the log variance, or price for the price / the last price.
    Raises UserError if the model does not forecast from all these origins.
    """
    key = ["ticker", "origin", "horizon"]
    forecasts = forecasts_of(model, prices, rows["origin"].min())[[*key, "forecast", "volatility"]]
    both = rows[[*key, "last", "actual", "variance_actual"]].merge(forecasts, how="left", on=key, validate="one_to_one")
    if without := int(both["forecast"].isna().sum()):
        raise UserError(f"{model}: found no forecast for {without} validation sessions")
    if target == "variance":
        errors = 2 * np.log(both["volatility"]) - both["variance_actual"]
    else:
        errors = (both["forecast"] - both["actual"]) / both["last"]
    return float((errors**2).mean())


def forecasts_of(model: str, prices: pd.DataFrame, since: pd.Timestamp) -> pd.DataFrame:
    """Return the forecasts of a model, which is loaded in a process of its own. Raises UserError if it fails."""
    with tempfile.TemporaryDirectory() as folder:
        table, result = Path(folder, "prices.parquet"), Path(folder, "result.parquet")
        prices.to_parquet(table)
        arguments = [model, str(table), f"{since:%Y-%m-%d %H:%M}", str(result)]
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        command = [sys.executable, "-P", str(SCRIPT), *arguments]
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
        if done.returncode:
            reason = (done.stderr.splitlines() or ["no message"])[-1]
            raise UserError(f"{model}: found no forecast ({reason})")
        return pd.read_parquet(result)
