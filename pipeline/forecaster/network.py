"""The network (the only module that imports Keras): build, fit, answer, save, load."""

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
    """Drop oneDNN's announcement from standard error; it ignores TF_CPP_MIN_LOG_LEVEL. All other lines pass.

    A process of its own filters, so that the last words of a crashing import are shown too. Where there is no standard
    error, or no grep, nothing is dropped.
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

ANSWERED = 1024  # windows a batch


def seed(seed: int) -> None:
    """Make what follows in this process repeat itself: weights, order, dropout, and every operation."""
    keras.utils.clear_session()  # layers are named by a count that the session keeps
    keras.utils.set_random_seed(seed)
    make_deterministic()


def make_deterministic() -> None:
    """Make every operation of this process give the same bits each time."""
    tf.config.experimental.enable_op_determinism()
    # It turns x / sqrt(y) into x * rsqrt(y), an approximate instruction that differs between AMD and Intel.
    tf.config.optimizer.set_experimental_options({"arithmetic_optimization": False})
    tf.get_logger().setLevel("ERROR")  # it warns of every member's own graph


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
    """(windows, *shape) -> for each head (windows, horizon), all 0 until it has been fitted.

    shape: (steps, features).
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
    # Kernels of zeros: the network starts as its baseline and has to earn every departure from it.
    answers = {head: layers.Dense(horizon, kernel_initializer="zeros", name=head)(x) for head in heads}
    model = keras.Model(inputs, answers)
    for variable in model.trainable_variables:
        if variable.name == "recurrent_kernel":
            variable.assign(orthogonal(*variable.shape))
    return model


def orthogonal(rows: int, columns: int) -> Floats:
    """Draw (rows, columns) with orthonormal rows, as Keras draws recurrent kernels; columns >= rows.

    TensorFlow's QR decomposition rounds by the size of the processor's cache, LAPACK's does not.
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
    """Fit in place, stop on `stopping`, keep the best epoch's weights. Gives a row an epoch."""
    kinds = {
        "adamw": keras.optimizers.AdamW,
        "adam": keras.optimizers.Adam,
        "nadam": keras.optimizers.Nadam,
        "rmsprop": keras.optimizers.RMSprop,
        "sgd": keras.optimizers.SGD,
    }
    heads = model.output_names
    model.compile(
        optimizer=kinds[optimizer](learning_rate=learning_rate, weight_decay=weight_decay),
        loss=dict.fromkeys(heads, loss),
        loss_weights={head: loss_weights[head] for head in heads},
    )
    stop = keras.callbacks.EarlyStopping(monitor="val_loss", patience=patience, restore_best_weights=True)
    history = model.fit(
        *train,
        validation_data=stopping,
        batch_size=batch_size,
        validation_batch_size=ANSWERED,
        epochs=epochs,
        callbacks=[stop],
        verbose=2 if progress else 0,
    )
    table = pd.DataFrame(history.history)
    return table.assign(epoch=np.arange(1, len(table) + 1))


def predict(model: keras.Model, windows: Floats) -> dict[str, Floats]:
    """What each head says to each window: (windows, horizon) float32.

    Every batch is filled up to ANSWERED: else the last bit of an answer would depend on how many were asked for.
    """
    count = len(windows)
    padded = np.zeros((-(-count // ANSWERED) * ANSWERED, *windows.shape[1:]), np.float32)
    padded[:count] = windows
    found = model.predict(padded, batch_size=ANSWERED, verbose=0)
    return {head: values[:count] for head, values in found.items()}


def window_of(model: keras.Model) -> int:
    """How many sessions a model sees."""
    return int(model.input_shape[1])


def saved(model: keras.Model) -> bytes:
    """The model as a .keras file, without its optimizer."""
    bare = type(model).from_config(model.get_config())
    bare.set_weights(model.get_weights())
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.keras"
        bare.save(path)
        return path.read_bytes()


def loaded(name: str, keras_file: bytes) -> keras.Model:
    """The model of a .keras file. name: of the file, for readers. Raises UserError for what is none."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.keras"
        path.write_bytes(keras_file)
        try:
            return keras.saving.load_model(path, compile=False)
        except (ValueError, OSError, KeyError, TypeError):
            raise UserError(f"{name}: no model that Keras can load; `dvc repro` makes it") from None
