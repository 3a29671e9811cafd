"""Training as one graph: an epoch is one call of a TensorFlow function, which is traced once and serves all members.

Keras's `fit` returns to Python after each batch. For a small network this takes several times as long as the
arithmetic. The layers, the losses and the optimizers are Keras's.
"""

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

    origins: positions in the features, (samples,) int32; targets: by head, scaled, (samples, horizon) float32.
    """

    origins: NDArray[np.int32]
    targets: dict[str, network.Floats]


class Training:
    """A network with its optimizer, and an epoch of both as a graph."""

    def __init__(self, model: network.Model, features: network.Floats, params: Params) -> None:
        """Trace the graph when the first epoch is run. features: (rows, features) float32."""
        self.model, self.features, self.params, self.loss = model, tf.constant(features), params, LOSSES[params.loss]()
        self.optimizer = OPTIMIZERS[params.optimizer](params.learning_rate, weight_decay=params.weight_decay)
        self.optimizer.build(model.trainable_variables)
        self.untrained_optimizer = [variable.numpy() for variable in self.optimizer.variables]
        targets = {head: tf.TensorSpec([None, None]) for head in model.output_names}
        dataset, order = Dataset(tf.TensorSpec([None], tf.int32), targets), tf.TensorSpec([None], tf.int32)
        self.epoch = tf.function(self._epoch, input_signature=[dataset, order])
        self.losses = tf.function(self._losses, input_signature=[dataset])

    def fit(
        self, model: network.Model, train: Dataset, stopping: Dataset, *, seed: int, progress: bool
    ) -> pd.DataFrame:
        """Train from the weights of `model`, give it those of the best epoch, and return the losses of each epoch.

        The best epoch is the one with the lowest loss on `stopping`. Training ends early if params.patience epochs in
        succession are not better than the best one. seed: of the order of the samples.
        """
        self._start_from(model)
        rng, history, best, best_epoch = np.random.default_rng(seed), [], np.inf, 0
        for epoch in range(1, self.params.epochs + 1):
            order = rng.permutation(len(train.origins)).astype(np.int32)
            losses = {name: float(loss) for name, loss in self.epoch(train, order).items()}
            losses |= {f"val_{name}": float(loss) for name, loss in self.losses(stopping).items()}
            history.append({"epoch": epoch, **losses})
            if progress:
                shown = ", ".join(f"{name} {loss:.4f}" for name, loss in losses.items())
                print(f"epoch {epoch} of at most {self.params.epochs}: {shown}", flush=True)
            if losses["val_loss"] < best:
                best, best_epoch = losses["val_loss"], epoch
                model.set_weights(self.model.get_weights())
            if epoch - best_epoch >= self.params.patience:
                break
        return pd.DataFrame(history)

    def _start_from(self, model: network.Model) -> None:
        """Take over the variables of a model, also those for dropout, and reset the optimizer."""
        for variable, value in zip(self.model.variables, model.variables, strict=True):
            variable.assign(value)
        for variable, value in zip(self.optimizer.variables, self.untrained_optimizer, strict=True):
            variable.assign(value)

    def _epoch(self, dataset: Dataset, order: tf.Tensor) -> dict[str, tf.Tensor]:
        """Train on each batch once, and return the mean losses. order: the numbers of all samples, shuffled."""
        variables, sums = self.model.trainable_variables, self._zeros()
        for start in tf.range(0, tf.size(order), self.params.batch_size):
            batch = order[start : start + self.params.batch_size]
            with tf.GradientTape() as tape:
                losses = self._batch_losses(dataset, batch, training=True)
            self.optimizer.apply(tape.gradient(losses["loss"], variables), variables)
            sums = {name: sums[name] + loss * tf.cast(tf.size(batch), tf.float32) for name, loss in losses.items()}
        return {name: value / tf.cast(tf.size(order), tf.float32) for name, value in sums.items()}

    def _losses(self, dataset: Dataset) -> dict[str, tf.Tensor]:
        """Return the mean losses without training."""
        count, sums = tf.size(dataset.origins), self._zeros()
        for start in tf.range(0, count, network.PREDICT_BATCH_SIZE):
            batch = tf.range(start, tf.minimum(start + network.PREDICT_BATCH_SIZE, count))
            losses = self._batch_losses(dataset, batch, training=False)
            sums = {name: sums[name] + loss * tf.cast(tf.size(batch), tf.float32) for name, loss in losses.items()}
        return {name: value / tf.cast(count, tf.float32) for name, value in sums.items()}

    def _batch_losses(self, dataset: Dataset, batch: tf.Tensor, *, training: bool) -> dict[str, tf.Tensor]:
        """Return the weighted loss and, if there are several heads, the loss of each. batch: numbers of samples."""
        inputs = network.windows(self.features, tf.gather(dataset.origins, batch), self.model)
        outputs = self.model(inputs, training=training)
        by_head = {name: self.loss(tf.gather(values, batch), outputs[name]) for name, values in dataset.targets.items()}
        total = tf.add_n([getattr(self.params.loss_weights, name) * loss for name, loss in by_head.items()])
        return {"loss": total} | ({f"{name}_loss": loss for name, loss in by_head.items()} if len(by_head) > 1 else {})

    def _zeros(self) -> dict[str, tf.Tensor]:
        heads = [f"{head}_loss" for head in self.model.output_names] if len(self.model.output_names) > 1 else []
        return {name: tf.zeros(()) for name in ["loss", *heads]}
