"""The fit of one member of the network on train, with early stopping on the earlier half of validation.

In data/history.parquet one row is an epoch of a member: its losses on train and on the samples for early stopping.
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
    """Return the schema of data/history.parquet. With several targets it also has the loss of each target."""
    names = ["loss", "val_loss"]
    if len(targets) > 1:
        names += [f"{prefix}{name}_loss" for name in targets for prefix in ("", "val_")]
    return pa.schema([("member", pa.int32()), ("epoch", pa.int32()), *((name, pa.float64()) for name in names)])


def sample_masks(rows: pd.DataFrame, positions: NDArray[np.intp]) -> dict[str, NDArray[np.bool_]]:
    """Mark the samples for train and for early stopping, each (samples,). positions: of the samples in rows.

    The halves of validation are made from all rows, also those without a full window, as evaluate does.
    """
    masks = {"train": rows["split"] == "train", "stopping": samples.stopping_mask(rows)}
    return {name: mask.to_numpy()[positions] for name, mask in masks.items()}


def fit_member(
    masks: dict[str, NDArray[np.bool_]],
    inputs: network.Floats,
    scaled: dict[str, network.Floats],
    params: Params,
    member: int,
) -> tuple[network.Model, pd.DataFrame]:
    """Fit one member, and return it with its history. Prints the layers of the first member.

    masks: as from `sample_masks`; inputs: (samples, window, features); scaled: by target, (samples, horizon).
    """
    for name, mask in masks.items():
        if not mask.any():
            raise UserError(
                f"params.yaml: train.window: found {params.window}, which leaves no sample for {name}; "
                "accepted: a smaller one"
            )
    train, stopping = (
        (inputs[mask], {name: values[mask] for name, values in scaled.items()})
        for mask in (masks["train"], masks["stopping"])
    )
    network.seed(params.seed + member - 1)
    horizon = next(iter(scaled.values())).shape[1]
    architecture = params.model_dump(include={"cell", "units", "bidirectional", "dropout"})
    model = network.build(inputs.shape[1:], list(scaled), horizon, **architecture)
    if member == 1:
        model.summary()
    options = params.model_dump(exclude={"window", "members", "seed", *architecture})
    history = network.fit(model, train, stopping, **options, progress=sys.stdout.isatty())
    if not np.isfinite(history["val_loss"]).any():
        raise UserError(
            f"params.yaml: train.learning_rate: found {params.learning_rate:g}, for which the loss is not a finite "
            "number; accepted: a smaller one"
        )
    return model, history
