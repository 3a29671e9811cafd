"""Fit the network on the train split, and stop when the validation loss no longer improves."""

from pathlib import Path

import numpy as np
import pandas as pd

from pipeline.forecaster import network, samples
from pipeline.io.artifacts import canonical_model, read_table, write_bytes, write_table
from pipeline.io.stage import run
from pipeline.train.fitting import fitted, history_schema, parts_of
from pipeline.train.params import Params


def main(params: Params) -> None:
    files = ("data/samples/train.parquet", "data/samples/validation.parquet")
    rows = samples.together(*(read_table(Path(path)) for path in files))
    at, targets = samples.origins(rows, params.window), samples.targets_of(rows)
    inputs = samples.windows(rows[samples.features_of(rows)].to_numpy(np.float32), at, params.window)
    scaled = {name: samples.scaled_of(rows.iloc[at], name) for name in targets}
    parts, histories = parts_of(rows, at), []
    for member in range(1, params.members + 1):
        model, history = fitted(parts, inputs, scaled, params, member)
        best = int(history["val_loss"].argmin())
        loss = history["val_loss"].iloc[best]
        print(f"member {member}: best epoch {best + 1} of {len(history)}, validation loss {loss:.4f}")
        write_bytes(Path(f"data/model/{member}.keras"), canonical_model(network.saved(model)))
        histories.append(history.assign(member=member))
    write_table(Path("data/history.parquet"), pd.concat(histories), history_schema(targets))


if __name__ == "__main__":
    run("train", main, Params)
