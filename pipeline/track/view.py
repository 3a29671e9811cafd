"""The address of the MLflow page on which runs are compared, and the columns that it shows first."""

import json

KEY = "closecast"
TAG = f"mlflow.sharedViewState.{KEY}"  # where MLflow's "share" button stores such a view, by its key
METRICS = ("variance_skill", "variance_p_value", "price_skill")
PARAMS = ("train.cell", "train.units", "train.window", "prepare.target")
WIDTHS = {f"metrics.`validation/{name}`": 165 for name in METRICS} | {f"params.`{name}`": 120 for name in PARAMS}
STATE = json.dumps({"selectedColumns": list(WIDTHS), "columnOrder": list(WIDTHS), "columnWidths": WIDTHS})


def path(experiment_id: str) -> str:
    """Return the address after the host. Without `workflowType`, MLflow shows its page for language models."""
    return f"/#/experiments/{experiment_id}/runs?viewStateShareKey={KEY}&workflowType=machine_learning"
