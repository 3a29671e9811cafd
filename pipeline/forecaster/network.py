"""The network: build, predict, save, load."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
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


@contextmanager
def without(*packages: str) -> Iterator[None]:
    """Import as if these packages were not installed, unless they are imported already."""
    hidden = [name for name in packages if name not in sys.modules]
    for name in hidden:
        sys.modules[name] = None  # type: ignore[assignment]  # so that Python raises ImportError
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]


# Keras imports both if it can, which takes 0.7 s, for plots and wrappers that are not used here.
with without_announcement(), without("matplotlib", "sklearn"):
    import keras
    import tensorflow as tf
    from keras import layers

Model = keras.Model
Floats = NDArray[np.float32]

PREDICT_BATCH_SIZE = 1024  # windows


def seed(seed: int) -> None:
    """Make this process reproducible: the weights, the order of samples, dropout, and every operation."""
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
    horizon: int,
    *,
    has_baseline: bool,
    cell: str,
    units: list[int],
    bidirectional: bool,
    dropout: float,
    unroll: bool = False,
) -> keras.Model:
    """Build a network that forecasts one target: (windows, *shape) -> (windows, horizon).

    shape: (steps, features); cell: lstm, gru, rnn or dense; has_baseline: whether the target is a difference from a
    baseline. If so, all outputs are 0 before the network is fitted, so that it starts with the forecast of its
    baseline. unroll: whether the graph of a recurrent layer repeats its cell for each step, instead of a loop. The
    weights and the forecasts are the same.
    """
    recurrent = {"lstm": layers.LSTM, "gru": layers.GRU, "rnn": layers.SimpleRNN}
    inputs = keras.Input(shape, name="window")
    # Names are given, because a name that Keras gives contains a counter of the process.
    x = layers.Flatten(name="flat")(inputs) if cell == "dense" else inputs
    for number, size in enumerate(units, 1):
        if cell == "dense":
            layer = layers.Dense(size, activation="relu", name=f"dense_{number}")
        else:
            layer = recurrent[cell](size, return_sequences=number < len(units), unroll=unroll, name=f"{cell}_{number}")
            layer = layers.Bidirectional(layer, name=f"bidirectional_{number}") if bidirectional else layer
        x = layer(x)
        if dropout:
            x = layers.Dropout(dropout, name=f"dropout_{number}")(x)
    start = "zeros" if has_baseline else "glorot_uniform"
    outputs = layers.Dense(horizon, kernel_initializer=start, name="forecast")(x)
    model = keras.Model(inputs, outputs, name="network")
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


def windows(features: tf.Tensor, origins: tf.Tensor, model: keras.Model) -> tf.Tensor:
    """Return the window of a model that ends at each origin: (origins, window, features).

    features: (rows, features); origins: positions of rows.
    """
    return tf.gather(features, origins[:, None] + tf.range(1 - window_of(model), 1))


class Ensemble:
    """Networks of one architecture, which forecast together."""

    def __init__(self, models: Sequence[keras.Model]) -> None:
        self.models, self.window = models, window_of(models[0])
        features, origins = (
            tf.TensorSpec([None, models[0].input_shape[2]]),
            tf.TensorSpec([PREDICT_BATCH_SIZE], tf.int32),
        )
        self._outputs = tf.function(self._batch_outputs, input_signature=[features, origins])

    def predict(self, features: Floats, origins: NDArray[np.intp]) -> Floats:
        """Return the output of each model at each origin: (models, origins, horizon) float32.

        Every batch is padded to PREDICT_BATCH_SIZE. Otherwise the last bit of a forecast would depend on the number
        of origins. features: (rows, features); origins: positions of rows.
        """
        padded = np.pad(origins.astype(np.int32), (0, -len(origins) % PREDICT_BATCH_SIZE), mode="edge")
        rows, batches = tf.constant(features), padded.reshape(-1, PREDICT_BATCH_SIZE)
        outputs = [self._outputs(rows, batch).numpy() for batch in batches]
        return np.concatenate(outputs, axis=1)[:, : len(origins)]

    def _batch_outputs(self, features: tf.Tensor, origins: tf.Tensor) -> tf.Tensor:
        inputs = windows(features, origins, self.models[0])
        return tf.stack([model(inputs, training=False) for model in self.models])


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
