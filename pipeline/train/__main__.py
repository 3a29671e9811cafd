"""Fit the network on the train split, and stop when the validation loss no longer improves."""

import sys
from pathlib import Path

import pandas as pd

from pipeline.forecaster import network, samples
from pipeline.io.artifacts import canonical_model, read_table, write_bytes, write_table
from pipeline.io.stage import run
from pipeline.train.fitting import HISTORY_SCHEMA, fit_members
from pipeline.train.params import Params


def main(params: Params) -> None:
    files = ("data/samples/train.parquet", "data/samples/validation.parquet")
    rows = samples.in_order(read_table(*map(Path, files), categories=["ticker"]))
    histories: list[pd.DataFrame] = []
    for target, member, model, history in fit_members(rows, params, progress=sys.stdout.isatty()):
        if not histories:
            model.summary()
        if len(history):
            best = int(history["val_loss"].argmin())
            loss = history["val_loss"].iloc[best]
            print(f"{target}, member {member}: best epoch {best + 1} of {len(history)}, validation loss {loss:.4f}")
        write_bytes(Path(f"data/model/{target}/{member}.keras"), canonical_model(network.model_to_bytes(model)))
        histories.append(history.assign(target=target, member=member))
    write_table(Path("data/history.parquet"), pd.concat(histories), HISTORY_SCHEMA)


if __name__ == "__main__":
    run("train", main, Params)
