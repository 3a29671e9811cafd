"""Fit the network on train and stop it on validation."""

import sys
from pathlib import Path
from typing import Annotated

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field, model_validator

from pipeline.artifacts import canonical_model, read_table, write_bytes, write_table
from pipeline.errors import UserError
from pipeline.forecaster import network, splits
from pipeline.forecaster.windows import origins, windows
from pipeline.params import Section, load
from pipeline.stages import run
from pipeline.tables import history as history_table
from pipeline.tables import samples as table

Count = Annotated[int, Field(ge=1)]
AtLeast0 = Annotated[float, Field(ge=0)]


class LossWeights(Section):
    """Of the heads."""

    price: AtLeast0
    variance: AtLeast0


class Params(Section):
    """Section train of params.yaml, where each key is explained."""

    window: Count
    cell: network.Cell
    units: list[Count] = Field(min_length=1)
    bidirectional: bool
    dropout: float = Field(ge=0, lt=1)
    optimizer: network.Optimizer
    learning_rate: float = Field(gt=0)
    weight_decay: AtLeast0
    loss: network.Loss
    loss_weights: LossWeights
    batch_size: Count
    epochs: Count
    patience: Count
    members: Count
    seed: int = Field(ge=0, lt=2**31)

    @model_validator(mode="after")
    def reads_forward(self) -> "Params":
        if self.bidirectional and self.cell == "dense":
            raise ValueError("found bidirectional: true with cell: dense; accepted: with lstm, gru or rnn")
        return self


def main() -> None:
    params = load("train", Params)
    files = ("data/samples/train.parquet", "data/samples/validation.parquet")
    rows = table.together(*(read_table(Path(path)) for path in files))
    at = origins(rows["ticker"].to_numpy(), (rows["split"] != "warmup").to_numpy(), params.window)
    targets = table.targets_of(rows)
    inputs = windows(rows[table.features_of(rows)].to_numpy(np.float32), at, params.window)
    scaled = {name: table.scaled_of(rows.iloc[at], name) for name in targets}
    histories = []
    for member in range(1, params.members + 1):
        model, history = fitted(parts_of(rows, at), inputs, scaled, params, member)
        best = int(history["val_loss"].argmin())
        loss = history["val_loss"].iloc[best]
        print(f"member {member}: best epoch {best + 1} of {len(history)}, validation loss {loss:.4f}")
        write_bytes(Path(f"data/model/{member}.keras"), canonical_model(network.saved(model)))
        histories.append(history.assign(member=member))
    write_table(Path("data/history.parquet"), pd.concat(histories), history_table.schema(targets))


def parts_of(rows: pd.DataFrame, at: NDArray[np.intp]) -> dict[str, NDArray[np.bool_]]:
    """Which of the samples at these rows are for train and for stopping: each (samples,).

    Validation is halved by the dates of all rows, as evaluate halves it: those without a window count too.
    """
    parts = {"train": rows["split"] == "train", "stopping": splits.stopping(rows)}
    return {name: part.to_numpy()[at] for name, part in parts.items()}


def fitted(
    parts: dict[str, NDArray[np.bool_]],
    inputs: network.Floats,
    scaled: dict[str, network.Floats],
    params: Params,
    member: int,
) -> tuple[network.Model, pd.DataFrame]:
    """One member, fitted on train and stopped on validation, and its history; prints the first one's summary.

    parts: as `parts_of` gives them; inputs, scaled: (samples, ...).
    """
    for part, chosen in parts.items():
        if not chosen.any():
            raise UserError(
                f"params.yaml: train.window: found {params.window}, which leaves no sample for {part}; "
                "accepted: a smaller one"
            )
    seen = [
        (inputs[chosen], {name: values[chosen] for name, values in scaled.items()})
        for chosen in (parts["train"], parts["stopping"])
    ]
    network.seed(params.seed + member - 1)
    horizon = next(iter(scaled.values())).shape[1]
    shape = params.model_dump(include={"cell", "units", "bidirectional", "dropout"})
    model = network.build(inputs.shape[1:], list(scaled), horizon, **shape)
    if member == 1:
        model.summary()
    how = params.model_dump(exclude={"window", "members", "seed", *shape})
    history = network.fit(model, *seen, **how, progress=sys.stdout.isatty())
    if not np.isfinite(history["val_loss"]).any():
        raise UserError(
            f"params.yaml: train.learning_rate: found {params.learning_rate:g}, with which the loss grows beyond all "
            "numbers; accepted: a smaller one"
        )
    return model, history


if __name__ == "__main__":
    run("train", main)
