"""The fit of one member of the network on train, with early stopping on the earlier half of validation.

In data/history.parquet one row is an epoch of a member: its losses on train and on the samples for early stopping.
"""

from collections.abc import Iterator
from functools import partial

import numpy as np
import pandas as pd
import pyarrow as pa

from pipeline.forecaster import network, samples
from pipeline.io.errors import UserError
from pipeline.train.params import Params
from pipeline.train.training import Dataset, Training


def history_schema(targets: list[str]) -> pa.Schema:
    """Return the schema of data/history.parquet. With several targets it also has the loss of each target."""
    names = ["loss", "val_loss"]
    if len(targets) > 1:
        names += [f"{prefix}{name}_loss" for name in targets for prefix in ("", "val_")]
    return pa.schema([("member", pa.int32()), ("epoch", pa.int32()), *((name, pa.float64()) for name in names)])


def datasets(rows: pd.DataFrame, window: int) -> tuple[Dataset, Dataset]:
    """Return the samples for training, and those for early stopping.

    The halves of validation are made from all rows, also those without a full window, as evaluate does. Raises
    UserError if either is empty.
    """
    positions, heads = samples.origins(rows, window), samples.target_names(rows)

    def dataset(name: str, mask: pd.Series) -> Dataset:
        origins = positions[mask.to_numpy()[positions]]
        if not len(origins):
            raise UserError(
                f"params.yaml: train.window: found {window}, which leaves no sample for {name}; accepted: a smaller one"
            )
        targets = {head: samples.scaled_targets(rows.iloc[origins], head) for head in heads}
        return Dataset(origins.astype(np.int32), targets)

    return dataset("train", rows["split"] == "train"), dataset("stopping", samples.stopping_mask(rows))


def fit_members(
    features: network.Floats, train: Dataset, stopping: Dataset, params: Params, *, progress: bool
) -> Iterator[tuple[network.Model, pd.DataFrame]]:
    """Yield each member with its history. Prints the layers of the first member.

    features: (rows, features) float32. Raises UserError if no loss on stopping is finite.
    """
    heads, horizon = list(train.targets), next(iter(train.targets.values())).shape[1]
    build = partial(network.build, (params.window, features.shape[1]), heads, horizon, **params.architecture)
    network.seed(params.seed)
    training = Training(build(unroll=unrolls(params, len(train.origins))), features, params)
    seeds, models = range(params.seed, params.seed + params.members), []
    for seed in seeds:  # all models first, because TensorFlow optimizes its graphs again after a seed is set
        network.seed(seed)
        models.append(build())
    models[0].summary()
    for seed, model in zip(seeds, models, strict=True):
        history = training.fit(model, train, stopping, seed=seed, progress=progress)
        if not np.isfinite(history["val_loss"]).any():
            raise UserError(
                f"params.yaml: train.learning_rate: found {params.learning_rate:g}, for which the loss is not a finite "
                "number; accepted: a smaller one"
            )
        yield model, history


def unrolls(params: Params, train_samples: int) -> bool:
    """Tell whether recurrent layers are unrolled, which makes training faster and its graph larger.

    Up to 9 steps it costs nothing. For more steps, each step of a layer takes about 30 ms when the graph is traced, and
    saves at least 30 microseconds in each batch. Gradients are summed in another order, so the last bit of a weight can
    differ. The number of members plays no role, so the first member does not depend on it.
    """
    batches = -(-train_samples // params.batch_size)
    return params.window <= 9 or batches * min(params.epochs, params.patience + 1) >= 1000
