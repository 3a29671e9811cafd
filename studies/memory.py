"""`python -m studies.memory`: how far back each cell can learn to look, on a made series with a planted memory.

A window is STEPS values of white noise, one of which, some steps back, is marked; the target is that value. It is the
adding problem of Hochreiter and Schmidhuber (1997), "Long short-term memory", Neural Computation 9(8), section 5.4,
with one term. Who knows nothing has a loss of 1. Writes docs/studies/memory-*, each figure as a table and a picture.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import tensorflow as tf

from pipeline import charts, network
from pipeline.artifacts import write_bytes, write_csv

FOLDER = Path(__file__).parent.parent / "docs/studies"
STEPS = 50
TASKS = {"near": (20, 29), "far": (30, 39)}  # how many steps back the marked value lies, first and last
TRAIN, STOPPING, MEASURED = 4096, 1024, 1024  # windows
CELLS: tuple[network.Cell, ...] = ("lstm", "gru", "rnn", "dense")
UNITS = 32
EPOCHS = 24
HOW: dict[str, Any] = {
    "optimizer": "adam",
    "learning_rate": 0.003,
    "weight_decay": 0.0,
    "loss": "mse",
    "loss_weights": {"value": 1.0},
    "batch_size": 64,
    "epochs": EPOCHS,
    "patience": EPOCHS,
    "progress": False,
}
SEED = 0
DIGITS = 4  # significant
SLOPE = "mean |d answer / d value|"

Lines = dict[network.Cell, network.Floats]


def main() -> None:
    write("memory-start", "lag", start(), SLOPE, "Before training: what the answer depends on", log=True)
    for task, (first, last) in TASKS.items():
        where = f"the value to give back lies {first} to {last} steps back"
        losses, slopes = trained(task)
        write(f"memory-{task}-loss", "epoch", losses, "loss", f"Loss by epoch; {where}", log=False)
        write(f"memory-{task}-trained", "lag", slopes, SLOPE, f"After training; {where}", log=True)


def start() -> Lines:
    """Each untrained network's `gradients`."""
    windows, _ = made("near", MEASURED, 3)
    return {cell: gradients(built(cell), windows) for cell in CELLS}


def trained(task: str) -> tuple[Lines, Lines]:
    """Each network's validation loss by epoch, (EPOCHS,), and its `gradients` after the best one."""
    parts, (windows, _) = (made(task, TRAIN, 1), made(task, STOPPING, 2)), made(task, MEASURED, 3)
    losses, slopes = {}, {}
    for cell in CELLS:
        model = built(cell)
        losses[cell] = network.fit(model, *parts, **HOW)["val_loss"].to_numpy()
        slopes[cell] = gradients(model, windows)
        print(f"{task}, {cell}: loss {losses[cell].min():.4f}")
    return losses, slopes


def write(name: str, number: str, lines: Lines, value: str, title: str, *, log: bool) -> None:
    """Write docs/studies/<name> as a table and as a picture. number: epoch, from 1, or lag, from 0."""
    figures = {cell: [float(f"{own:.{DIGITS}g}") for own in line] for cell, line in lines.items()}
    table = pd.DataFrame(figures)
    table.insert(0, number, np.arange(len(table)) + (number == "epoch"))
    write_csv(FOLDER / f"{name}.csv", table)
    shape = charts.curves(value, number, tuple(figures), powers=powers(table.drop(columns=number)) if log else ())
    write_bytes(FOLDER / f"{name}.png", charts.png(shape, {"curves": table}, {}, title))


def powers(values: pd.DataFrame) -> tuple[float, ...]:
    """Of ten, at most nine, from below the least value to above the greatest."""
    logs = np.log10(values.to_numpy())
    low, high = int(np.floor(logs.min())), int(np.ceil(logs.max()))
    between = range(low, high + 1, (high - low) // 8 + 1)
    return tuple(10.0**power for power in sorted({*between, high}))


def told() -> str:
    """The tables under docs/studies/ in short, as a table of docs/cells.md has them, without its head.

    A line a cell: its gradient at the middle lag of the far task before training; for each task its best loss, the
    epoch from which the loss stays below a tenth of what knowing nothing costs, and its gradient at the marked lags.
    """
    start = pd.read_csv(FOLDER / "memory-start.csv")
    lines = {cell: [cell, f"{start[cell].iloc[sum(TASKS['far']) // 2]:.1g}"] for cell in CELLS}
    for task, (first, last) in TASKS.items():
        losses, slopes = (pd.read_csv(FOLDER / f"memory-{task}-{figure}.csv") for figure in ("loss", "trained"))
        for cell, line in lines.items():
            above = losses.loc[losses[cell] >= 0.1, "epoch"].max()
            learnt = "never" if above == EPOCHS else f"{above + 1:.0f}"
            line += [f"{losses[cell].min():.3f}", learnt, f"{slopes.loc[first:last, cell].mean():.1g}"]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines.values())


def made(task: str, count: int, seed: int) -> tuple[network.Floats, dict[str, network.Floats]]:
    """Windows, (count, STEPS, 2) float32: the values and the mark; and their targets, (count, 1) float32."""
    rng, (first, last) = np.random.default_rng(seed), TASKS[task]
    values, marks = rng.normal(size=(count, STEPS)), np.zeros((count, STEPS))
    at = np.arange(count), STEPS - 1 - rng.integers(first, last + 1, count)
    marks[at] = 1
    return np.stack([values, marks], axis=2).astype(np.float32), {"value": values[at][:, None].astype(np.float32)}


def built(cell: network.Cell) -> network.Model:
    """A network that has seen nothing, but whose answer follows its cell: the output kernel is no longer of zeros."""
    network.seed(SEED)
    model = network.build((STEPS, 2), ["value"], 1, cell=cell, units=[UNITS], bidirectional=False, dropout=0.0)
    head = model.get_layer("value")
    kernel, bias = head.get_weights()
    drawn = np.random.default_rng(SEED).normal(0, len(kernel) ** -0.5, kernel.shape)
    head.set_weights([drawn, bias])
    return model


def gradients(model: network.Model, windows: network.Floats) -> network.Floats:
    """Mean over windows of |d answer / d value k steps back|, k = 0 ... STEPS - 1: (STEPS,) float32."""
    inputs = tf.constant(windows)
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        answer = tf.reduce_sum(model(inputs)["value"])
    slopes = tape.gradient(answer, inputs).numpy()
    return np.abs(slopes[:, ::-1, 0]).mean(axis=0)


if __name__ == "__main__":
    main()
