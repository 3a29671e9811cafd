"""The fit of the networks on train, with early stopping on the earlier half of validation.

Each target has networks of its own, because the epoch that is best for one target is not the best one for another.
In data/history.parquet one row is an epoch of one network: its losses on train and on the samples for early stopping.
"""

from collections.abc import Iterator, Mapping
from functools import partial
from itertools import product
from typing import Literal

import numpy as np
import pandas as pd
import pyarrow as pa

from pipeline.forecaster import network, samples
from pipeline.io.errors import UserError
from pipeline.train.params import Params
from pipeline.train.training import Dataset, Training

HISTORY_SCHEMA = pa.schema(
    [
        ("target", pa.string()),
        ("member", pa.int32()),
        ("epoch", pa.int32()),
        ("loss", pa.float64()),
        ("val_loss", pa.float64()),
    ]
)


def datasets(rows: pd.DataFrame, window: int, part: Literal["train", "stopping"]) -> dict[str, Dataset]:
    """Return the samples for training or those for early stopping, by target.

    The halves of validation are made from all rows, also those without a full window. Raises UserError if there are no
    samples.
    """
    mask = samples.stopping_mask(rows) if part == "stopping" else rows["split"] == "train"
    positions = samples.origins(rows, window)
    origins = positions[mask.to_numpy()[positions]]
    if not len(origins):
        raise UserError(
            f"params.yaml: train.window: found {window}, which leaves no sample for {part}; accepted: a smaller one"
        )
    return {
        target: Dataset(origins.astype(np.int32), samples.scaled_targets(rows.iloc[origins], target))
        for target in samples.target_names(rows)
    }


def fit_members(
    rows: pd.DataFrame, params: Params, *, progress: bool = False, epochs: Mapping[str, int] | None = None
) -> Iterator[tuple[str, int, network.Model, pd.DataFrame]]:
    """Yield the networks of each target: the target, the number of the member, the network and its history.

    epochs: by target; if given, the networks are trained for so many epochs without early stopping, and have no
    history. Without params.forecast_price, those of the price stay as they start, and have no history either. rows: of
    train and validation. Raises UserError if no loss on the samples for early stopping is finite, or if there is
    nothing to forecast.
    """
    check_targets(rows, params)
    features, train = rows[samples.feature_columns(rows)].to_numpy(np.float32), datasets(rows, params.window, "train")
    stopping = datasets(rows, params.window, "stopping") if epochs is None else {}
    shape = (params.window, features.shape[1])
    build = partial(network.build, shape, samples.horizon_of(rows), **params.architecture)
    network.seed(params.seed)
    unroll = unrolls(params, len(train["price"].origins))
    training = Training(build(has_baseline=True, unroll=unroll), features, params)
    members, models = list(product(train, range(1, params.members + 1))), []
    for target, member in members:  # all first, because TensorFlow optimizes its graphs again after a seed is set
        network.seed(params.seed + member - 1)
        models.append(build(has_baseline=samples.has_baseline(rows, target)))
    for (target, member), model in zip(members, models, strict=True):
        seed, history = params.seed + member - 1, pd.DataFrame(columns=HISTORY_SCHEMA.names)
        if target == "price" and not params.forecast_price:
            pass
        elif epochs is not None:
            training.refit(model, train[target], seed=seed, epochs=epochs[target])
        else:
            history = training.fit(model, train[target], stopping[target], seed=seed, progress=progress)
            if not np.isfinite(history["val_loss"]).any():
                raise UserError(
                    f"params.yaml: train.learning_rate: found {params.learning_rate:g}, for which the loss is not a "
                    "finite number; accepted: a smaller one"
                )
        yield target, member, model, history


def check_targets(rows: pd.DataFrame, params: Params) -> None:
    """Raise UserError if there is no price to forecast, and nothing else."""
    if params.forecast_price:
        return
    found = "params.yaml: train.forecast_price: found false"
    if samples.target_names(rows) == ["price"]:
        raise UserError(f"{found}, but the variance is not forecast either; accepted: true, or prepare.variance: har")
    if not samples.has_baseline(rows, "price"):
        raise UserError(f"{found}, but there is no other forecast of the price; accepted: true, or a prepare.baseline")


def unrolls(params: Params, train_samples: int) -> bool:
    """Tell whether recurrent layers are unrolled, which makes training faster and its graph larger.

    Up to 9 steps it costs nothing. For more steps, each step of a layer takes about 30 ms when the graph is traced, and
    saves at least 30 microseconds in each batch. Gradients are summed in another order, so the last bit of a weight can
    differ. The number of members plays no role, so the first member does not depend on it.
    """
    batches = -(-train_samples // params.batch_size)
    return params.window <= 9 or batches * min(params.epochs, params.patience + 1) >= 1000
