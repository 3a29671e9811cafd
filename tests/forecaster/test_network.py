"""An untrained network is its baseline. A forecast depends on its window only. A model can be saved and loaded."""

import io
import zipfile
from pathlib import Path
from typing import Any, get_args

import keras
import numpy as np
import pytest

from pipeline.forecaster import network
from pipeline.io.artifacts import canonical_model
from pipeline.train.params import Cell
from tests.commands import python

SHAPE: dict[str, Any] = {"cell": "lstm", "units": [8], "bidirectional": False, "dropout": 0.0}


def made(unroll: bool = False, **changes: Any) -> keras.Model:
    """Return a network of 8 steps and 1 feature whose last layer is not zero."""
    network.seed(0)
    model = network.build((8, 1), 2, has_baseline=True, **{**SHAPE, **changes}, unroll=unroll)
    rng, layer = np.random.default_rng(0), model.get_layer("forecast")
    layer.set_weights([rng.normal(size=weights.shape) for weights in layer.get_weights()])
    return model


def predicted(model: keras.Model, values: network.Floats) -> network.Floats:
    """Return the forecasts of a network from each window of a series."""
    (outputs,) = network.Ensemble([model]).predict(values[:, None], np.arange(7, len(values)))
    return outputs


SINE = np.sin(np.arange(39) * 0.5).astype(np.float32)


@pytest.mark.parametrize(
    ("cell", "bidirectional"),
    [(cell, both) for cell in get_args(Cell) for both in (False, True) if not (both and cell == "dense")],
)
def test_the_output_of_an_untrained_network_is_exactly_zero(cell: Cell, bidirectional: bool) -> None:
    architecture: dict[str, Any] = {"cell": cell, "units": [4, 3], "bidirectional": bidirectional, "dropout": 0.2}
    outputs = predicted(network.build((8, 1), 2, has_baseline=True, **architecture), SINE)
    assert outputs.shape == (32, 2)
    assert not outputs.any()


def test_without_a_baseline_the_output_starts_as_in_keras() -> None:
    network.seed(0)
    assert predicted(network.build((8, 1), 2, has_baseline=False, **SHAPE), SINE).any()


@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])
def test_an_unrolled_network_forecasts_the_same_bits(cell: Cell) -> None:
    rolled, unrolled = made(cell=cell, units=[8, 4]), made(cell=cell, units=[8, 4], unroll=True)
    assert predicted(rolled, SINE).tobytes() == predicted(unrolled, SINE).tobytes()


def test_an_ensemble_forecasts_with_each_network() -> None:
    models = [made(), made(units=[4])]
    rows, origins = SINE[:, None], np.array([30, 7, 20])
    for model, outputs in zip(models, network.Ensemble(models).predict(rows, origins), strict=True):
        assert outputs.tobytes() == predicted(model, SINE)[origins - 7].tobytes()


def test_an_output_does_not_depend_on_the_other_windows() -> None:
    model, values = made(), np.random.default_rng(0).normal(size=3000).astype(np.float32)
    changed = values.copy()
    changed[1500:] = 9
    before, after = predicted(model, values)[: 1500 - 7], predicted(model, changed)[: 1500 - 7]
    assert before.tobytes() == after.tobytes()


def test_plain_keras_opens_the_file_and_predicts_the_same(tmp_path: Path) -> None:
    model = made()
    (tmp_path / "1.keras").write_bytes(canonical_model(network.model_to_bytes(model)))
    loaded = keras.models.load_model(tmp_path / "1.keras")
    assert predicted(loaded, SINE).tobytes() == predicted(model, SINE).tobytes()


def test_the_file_does_not_depend_on_networks_built_before() -> None:
    assert canonical_model(network.model_to_bytes(made())) == canonical_model(network.model_to_bytes(made()))


def test_the_file_has_no_timestamp_and_no_optimizer() -> None:
    content = canonical_model(network.model_to_bytes(made()))
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert b"date_saved" not in archive.read("metadata.json")
        assert b"optimizer" not in archive.read("model.weights.h5")


def test_keras_is_imported_without_packages_that_are_not_used() -> None:
    code = (
        "import sys; from pipeline.forecaster import network\n"
        "assert 'sklearn' not in sys.modules and 'matplotlib' not in sys.modules\n"
        "import sklearn.linear_model"  # it can still be imported later
    )
    assert python(code).returncode == 0


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
