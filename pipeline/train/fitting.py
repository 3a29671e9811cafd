"""The fit of one member of the ensemble on train, with early stopping on validation.

data/history.parquet: one row is an epoch of a member, with its losses on train and on the half of validation that early
stopping sees.
"""

import sys

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from pipeline.forecaster import network, samples
from pipeline.io.errors import UserError
from pipeline.train.params import Params


def history_schema(targets: list[str]) -> pa.Schema:
    """The schema of data/history.parquet; with several targets it has the losses of each of them too."""
    names = ["loss", "val_loss"]
    if len(targets) > 1:
        names += [f"{prefix}{name}_loss" for name in targets for prefix in ("", "val_")]
    return pa.schema([("member", pa.int32()), ("epoch", pa.int32()), *((name, pa.float64()) for name in names)])


def parts_of(rows: pd.DataFrame, at: NDArray[np.intp]) -> dict[str, NDArray[np.bool_]]:
    """Which samples are for train, and which for early stopping: each (samples,). at: the samples' rows.

    The halves of validation are those of evaluate: rows without a whole window count for the date between them.
    """
    parts = {"train": rows["split"] == "train", "stopping": samples.stopping(rows)}
    return {name: part.to_numpy()[at] for name, part in parts.items()}


def fitted(
    parts: dict[str, NDArray[np.bool_]],
    inputs: network.Floats,
    scaled: dict[str, network.Floats],
    params: Params,
    member: int,
) -> tuple[network.Model, pd.DataFrame]:
    """One member, fitted on train and stopped on validation, and its history; prints the first one's summary.

    parts: as `parts_of` gives them; inputs, scaled: (samples, ...).
    """
    for part, chosen in parts.items():
        if not chosen.any():
            raise UserError(
                f"params.yaml: train.window: found {params.window}, which leaves no sample for {part}; "
                "accepted: a smaller one"
            )
    seen = [
        (inputs[chosen], {name: values[chosen] for name, values in scaled.items()})
        for chosen in (parts["train"], parts["stopping"])
    ]
    network.seed(params.seed + member - 1)
    horizon = next(iter(scaled.values())).shape[1]
    shape = params.model_dump(include={"cell", "units", "bidirectional", "dropout"})
    model = network.build(inputs.shape[1:], list(scaled), horizon, **shape)
    if member == 1:
        model.summary()
    how = params.model_dump(exclude={"window", "members", "seed", *shape})
    history = network.fit(model, *seen, **how, progress=sys.stdout.isatty())
    if not np.isfinite(history["val_loss"]).any():
        raise UserError(
            f"params.yaml: train.learning_rate: found {params.learning_rate:g}, with which the loss grows beyond all "
            "numbers; accepted: a smaller one"
        )
    return model, history
