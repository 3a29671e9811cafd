"""An untrained network is its baseline. Training works, is reproducible, and the model can be saved and loaded."""

import io
import zipfile
from itertools import product
from pathlib import Path
from typing import Any, get_args

import keras
import numpy as np
import pytest

from pipeline.forecaster import network
from pipeline.io.artifacts import canonical_model
from tests.commands import python

SHAPE: dict[str, Any] = {"cell": "lstm", "units": [8], "bidirectional": False, "dropout": 0.0}
HOW: dict[str, Any] = {
    "optimizer": "adam", "learning_rate": 0.02, "weight_decay": 0.0, "loss": "mse",
    "loss_weights": {"price": 1.0, "variance": 1.0}, "batch_size": 16, "epochs": 3, "patience": 50, "progress": False,
}  # fmt: skip


def sine(count: int = 32, window: int = 8) -> tuple[network.Floats, dict[str, network.Floats]]:
    """Windows of a sine and its next two values."""
    wave = np.sin(np.arange(count + window + 2) * 0.5).astype(np.float32)
    windows = np.stack([wave[i : i + window] for i in range(count)])[:, :, None]
    ahead = np.stack([wave[i + window : i + window + 2] for i in range(count)])
    return windows, {"price": ahead, "variance": ahead**2}


def fitted(seed: int, stopping: float = 1.0, **changes: Any) -> tuple[keras.Model, Any]:
    """Return a network fitted on a sine, and its history. stopping: multiplies the targets for early stopping."""
    network.seed(seed)
    (windows, targets), own = sine(), {**SHAPE, **HOW, **changes}
    model = network.build(windows.shape[1:], list(targets), 2, **{name: own[name] for name in SHAPE})
    other = {name: stopping * values for name, values in targets.items()}
    return model, network.fit(model, (windows, targets), (windows, other), **{name: own[name] for name in HOW})


@pytest.fixture(scope="module")
def plain() -> tuple[keras.Model, Any]:
    """A network fitted from seed 0, shared by several tests, and its history."""
    return fitted(0)


@pytest.mark.parametrize(
    ("cell", "bidirectional"),
    [(cell, both) for cell in get_args(network.Cell) for both in (False, True) if not (both and cell == "dense")],
)
def test_the_output_of_an_untrained_network_is_exactly_zero(cell: network.Cell, bidirectional: bool) -> None:
    model = network.build(
        (8, 1), ["price", "variance"], 2, cell=cell, units=[4, 3], bidirectional=bidirectional, dropout=0.2
    )
    found = network.predict(model, sine()[0])
    assert {name: answer.shape for name, answer in found.items()} == {"price": (32, 2), "variance": (32, 2)}
    assert not any(answer.any() for answer in found.values())


@pytest.mark.parametrize("cell", get_args(network.Cell))
def test_it_overfits_32_windows_of_a_sine(cell: network.Cell) -> None:
    _, history = fitted(0, cell=cell, units=[16], batch_size=8, epochs=15)
    assert history["loss"].iloc[-1] < 0.02 * history["loss"].iloc[0]


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({}, marks=pytest.mark.slow),  # the simplest
        {"cell": "gru", "dropout": 0.3},
        {"bidirectional": True, "units": [4, 4]},
    ],
)
def test_two_fits_of_one_seed_are_identical_to_the_byte(changes: dict[str, Any]) -> None:
    (one, first), (two, second) = fitted(7, **changes), fitted(7, **changes)
    assert [w.tobytes() for w in one.get_weights()] == [w.tobytes() for w in two.get_weights()]
    assert first.equals(second)
    assert canonical_model(network.model_to_bytes(one)) == canonical_model(network.model_to_bytes(two))


def test_another_seed_gives_another_network(plain: tuple[keras.Model, Any]) -> None:
    assert plain[0].get_weights()[0].tobytes() != fitted(1)[0].get_weights()[0].tobytes()


def test_the_best_epochs_weights_are_kept() -> None:
    model, history = fitted(0, stopping=-1.0)  # the better the fit on train, the worse on stopping
    assert history["val_loss"].iloc[-1] > history["val_loss"].min()
    windows, targets = sine()
    kept = network.predict(model, windows)
    loss = sum(np.mean((kept[name] + targets[name]) ** 2) for name in targets)
    assert loss == pytest.approx(history["val_loss"].min(), rel=1e-4)


def test_it_stops_when_validation_stops_improving() -> None:
    _, history = fitted(0, stopping=-5.0, epochs=60, patience=3)
    assert len(history) < 10


PAIRS = list(product(get_args(network.Optimizer), get_args(network.Loss)))
# Each optimizer and each loss at least once.
QUICK = [("adamw", "mse"), ("adam", "mae"), ("nadam", "huber"), ("rmsprop", "mse"), ("sgd", "mae")]


@pytest.mark.parametrize(
    ("optimizer", "loss"),
    [pytest.param(*pair, marks=[] if pair in QUICK else pytest.mark.slow) for pair in PAIRS],
)
def test_every_optimizer_and_loss_learns(optimizer: network.Optimizer, loss: network.Loss) -> None:
    _, history = fitted(0, optimizer=optimizer, loss=loss, epochs=5)
    assert history["loss"].iloc[-1] < history["loss"].iloc[0]


def test_a_weight_of_zero_leaves_a_head_at_its_baseline() -> None:
    model, _ = fitted(0, loss_weights={"price": 0.0, "variance": 1.0})
    found = network.predict(model, sine()[0])
    assert not found["price"].any()
    assert found["variance"].any()


def test_an_output_does_not_depend_on_the_other_windows(plain: tuple[keras.Model, Any]) -> None:
    model, _ = plain
    windows = np.random.default_rng(0).normal(size=(3000, 8, 1)).astype(np.float32)
    changed = windows.copy()
    changed[1500:] = 9
    before, after = network.predict(model, windows), network.predict(model, changed)
    assert before["price"][:1500].tobytes() == after["price"][:1500].tobytes()


def test_plain_keras_opens_the_file_and_predicts_the_same(plain: tuple[keras.Model, Any], tmp_path: Path) -> None:
    model, _ = plain
    (tmp_path / "1.keras").write_bytes(canonical_model(network.model_to_bytes(model)))
    loaded = keras.models.load_model(tmp_path / "1.keras")
    windows = sine()[0]
    assert network.predict(loaded, windows)["price"].tobytes() == network.predict(model, windows)["price"].tobytes()


def test_the_file_has_no_timestamp_and_no_optimizer(plain: tuple[keras.Model, Any]) -> None:
    content = canonical_model(network.model_to_bytes(plain[0]))
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert b"date_saved" not in archive.read("metadata.json")
        assert b"optimizer" not in archive.read("model.weights.h5")


def test_the_terminal_shows_errors_of_tensorflow_but_not_the_onednn_announcement() -> None:
    code = (
        "import os; from pipeline.forecaster import network\n"
        "with network.without_announcement():\n"
        "    os.write(2, b'I0000 port.cc:153] oneDNN custom operations are on. You may see ...\\n')\n"
        "    os.write(2, b'E0000 no such instruction: \\xff\\n')\n"
        "    os._exit(3)"  # as a crash while TensorFlow loads
    )
    done = python(code)
    assert (done.returncode, done.stderr) == (3, "E0000 no such instruction: \udcff\n")
