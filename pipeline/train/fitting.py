"""The fit of the networks on train, with early stopping on the earlier half of validation.

Each target has networks of its own, because the epoch that is best for one target is not the best one for another.
In data/history.parquet one row is an epoch of one network: its losses on train and on the samples for early stopping.
"""

from collections.abc import Iterator
from functools import partial
from itertools import product

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

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


def datasets(rows: pd.DataFrame, window: int) -> dict[str, tuple[Dataset, Dataset]]:
    """Return, by target, the samples for training and those for early stopping.

    The halves of validation are made from all rows, also those without a full window. Raises UserError if there are no
    samples for training or for early stopping.
    """
    positions = samples.origins(rows, window)

    def origins_of(name: str, mask: pd.Series) -> NDArray[np.intp]:
        origins = positions[mask.to_numpy()[positions]]
        if not len(origins):
            raise UserError(
                f"params.yaml: train.window: found {window}, which leaves no sample for {name}; accepted: a smaller one"
            )
        return origins

    def dataset(origins: NDArray[np.intp], target: str) -> Dataset:
        return Dataset(origins.astype(np.int32), samples.scaled_targets(rows.iloc[origins], target))

    train = origins_of("train", rows["split"] == "train")
    stopping = origins_of("stopping", samples.stopping_mask(rows))
    return {target: (dataset(train, target), dataset(stopping, target)) for target in samples.target_names(rows)}


def fit_members(
    rows: pd.DataFrame, params: Params, *, progress: bool
) -> Iterator[tuple[str, int, network.Model, pd.DataFrame]]:
    """Yield the networks of each target: the target, the number of the member, the network and its history.

    Without params.forecast_price, those of the price stay as they start, and their history is empty. Prints the layers
    of the first one. rows: of train and validation. Raises UserError if no loss on the samples for early stopping is
    finite, or if there is nothing to forecast.
    """
    check_targets(rows, params)
    features, data = rows[samples.feature_columns(rows)].to_numpy(np.float32), datasets(rows, params.window)
    shape = (params.window, features.shape[1])
    build = partial(network.build, shape, samples.horizon_of(rows), **params.architecture)
    network.seed(params.seed)
    unroll = unrolls(params, len(data["price"][0].origins))
    training = Training(build(has_baseline=True, unroll=unroll), features, params)
    members, models = list(product(data, range(1, params.members + 1))), []
    for target, member in members:  # all first, because TensorFlow optimizes its graphs again after a seed is set
        network.seed(params.seed + member - 1)
        models.append(build(has_baseline=samples.has_baseline(rows, target)))
    models[0].summary()
    for (target, member), model in zip(members, models, strict=True):
        if target == "price" and not params.forecast_price:
            yield target, member, model, pd.DataFrame(columns=HISTORY_SCHEMA.names)
            continue
        history = training.fit(model, *data[target], seed=params.seed + member - 1, progress=progress)
        if not np.isfinite(history["val_loss"]).any():
            raise UserError(
                f"params.yaml: train.learning_rate: found {params.learning_rate:g}, for which the loss is not a finite "
                "number; accepted: a smaller one"
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
