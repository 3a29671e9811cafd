"""`python -m studies.cells`: the classic notebook with each cell, on the level, on the return, beside persistence.

Everything but the cell and the seed is examples/classic.yaml's. Writes docs/studies/cells.csv.
"""

import contextlib
import tempfile
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline import network, params
from pipeline.artifacts import read_json, read_table, write_bytes, write_csv, write_json
from pipeline.predictions import predictions
from pipeline.stages import prepare, scrape, train

Floats = NDArray[np.float64]

ROOT = Path(__file__).parent.parent
EXAMPLE = ROOT / "examples/classic.yaml"
FIGURES = ROOT / "docs/studies/cells.csv"
NETWORKS: list[tuple[network.Cell, bool]] = [
    ("rnn", False),
    ("rnn", True),
    ("lstm", False),
    ("lstm", True),
    ("gru", False),
    ("gru", True),
    ("dense", False),
]
SEEDS = 1  # about half an hour of one core each
# The columns of docs/studies/cells.csv, and how docs/cells.md writes them.
FORMS = {
    "cell": "",
    "reads": "",
    "seed": "",
    "parameters": "",
    "best_epoch": "",
    "validation_r2": ".4f",
    "validation_return_r2": ".3f",
    "validation_times_persistence": ".1f",
    "test_r2": ".4f",
    "test_return_r2": ".3f",
    "test_times_persistence": ".1f",
}
DIGITS = 4
TYPES = {"seed": "Int64", "parameters": "Int64", "best_epoch": "Int64"}


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        example, rows = prepared()
        found = [persistence(rows)]
        for (cell, bidirectional), seed in product(NETWORKS, range(SEEDS)):
            found.append(fitted(example, rows, cell=cell, bidirectional=bidirectional, seed=seed))
    write_csv(FIGURES, table(found))


def prepared() -> tuple[dict[str, Any], pd.DataFrame]:
    """The example's params and rows, made in the working folder by the pipeline's own stages."""
    write_bytes(params.FILE, EXAMPLE.read_bytes())
    scrape.main()
    prepare.main()
    return params.everything(), read_table(Path("data/rows.parquet"))


def persistence(rows: pd.DataFrame) -> dict[str, Any]:
    """The line of the simple forecast, to read the others by. rows: tables/rows."""
    return {"cell": "persistence", **measured(rows["split"], rows["price_1"], rows["last"], rows["last"])}


def fitted(example: dict[str, Any], rows: pd.DataFrame, **changes: Any) -> dict[str, Any]:
    """The line of the example's network with these changes to its section train, fitted in the working folder."""
    write_json(params.FILE, {**example, "train": {**example["train"], **changes}})  # JSON is YAML too
    train.main()
    own, history = params.load("train", train.Params), read_table(Path("data/history.parquet"))
    shape = own.model_dump(include={"cell", "units", "bidirectional", "dropout"})
    facts = {
        "parameters": network.build((own.window, 1), ["price"], 1, **shape).count_params(),
        "best_epoch": int(history.loc[history["val_loss"].idxmin(), "epoch"]),
    }
    forecast = predictions(rows, read_table(Path("data/outputs.parquet")), read_json(Path("data/scaler.json")))
    scored = measured(forecast["split"], forecast["actual"], forecast["predicted"], forecast["last"])
    return {"cell": own.cell, "reads": reads(own.cell, own.bidirectional), "seed": own.seed, **facts, **scored}


def reads(cell: network.Cell, bidirectional: bool) -> str:
    """How a network reads its window, in words."""
    return "at once" if cell == "dense" else "both ways" if bidirectional else "forward"


def measured(split: pd.Series, actual: pd.Series, predicted: pd.Series, last: pd.Series) -> dict[str, float]:
    """One forecast seen in three ways, on validation and on test.

    Each series is of prices, one a forecast; last: at the origin. r2 is of the level; return_r2 of log(price / last);
    times_persistence is the MSE over that of `last`.
    """
    found = {}
    for part in ("validation", "test"):
        own, forecast, before = (of[split == part].to_numpy(np.float64) for of in (actual, predicted, last))
        found[f"{part}_r2"] = r2(own, forecast)
        found[f"{part}_return_r2"] = r2(np.log(own / before), np.log(forecast / before))
        found[f"{part}_times_persistence"] = float(np.mean((own - forecast) ** 2) / np.mean((own - before) ** 2))
    return found


def r2(actual: Floats, predicted: Floats) -> float:
    """1 - MSE / variance of the actuals, each array (forecasts,)."""
    return float(1 - np.mean((actual - predicted) ** 2) / actual.var())


def table(lines: list[dict[str, Any]]) -> pd.DataFrame:
    """The lines as docs/studies/cells.csv has them."""
    return pd.DataFrame(lines).round(DIGITS).astype(TYPES)[list(FORMS)]


def told(table: pd.DataFrame) -> str:
    """docs/studies/cells.csv as a table of docs/cells.md, without its head. table: with TYPES."""
    return "\n".join(
        f"| {' | '.join(f'{line[name]:{form}}' if pd.notna(line[name]) else '' for name, form in FORMS.items())} |"
        for line in table.to_dict("records")
    )


if __name__ == "__main__":
    main()
