"""The network (the only module that imports Keras): build, fit, predict, save, load."""

import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.io.errors import UserError


@contextmanager
def without_announcement() -> Iterator[None]:
    """Hide two announcements from standard error that TF_CPP_MIN_LOG_LEVEL does not hide. Other lines are shown.

    A separate process filters the lines, so the last lines of an import that crashes are shown too. Nothing is hidden
    if there is no standard error or no grep.
    """
    noise = ["-e", "oneDNN custom operations are on", "-e", "log messages before absl::InitializeLog"]
    try:
        kept = os.dup(2)
        grep = subprocess.Popen(["grep", "-a", "-v", *noise], stdin=subprocess.PIPE, stdout=kept)
    except OSError:
        yield
        return
    assert grep.stdin
    os.dup2(grep.stdin.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        grep.stdin.close()
        grep.wait()


with without_announcement():
    import keras
    import tensorflow as tf
    from keras import layers

Model = keras.Model
Floats = NDArray[np.float32]
Cell = Literal["lstm", "gru", "rnn", "dense"]
Optimizer = Literal["adamw", "adam", "nadam", "rmsprop", "sgd"]
Loss = Literal["mse", "mae", "huber"]

PREDICT_BATCH_SIZE = 1024  # windows


def seed(seed: int) -> None:
    """Make this process reproducible: the weights, the order of samples, dropout, and every operation."""
    keras.utils.clear_session()  # the names of layers contain a counter of the session
    keras.utils.set_random_seed(seed)
    make_deterministic()


def make_deterministic() -> None:
    """Make every operation of this process return the same bits each time."""
    tf.config.experimental.enable_op_determinism()
    # This optimization computes x / sqrt(y) as x * rsqrt(y). That approximation differs between AMD and Intel.
    tf.config.optimizer.set_experimental_options({"arithmetic_optimization": False})
    tf.get_logger().setLevel("ERROR")  # it warns about the graph of every member


def build(
    shape: tuple[int, int],
    heads: list[str],
    horizon: int,
    *,
    cell: Cell,
    units: list[int],
    bidirectional: bool,
    dropout: float,
) -> keras.Model:
    """Build a network: (windows, *shape) -> for each head (windows, horizon), all 0 before it is fitted.

    shape: (steps, features); heads: the targets.
    """
    recurrent = {"lstm": layers.LSTM, "gru": layers.GRU, "rnn": layers.SimpleRNN}
    inputs = keras.Input(shape, name="window")
    x = layers.Flatten()(inputs) if cell == "dense" else inputs
    for i, size in enumerate(units):
        if cell == "dense":
            x = layers.Dense(size, activation="relu")(x)
        else:
            layer = recurrent[cell](size, return_sequences=i < len(units) - 1)
            x = layers.Bidirectional(layer)(x) if bidirectional else layer(x)
        if dropout:
            x = layers.Dropout(dropout)(x)
    # The last kernels start at zero, so the network starts with the forecast of its baseline.
    outputs = {head: layers.Dense(horizon, kernel_initializer="zeros", name=head)(x) for head in heads}
    model = keras.Model(inputs, outputs)
    for variable in model.trainable_variables:
        if variable.name == "recurrent_kernel":
            variable.assign(orthogonal(*variable.shape))
    return model


def orthogonal(rows: int, columns: int) -> Floats:
    """Draw a random matrix (rows, columns) with orthonormal rows, as Keras does for recurrent kernels.

    There must be at least as many columns as rows. The QR decomposition is LAPACK's, because the rounding of
    TensorFlow's depends on the size of the processor's cache.
    """
    normal = keras.random.normal((columns, rows)).numpy().astype(np.float64)
    q, r = np.linalg.qr(normal)
    return (q * np.sign(np.diag(r))).T.astype(np.float32)


def fit(
    model: keras.Model,
    train: tuple[Floats, dict[str, Floats]],
    stopping: tuple[Floats, dict[str, Floats]],
    *,
    optimizer: Optimizer,
    learning_rate: float,
    weight_decay: float,
    loss: Loss,
    loss_weights: dict[str, float],
    batch_size: int,
    epochs: int,
    patience: int,
    progress: bool,
) -> pd.DataFrame:
    """Fit the model in place and return its losses, one row for each epoch.

    Fitting stops early by the loss on `stopping`. The model keeps the weights of its best epoch.
    train, stopping: (windows, scaled targets by head).
    """
    optimizers = {
        "adamw": keras.optimizers.AdamW,
        "adam": keras.optimizers.Adam,
        "nadam": keras.optimizers.Nadam,
        "rmsprop": keras.optimizers.RMSprop,
        "sgd": keras.optimizers.SGD,
    }
    heads = model.output_names
    model.compile(
        optimizer=optimizers[optimizer](learning_rate=learning_rate, weight_decay=weight_decay),
        loss=dict.fromkeys(heads, loss),
        loss_weights={head: loss_weights[head] for head in heads},
    )
    stop = keras.callbacks.EarlyStopping(monitor="val_loss", patience=patience, restore_best_weights=True)
    history = model.fit(
        *train,
        validation_data=stopping,
        batch_size=batch_size,
        validation_batch_size=PREDICT_BATCH_SIZE,
        epochs=epochs,
        callbacks=[stop],
        verbose=2 if progress else 0,
    )
    table = pd.DataFrame(history.history)
    return table.assign(epoch=np.arange(1, len(table) + 1))


def predict(model: keras.Model, windows: Floats) -> dict[str, Floats]:
    """Return the output of each head: (windows, horizon) float32.

    Every batch is padded to PREDICT_BATCH_SIZE. Otherwise the last bit of a forecast would depend on
    the number of windows.
    """
    count = len(windows)
    padded = np.zeros((-(-count // PREDICT_BATCH_SIZE) * PREDICT_BATCH_SIZE, *windows.shape[1:]), np.float32)
    padded[:count] = windows
    outputs = model.predict(padded, batch_size=PREDICT_BATCH_SIZE, verbose=0)
    return {head: values[:count] for head, values in outputs.items()}


def window_of(model: keras.Model) -> int:
    """Return the number of sessions in a window of the model."""
    return int(model.input_shape[1])


def model_to_bytes(model: keras.Model) -> bytes:
    """Return the content of a .keras file of the model, without its optimizer."""
    copy = type(model).from_config(model.get_config())
    copy.set_weights(model.get_weights())
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.keras"
        copy.save(path)
        return path.read_bytes()


def model_from_bytes(name: str, content: bytes) -> keras.Model:
    """Load a model from the content of a .keras file. name: of the file, for the message.

    Raises UserError if it is not a model.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.keras"
        path.write_bytes(content)
        try:
            return keras.saving.load_model(path, compile=False)
        except (ValueError, OSError, KeyError, TypeError):
            message = f"{name}: found no model that Keras can load; accepted: a file made by `dvc repro`"
            raise UserError(message) from None
