"""One network for hundreds of tickers: what makes it beat HAR by more, and does pooling beat a network of one ticker's
own; on validation alone. Writes docs/studies/panel.csv and docs/studies/pooling.csv.

Needs the file that examples/panel.yaml names, as studies.results does.
"""

import sys
import tempfile
from pathlib import Path
from typing import Any

import pandas as pd

from pipeline.artifacts import read_table, write_csv
from studies import choices, results, study

PANEL = study.ROOT / "docs/studies/panel.csv"
POOLING = study.ROOT / "docs/studies/pooling.csv"

# Where the search began.
START: dict[str, Any] = {**choices.START, "train.batch_size": 2048, "train.epochs": 20, "train.patience": 5}
START |= {"train.members": 1}
del START["scrape"]
CONFIGURATIONS: dict[str, dict[str, Any]] = {
    "start": {},
    "learning rate 3e-4": {"train.learning_rate": 0.0003},
    "dense, window 5": {"train.cell": "dense", "train.window": 5},
}
POOLED = "learning rate 3e-4"
# Large ones of several sectors, named before anything was looked at; each network fitted as the sample's.
ALONE = ("AAPL", "AMZN", "JNJ", "JPM", "MSFT")
AS_SAMPLE = {
    name: choices.START[name] for name in ("train.batch_size", "train.epochs", "train.patience", "train.members")
}


def main() -> None:
    names = sys.argv[1:] or [*CONFIGURATIONS, "pooling"]
    known = pd.read_csv(PANEL, dtype=str, keep_default_na=False) if sys.argv[1:] and PANEL.exists() else None
    rows = {} if known is None else {row["configuration"]: row for row in known.to_dict("records")}
    start = study.changed(study.committed("examples/panel.yaml"), START)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        results.place(start, folder)
        for name in names:
            if name == "pooling":
                write_csv(POOLING, pooling(folder, start))
                continue
            study.run(folder, study.changed(start, CONFIGURATIONS[name]))
            rows[name] = {"configuration": name, "changes": choices.compact(CONFIGURATIONS[name])}
            rows[name] |= choices.judged(folder)
            print(*rows[name].values(), flush=True)
            write_csv(PANEL, pd.DataFrame([rows[found] for found in CONFIGURATIONS if found in rows]))


def pooling(folder: Path, start: study.Params) -> pd.DataFrame:
    """For ALONE, the validation MSE of log variance, mean over the horizons, of the network and HAR, fitted on all
    tickers and on the ticker alone, from the same origins.
    """
    study.run(folder, study.changed(start, CONFIGURATIONS[POOLED]))
    pooled, found = table_of(folder), []
    tickers = sorted(set(read_table(folder / "data/prices.parquet")["ticker"]))
    for ticker in ALONE:
        others = [name for name in tickers if name != ticker]
        study.run(folder, study.changed(start, {**AS_SAMPLE, "prepare.leave_out": others}))
        both = table_of(folder).merge(
            pooled, on=["ticker", "origin", "horizon", "actual"], suffixes=("_alone", "_pooled")
        )
        names = [f"{model}_{how}" for how in ("alone", "pooled") for model in ("network", "har")]
        errors = {name: ((both["actual"] - both[name]) ** 2).mean() for name in names}
        found.append({"ticker": ticker, "n": len(both), **{name: f"{error:.4f}" for name, error in errors.items()}})
        print(*found[-1].items(), flush=True)
    return pd.DataFrame(found)


def table_of(folder: Path) -> pd.DataFrame:
    return study.variances(
        read_table(folder / "data/predictions.parquet"), read_table(folder / "data/benchmark.parquet")
    )


if __name__ == "__main__":
    main()
