"""Fit the network on the train split, and stop when the validation loss no longer improves."""

import sys
from pathlib import Path

import numpy as np
import pandas as pd

from pipeline.forecaster import network, samples
from pipeline.io.artifacts import canonical_model, read_table, write_bytes, write_table
from pipeline.io.stage import run
from pipeline.train.fitting import datasets, fit_members, history_schema
from pipeline.train.params import Params


def main(params: Params) -> None:
    files = ("data/samples/train.parquet", "data/samples/validation.parquet")
    rows = samples.in_order(read_table(*map(Path, files), categories=["ticker"]))
    features = rows[samples.feature_columns(rows)].to_numpy(np.float32)
    train, stopping = datasets(rows, params.window)
    fitted, histories = fit_members(features, train, stopping, params, progress=sys.stdout.isatty()), []
    for member, (model, history) in enumerate(fitted, 1):
        best = int(history["val_loss"].argmin())
        loss = history["val_loss"].iloc[best]
        print(f"member {member}: best epoch {best + 1} of {len(history)}, validation loss {loss:.4f}")
        write_bytes(Path(f"data/model/{member}.keras"), canonical_model(network.model_to_bytes(model)))
        histories.append(history.assign(member=member))
    write_table(Path("data/history.parquet"), pd.concat(histories), history_schema(list(train.targets)))


if __name__ == "__main__":
    run("train", main, Params)
