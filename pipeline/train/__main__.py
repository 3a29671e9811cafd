"""Fit the network on the train split, and stop when the validation loss no longer improves."""

from pathlib import Path

import numpy as np
import pandas as pd

from pipeline.forecaster import network, samples
from pipeline.io.artifacts import canonical_model, read_table, write_bytes, write_table
from pipeline.io.stage import run
from pipeline.train.fitting import fit_member, history_schema, sample_masks
from pipeline.train.params import Params


def main(params: Params) -> None:
    files = ("data/samples/train.parquet", "data/samples/validation.parquet")
    rows = samples.combined(*(read_table(Path(path)) for path in files))
    positions, targets = samples.origins(rows, params.window), samples.target_names(rows)
    inputs = samples.windows(rows[samples.feature_columns(rows)].to_numpy(np.float32), positions, params.window)
    scaled = {name: samples.scaled_targets(rows.iloc[positions], name) for name in targets}
    masks, histories = sample_masks(rows, positions), []
    for member in range(1, params.members + 1):
        model, history = fit_member(masks, inputs, scaled, params, member)
        best = int(history["val_loss"].argmin())
        loss = history["val_loss"].iloc[best]
        print(f"member {member}: best epoch {best + 1} of {len(history)}, validation loss {loss:.4f}")
        write_bytes(Path(f"data/model/{member}.keras"), canonical_model(network.model_to_bytes(model)))
        histories.append(history.assign(member=member))
    write_table(Path("data/history.parquet"), pd.concat(histories), history_schema(targets))


if __name__ == "__main__":
    run("train", main, Params)
