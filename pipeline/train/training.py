"""Training as one graph: an epoch is one call of a TensorFlow function, which is traced once and serves all members.

Keras's `fit` returns to Python after each batch. For a small network this takes several times as long as the
arithmetic. The layers, the losses and the optimizers are Keras's.
"""

from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.forecaster import network
from pipeline.forecaster.network import keras, tf
from pipeline.train.params import Params

OPTIMIZERS = {
    "adamw": keras.optimizers.AdamW,
    "adam": keras.optimizers.Adam,
    "nadam": keras.optimizers.Nadam,
    "rmsprop": keras.optimizers.RMSprop,
    "sgd": keras.optimizers.SGD,
}
LOSSES = {
    "mse": keras.losses.MeanSquaredError,
    "mae": keras.losses.MeanAbsoluteError,
    "huber": keras.losses.Huber,
}


class Dataset(NamedTuple):
    """Where each window ends, and what comes after it.

    origins: positions in the features, (samples,) int32; targets: scaled, (samples, horizon) float32.
    """

    origins: NDArray[np.int32]
    targets: network.Floats


class Training:
    """A network with its optimizer, and an epoch of both as a graph."""

    def __init__(self, model: network.Model, features: network.Floats, params: Params) -> None:
        """Trace the graph when the first epoch is run. features: (rows, features) float32."""
        self.model, self.features, self.params, self.loss = model, tf.constant(features), params, LOSSES[params.loss]()
        self.optimizer = OPTIMIZERS[params.optimizer](params.learning_rate, weight_decay=params.weight_decay)
        self.optimizer.build(model.trainable_variables)
        self.untrained_optimizer = [variable.numpy() for variable in self.optimizer.variables]
        dataset = Dataset(tf.TensorSpec([None], tf.int32), tf.TensorSpec([None, None]))
        self.epoch = tf.function(self._epoch, input_signature=[dataset, tf.TensorSpec([None], tf.int32)])
        self.mean_loss = tf.function(self._mean_loss, input_signature=[dataset])

    def fit(
        self, model: network.Model, train: Dataset, stopping: Dataset, *, seed: int, progress: bool
    ) -> pd.DataFrame:
        """Train from the weights of `model`, give it those of the best epoch, and return the losses of each epoch.

        The best epoch is the one with the lowest loss on `stopping`. Training ends early if params.patience epochs in
        succession are not better than the best one. seed: of the order of the samples.
        """
        history, best, best_epoch = [], np.inf, 0
        for epoch, loss in self.epochs(model, train, seed=seed):
            val_loss = float(self.mean_loss(stopping))
            history.append({"epoch": epoch, "loss": loss, "val_loss": val_loss})
            if progress:
                losses = f"loss {loss:.4f}, val_loss {val_loss:.4f}"
                print(f"epoch {epoch} of at most {self.params.epochs}: {losses}", flush=True)
            if val_loss < best:
                best, best_epoch = val_loss, epoch
                model.set_weights(self.model.get_weights())
            if epoch - best_epoch >= self.params.patience:
                break
        return pd.DataFrame(history)

    def refit(self, model: network.Model, train: Dataset, *, seed: int, epochs: int) -> None:
        """Train from the weights of `model` for so many epochs, and give it the last weights."""
        for _ in islice(self.epochs(model, train, seed=seed), epochs):
            pass
        model.set_weights(self.model.get_weights())

    def epochs(self, model: network.Model, train: Dataset, *, seed: int) -> Iterator[tuple[int, float]]:
        """Train from the weights of `model`, and yield each epoch and its mean loss. seed: as in `fit`."""
        self._start_from(model)
        rng = np.random.default_rng(seed)
        for epoch in range(1, self.params.epochs + 1):
            order = rng.permutation(len(train.origins)).astype(np.int32)
            yield epoch, float(self.epoch(train, order))

    def _start_from(self, model: network.Model) -> None:
        """Take over the variables of a model, also those for dropout, and reset the optimizer."""
        for variable, value in zip(self.model.variables, model.variables, strict=True):
            variable.assign(value)
        for variable, value in zip(self.optimizer.variables, self.untrained_optimizer, strict=True):
            variable.assign(value)

    def _epoch(self, dataset: Dataset, order: tf.Tensor) -> tf.Tensor:
        """Train on each batch once, and return the mean loss. order: the numbers of all samples, shuffled."""
        variables, total = self.model.trainable_variables, tf.zeros(())
        for start in tf.range(0, tf.size(order), self.params.batch_size):
            batch = order[start : start + self.params.batch_size]
            with tf.GradientTape() as tape:
                loss = self._batch_loss(dataset, batch, training=True)
            self.optimizer.apply(tape.gradient(loss, variables), variables)
            total += loss * tf.cast(tf.size(batch), tf.float32)
        return total / tf.cast(tf.size(order), tf.float32)

    def _mean_loss(self, dataset: Dataset) -> tf.Tensor:
        """Return the mean loss without training."""
        count, total = tf.size(dataset.origins), tf.zeros(())
        for start in tf.range(0, count, network.PREDICT_BATCH_SIZE):
            batch = tf.range(start, tf.minimum(start + network.PREDICT_BATCH_SIZE, count))
            total += self._batch_loss(dataset, batch, training=False) * tf.cast(tf.size(batch), tf.float32)
        return total / tf.cast(count, tf.float32)

    def _batch_loss(self, dataset: Dataset, batch: tf.Tensor, *, training: bool) -> tf.Tensor:
        """Return the loss of a batch. batch: the numbers of its samples."""
        inputs = network.windows(self.features, tf.gather(dataset.origins, batch), self.model)
        return self.loss(tf.gather(dataset.targets, batch), self.model(inputs, training=training))
