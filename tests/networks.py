"""`python -m tests.networks NAME ...`: fit networks of many shapes briefly, and print a SHA-256 for each.

It is a separate program, so that it can run on an emulated processor.
"""

import pipeline  # isort: skip  # pins the CPU code paths before anything loads numpy

import hashlib
import sys
from functools import partial
from itertools import cycle
from typing import Any, get_args

import numpy as np

from pipeline.forecaster import network
from pipeline.train.params import Cell, Loss, Optimizer, Params
from pipeline.train.training import Dataset, Training

assert pipeline.PINNED

DATA: dict[str, Any] = {"features": 12, "samples": 512, "horizon": 5, "unroll": False, "forecast": True}
PARAMS: dict[str, Any] = {
    "window": 5, "cell": "lstm", "units": [16], "bidirectional": False, "dropout": 0.0,
    "optimizer": "adamw", "learning_rate": 0.001, "weight_decay": 0.001, "loss": "mse", "batch_size": 128,
    "forecast_price": True, "epochs": 2, "patience": 5, "members": 1, "seed": 0,
}  # fmt: skip
BRIEF = {"epochs": 1, "samples": 256}
LARGE = {"epochs": 1, "samples": 128, "forecast": False}  # emulated, a batch of forecasts would take minutes
NETWORKS: dict[str, dict[str, Any]] = {
    **{cell: {"cell": cell} for cell in get_args(Cell)},
    **{f"{optimizer}, {loss}": {"optimizer": optimizer, "loss": loss, **BRIEF}
       for optimizer, loss in zip(get_args(Optimizer), cycle(get_args(Loss)), strict=False)},
    "dropout": {"dropout": 0.3, "units": [16, 16], **BRIEF},
    "unrolled": {"units": [16, 8], "unroll": True, **BRIEF},
    "unrolled, gru": {"cell": "gru", "units": [50], "dropout": 0.2, "unroll": True, **BRIEF},
    "bidirectional": {"bidirectional": True, "cell": "gru", "units": [32, 16], **BRIEF},
    "classic": {"features": 1, "horizon": 1,
                "units": [50, 50], "dropout": 0.2, "batch_size": 32, **BRIEF},
    "units 128": {"features": 8, "units": [128], "batch_size": 64, **LARGE},
    "window 60, dense": {"cell": "dense", "window": 60, "features": 24, "units": [256, 64], "batch_size": 256, **BRIEF},
    "units 256": {"units": [256], "batch_size": 32, **LARGE, "samples": 64},
    "units 200, gru": {"cell": "gru", "units": [200], "batch_size": 100, **LARGE},
    "units 256, rnn": {"cell": "rnn", "units": [256], "batch_size": 128, **LARGE},
    "batch 700": {"batch_size": 700, "epochs": 1, "samples": 1500},
    "batch 2048": {"batch_size": 2048, "epochs": 1, "samples": 5000, "units": [64], "features": 10},
}  # fmt: skip
HUGE = ["units 128", "units 256", "units 200, gru", "units 256, rnn", "batch 700", "batch 2048"]  # minutes, emulated


def digest(name: str) -> str:
    """Return the SHA-256 of the weights, losses and forecasts of a network fitted on random numbers."""
    own, random = {**DATA, **PARAMS, **NETWORKS[name]}, np.random.default_rng(0)
    params = Params.model_validate({key: own[key] for key in PARAMS})
    window, train_count = params.window, own["samples"]
    count = train_count * 5 // 4
    features = random.normal(size=(count + window - 1, own["features"])).astype(np.float32)
    origins = np.arange(window - 1, count + window - 1, dtype=np.int32)
    targets = random.normal(size=(count, own["horizon"])).astype(np.float32)
    train = Dataset(origins[:train_count], targets[:train_count])
    stopping = Dataset(origins[train_count:], targets[train_count:])
    network.seed(0)
    shape = (window, own["features"])
    build = partial(network.build, shape, own["horizon"], has_baseline=True, **params.architecture)
    model = build()
    training = Training(build(unroll=own["unroll"]), features, params)
    history = training.fit(model, train, stopping, seed=0, progress=False)
    found = [*model.get_weights(), history.to_numpy()]
    if own["forecast"]:
        found += [network.Ensemble([model]).predict(features, origins)]
    return hashlib.sha256(b"".join(values.tobytes() for values in found)).hexdigest()


if __name__ == "__main__":
    for name in sys.argv[1:] or NETWORKS:
        print(f"{digest(name)} {name}", flush=True)
