"""`python -m tests.networks NAME ...`: fit networks of many shapes briefly, and print a SHA-256 for each.

It is a separate program, so that it can run on an emulated processor.
"""

import pipeline  # isort: skip  # pins the CPU code paths before anything loads numpy

import hashlib
import sys
from itertools import product
from typing import Any, get_args

import numpy as np

from pipeline.forecaster import network

assert pipeline.PINNED

DATA: dict[str, Any] = {"window": 5, "features": 12, "samples": 512, "horizon": 5}
SHAPE: dict[str, Any] = {"cell": "lstm", "units": [16], "bidirectional": False, "dropout": 0.0}
FIT: dict[str, Any] = {
    "optimizer": "adamw", "learning_rate": 0.001, "weight_decay": 0.001, "loss": "mse", "batch_size": 128, "epochs": 2,
    "patience": 5, "progress": False, "loss_weights": {"price": 1.0, "variance": 1.0},
}  # fmt: skip
BRIEF = {"epochs": 1, "samples": 256}
NETWORKS: dict[str, dict[str, Any]] = {
    **{cell: {"cell": cell} for cell in get_args(network.Cell)},
    **{f"{optimizer}, {loss}": {"optimizer": optimizer, "loss": loss, **BRIEF}
       for optimizer, loss in product(get_args(network.Optimizer), get_args(network.Loss))},
    "dropout": {"dropout": 0.3, "units": [16, 16]},
    "bidirectional": {"bidirectional": True, "cell": "gru", "units": [32, 16]},
    "classic": {"window": 60, "features": 1, "horizon": 1,
                "units": [50, 50], "dropout": 0.2, "batch_size": 32, **BRIEF},
    "window 60": {"window": 60, "features": 8, "units": [128], "batch_size": 64, **BRIEF},
    "window 60, dense": {"cell": "dense", "window": 60, "features": 24, "units": [256, 64], "batch_size": 256},
    "units 256": {"window": 10, "units": [256], "batch_size": 32, **BRIEF},
    "units 200, gru": {"cell": "gru", "window": 8, "units": [200], "batch_size": 100, **BRIEF},
    "units 256, rnn": {"cell": "rnn", "window": 8, "units": [256], "batch_size": 256, **BRIEF},
    "batch 700": {"batch_size": 700, "samples": 1500},
    "batch 1024": {"batch_size": 1024, "samples": 2048, "units": [64]},
    "batch 2048": {"batch_size": 2048, "samples": 5000, "window": 10, "features": 10},
}  # fmt: skip


def digest(name: str) -> str:
    """Return the SHA-256 of the weights, losses and forecasts of a network fitted on random numbers."""
    own, random = {**DATA, **SHAPE, **FIT, **NETWORKS[name]}, np.random.default_rng(0)
    count = own["samples"] * 5 // 4
    windows = random.normal(size=(count, own["window"], own["features"])).astype(np.float32)
    heads = ["price", "variance"]
    targets = {head: random.normal(size=(count, own["horizon"])).astype(np.float32) for head in heads}
    train, stopping = (
        (windows[part], {head: values[part] for head, values in targets.items()})
        for part in (slice(own["samples"]), slice(own["samples"], None))
    )
    network.seed(0)
    model = network.build(windows.shape[1:], heads, own["horizon"], **{key: own[key] for key in SHAPE})
    history = network.fit(model, train, stopping, **{key: own[key] for key in FIT})
    found = [*model.get_weights(), history.to_numpy(), *network.predict(model, windows).values()]
    return hashlib.sha256(b"".join(values.tobytes() for values in found)).hexdigest()


if __name__ == "__main__":
    for name in sys.argv[1:] or NETWORKS:
        print(f"{digest(name)} {name}", flush=True)
