"""What was tried for the network on the sample, judged on validation alone; writes docs/studies/choices.csv.

The rule: the highest mean over the horizons of the validation skill of the variance, against HAR, of the mean of five
members. A change is taken where it gains more than the standard deviation of that mean over single seeds
(docs/studies/seeds.csv: one member, seeds 0 to 9), over all of validation and over its later half alone, which early
stopping has not seen; else the simpler or cheaper configuration stays. No test figure is read. The default takes the
best LSTM by this rule, DEFAULT; CHOSEN is the best of any cell.

`python -m studies.choices` runs all; with names it runs these configurations and keeps the other lines.
"""

import sys
import tempfile
from pathlib import Path
from typing import Any

import pandas as pd

from pipeline.forecaster.forecasts import NETWORK, member
from pipeline.forecaster.samples import FILES, calibration_mask, combined
from pipeline.io.artifacts import read_json, read_table, write_csv
from studies import study

CHOICES = study.ROOT / "docs/studies/choices.csv"
SEEDS = study.ROOT / "docs/studies/seeds.csv"
MOST = 10  # members of the study of seeds

FEATURES = [
    "variance_session",
    "variance_week",
    "variance_quarter",
    "return_session",
    "return_down",
    "return_week",
    "return_month",
    "high_low",
    "close_location",
    "volume_month",
]
# Where the search began, told whole: the list stays what it was when params.yaml follows a choice.
START: dict[str, Any] = {
    "benchmark.models": ["persistence", "har"],
    "benchmark.window": 1,
    "prepare.target": "return",
    "prepare.baseline": "persistence",
    "prepare.variance": "har",
    "prepare.horizon": 5,
    "prepare.features": FEATURES,
    "prepare.scaling": "standard",
    "train.window": 10,
    "train.cell": "lstm",
    "train.units": [16],
    "train.bidirectional": False,
    "train.dropout": 0.0,
    "train.optimizer": "adamw",
    "train.learning_rate": 0.001,
    "train.weight_decay": 0.001,
    "train.loss": "mse",
    "train.loss_weights.price": 1.0,
    "train.loss_weights.variance": 1.0,
    "train.batch_size": 128,
    "train.epochs": 60,
    "train.patience": 12,
    "train.members": 5,
    "train.seed": 0,
}
CONFIGURATIONS: dict[str, dict[str, Any]] = {
    "start": {},
    # one thing at a time
    "window 5": {"train.window": 5},
    "window 22": {"train.window": 22},
    "units 8": {"train.units": [8]},
    "units 32": {"train.units": [32]},
    "dense": {"train.cell": "dense"},
    "dropout 0.3": {"train.dropout": 0.3},
    "learning rate 3e-4": {"train.learning_rate": 0.0003},
    "batch 256": {"train.batch_size": 256},
    "price weight 0": {"train.loss_weights.price": 0.0},
    **{
        f"without {name}": {"prepare.features": [feature for feature in FEATURES if feature != name]}
        for name in ("high_low", "close_location", "volume_month")
    },
}


# what helped, together
SHORT: dict[str, Any] = {"train.window": 5}
DENSE: dict[str, Any] = {"train.window": 5, "train.cell": "dense"}
CONFIGURATIONS |= {
    f"{cell}window 5, with {' and '.join(added)}": {**base, "prepare.features": FEATURES + added}
    for cell, base in (("", SHORT), ("dense, ", DENSE))
    for added in (["variance_year"], ["variance_year", "december"])
}
CONFIGURATIONS["dense, window 5, price weight 0.1, with variance_year and december"] = {
    **DENSE,
    "train.loss_weights.price": 0.1,
    "prepare.features": [*FEATURES, "variance_year", "december"],
}
DEFAULT = "window 5, with variance_year and december"
CHOSEN = "dense, window 5, with variance_year and december"
KNOBS: dict[str, dict[str, Any]] = {
    "units 32": {"train.units": [32]},
    "dropout 0.1": {"train.dropout": 0.1},
    "weight decay 1e-1": {"train.weight_decay": 0.1},
    "huber": {"train.loss": "huber"},
}
CONFIGURATIONS |= {f"chosen, {name}": {**CONFIGURATIONS[CHOSEN], **changes} for name, changes in KNOBS.items()}


def main() -> None:
    names = sys.argv[1:] or [*CONFIGURATIONS, "seeds"]
    known = pd.read_csv(CHOICES, dtype=str, keep_default_na=False) if sys.argv[1:] and CHOICES.exists() else None
    rows = {} if known is None else {row["configuration"]: row for row in known.to_dict("records")}
    with tempfile.TemporaryDirectory() as temporary:
        folder = study.cloned(Path(temporary) / "clone")
        start = study.changed(study.committed("params.yaml"), START)
        for name in names:
            if name == "seeds":
                study.run(folder, study.changed(start, {"train.members": MOST}))
                write_csv(SEEDS, seeds(folder))
                continue
            changes = CONFIGURATIONS[name]
            study.run(folder, study.changed(start, changes))
            rows[name] = {"configuration": name, "changes": compact(changes), **judged(folder)}
            print(*rows[name].values(), flush=True)
            write_csv(CHOICES, pd.DataFrame([rows[found] for found in CONFIGURATIONS if found in rows]))


def told(table: pd.DataFrame) -> str:
    """docs/studies/choices.csv as the table of docs/choices.md, without its head. table: texts."""
    columns = ["configuration", "variance", "later", "variance_h1", "variance_h5", "price_h1"]
    return "\n".join(f"| {' | '.join(row[name] for name in columns)} |" for row in table.to_dict("records"))


def compact(changes: dict[str, Any]) -> str:
    """Changes in short: "train.window=5 train.units=[32,16] +gap -high_low"."""
    texts = [f"{key}={str(value).replace(' ', '')}" for key, value in changes.items() if key != "prepare.features"]
    features = changes.get("prepare.features", FEATURES)
    texts += [f"+{name}" for name in features if name not in FEATURES]
    return " ".join(texts + [f"-{name}" for name in FEATURES if name not in features])


def judged(folder: Path) -> dict[str, str]:
    """What the rule looks at, of the run in this folder."""
    whole, later = skills(folder)
    price = read_json(folder / "reports/metrics.json")["validation"]["price"]
    history = read_table(folder / "data/history.parquet")
    best = history.loc[history.groupby("member")["val_loss"].idxmin(), "epoch"]
    figures = {f"variance_h{h}": value for h, value in whole.items()}
    figures |= {"variance": whole.mean(), "later_h1": later.iloc[0], "later": later.mean()}
    figures |= {f"price_h{h}": price[f"h{h}"]["skill"] for h in (1, 5)}
    return {name: f"{value:+.4f}" for name, value in figures.items()} | {"best_epochs": " ".join(map(str, best))}


def seeds(folder: Path) -> pd.DataFrame:
    """The same of single networks, by seed."""
    found = {}
    for seed in range(MOST):
        whole, later = skills(folder, member(seed + 1))
        found[seed] = {"variance_h1": whole.iloc[0], "variance": whole.mean(), "later": later.mean()}
    table = pd.DataFrame.from_dict(found, orient="index").map("{:+.4f}".format)
    return table.rename_axis("seed").reset_index()


def skills(folder: Path, model: str = NETWORK) -> tuple[pd.Series, pd.Series]:
    """A model's skill of the variance against HAR by horizon, over all of validation and over its later half alone."""
    key = ["ticker", "origin", "horizon"]
    rows = combined(*(read_table(folder / f"data/samples/{name}.parquet") for name in FILES))
    own = pd.concat([read_table(folder / f"data/{name}.parquet") for name in ("forecasts", "benchmark")])
    own = own[(own["target"] == "variance") & own["model"].isin([model, "har"])]
    told = read_table(folder / "data/predictions.parquet").query("split == 'validation'").set_index(key)
    errors = own.pivot(index=key, columns="model", values="predicted").rsub(told["variance_actual"], axis=0).dropna()
    seen_by_none = pd.MultiIndex.from_frame(rows.loc[calibration_mask(rows), ["ticker", "date"]])
    later = errors[errors.index.droplevel("horizon").isin(seen_by_none)]
    mean, mean_later = ((part**2).groupby("horizon").mean() for part in (errors, later))
    return 1 - mean[model] / mean["har"], 1 - mean_later[model] / mean_later["har"]


if __name__ == "__main__":
    main()
