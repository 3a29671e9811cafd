"""Training equals that of Keras, is reproducible, stops early, and keeps the weights of the best epoch."""

from itertools import product
from typing import Any, get_args

import keras
import numpy as np
import pandas as pd
import pytest

from pipeline.forecaster import network
from pipeline.io.artifacts import canonical_model
from pipeline.train.params import Cell, Loss, Optimizer, Params
from pipeline.train.training import LOSSES, OPTIMIZERS, Dataset, Training

WINDOW, COUNT = 8, 33  # the last batch has one sample
PARAMS: dict[str, Any] = {
    "window": WINDOW, "cell": "lstm", "units": [8], "bidirectional": False, "dropout": 0.0,
    "optimizer": "adam", "learning_rate": 0.02, "weight_decay": 0.0, "loss": "mse", "batch_size": 16,
    "forecast_price": True, "epochs": 3, "patience": 50, "members": 1, "seed": 0,
}  # fmt: skip


def params_with(**changes: Any) -> Params:
    return Params.model_validate({**PARAMS, **changes})


def sine() -> tuple[network.Floats, Dataset]:
    """Return a sine as features, and its next two values after each window."""
    wave = np.sin(np.arange(COUNT + WINDOW + 1) * 0.5).astype(np.float32)
    origins = np.arange(WINDOW - 1, COUNT + WINDOW - 1, dtype=np.int32)
    return wave[:, None], Dataset(origins, wave[origins[:, None] + [1, 2]])


def times(factor: float, samples: Dataset) -> Dataset:
    """Return samples with other targets."""
    return Dataset(samples.origins, factor * samples.targets)


def built(params: Params, *, unroll: bool = False) -> keras.Model:
    return network.build((WINDOW, 1), 2, has_baseline=True, **params.architecture, unroll=unroll)


def fitted(
    seed: int, stopping: float = 1.0, *, progress: bool = False, **changes: Any
) -> tuple[keras.Model, pd.DataFrame]:
    """Return a network fitted on a sine, and its history. stopping: multiplies the targets for early stopping."""
    params, (features, samples) = params_with(**changes), sine()
    network.seed(seed)
    model = built(params)
    training = Training(built(params), features, params)
    return model, training.fit(model, samples, times(stopping, samples), seed=seed, progress=progress)


def forecasts(model: keras.Model) -> network.Floats:
    features, samples = sine()
    (outputs,) = network.Ensemble([model]).predict(features, samples.origins.astype(np.intp))
    return outputs


@pytest.mark.parametrize("cell", get_args(Cell))
def test_it_overfits_windows_of_a_sine(cell: Cell) -> None:
    _, history = fitted(0, cell=cell, units=[16], batch_size=8, epochs=20)
    assert history["loss"].iloc[-1] < 0.02 * history["loss"].iloc[0]


PAIRS = list(product(get_args(Optimizer), get_args(Loss)))
# Each optimizer and each loss at least once.
QUICK = [("adamw", "mse"), ("adam", "mae"), ("nadam", "huber"), ("rmsprop", "mse"), ("sgd", "mae")]
CELLS: list[dict[str, Any]] = [
    {"cell": "dense", "dropout": 0.3},
    {"cell": "gru", "dropout": 0.3},
    {"cell": "rnn", "units": [4, 4]},
    {"bidirectional": True},
]


@pytest.mark.parametrize(
    "changes",
    [
        *(
            pytest.param(
                {"optimizer": optimizer, "loss": loss}, marks=[] if (optimizer, loss) in QUICK else pytest.mark.slow
            )
            for optimizer, loss in PAIRS
        ),
        *CELLS,
    ],
    ids=str,
)
def test_from_the_same_weights_and_order_an_epoch_equals_one_of_keras(changes: dict[str, Any]) -> None:
    params = params_with(**{"weight_decay": 0.01, **changes})
    features, samples = sine()
    network.seed(3)
    model = built(params)
    for variable in model.trainable_variables:  # the last layer too, so that all gradients differ from zero
        variable.assign_add(keras.random.normal(variable.shape, stddev=0.1))
    training = Training(built(params), features, params)
    training._start_from(model)
    loss = float(training.epoch(samples, np.arange(COUNT, dtype=np.int32)))

    windows = features[samples.origins[:, None] + np.arange(1 - WINDOW, 1)]
    optimizer = OPTIMIZERS[params.optimizer](params.learning_rate, weight_decay=params.weight_decay)
    model.compile(optimizer, LOSSES[params.loss]())
    before = model.get_weights()
    history = model.fit(windows, samples.targets, batch_size=params.batch_size, shuffle=False, verbose=0).history
    assert loss == pytest.approx(history["loss"][0], rel=1e-6)
    for first, ours, theirs in zip(before, training.model.get_weights(), model.get_weights(), strict=True):
        assert not np.array_equal(first, theirs)
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-6)


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
    assert first.equals(second)
    assert canonical_model(network.model_to_bytes(one)) == canonical_model(network.model_to_bytes(two))


def test_one_graph_trains_members_that_do_not_know_of_each_other() -> None:
    params, (features, samples) = params_with(dropout=0.2, optimizer="nadam"), sine()
    network.seed(1)
    training = Training(built(params), features, params)
    members = []
    for seed in (1, 2, 1):
        network.seed(seed)
        members.append(built(params))
        training.fit(members[-1], samples, samples, seed=seed, progress=False)
    one, two, again = (b"".join(weights.tobytes() for weights in member.get_weights()) for member in members)
    assert one == again
    assert one != two


@pytest.mark.parametrize("cell", ["lstm", "rnn"])
def test_unrolled_up_to_nine_steps_training_gives_the_same_bits(cell: Cell) -> None:
    params, (features, samples) = params_with(cell=cell, units=[8, 4]), sine()
    weights = []
    for unroll in (False, True):
        network.seed(0)
        model = built(params)
        training = Training(built(params, unroll=unroll), features, params)
        training.fit(model, samples, samples, seed=0, progress=False)
        weights.append(b"".join(values.tobytes() for values in model.get_weights()))
    assert weights[0] == weights[1]


def test_the_best_epochs_weights_are_kept() -> None:
    model, history = fitted(0, stopping=-1.0)  # the better the fit on train, the worse on stopping
    assert history["val_loss"].iloc[-1] > history["val_loss"].min()
    loss = np.mean((forecasts(model) + sine()[1].targets) ** 2)
    assert loss == pytest.approx(history["val_loss"].min(), rel=1e-4)


def test_it_stops_when_validation_stops_improving() -> None:
    _, history = fitted(0, stopping=-5.0, epochs=60, patience=3)
    assert len(history) == history["val_loss"].argmin() + 1 + 3


def test_the_terminal_shows_each_epoch(capsys: pytest.CaptureFixture[str]) -> None:
    fitted(0, progress=True)
    assert len(capsys.readouterr().out.splitlines()) == PARAMS["epochs"]
