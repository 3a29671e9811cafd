"""Compare configurations of the network on the sample data, by validation only. Writes docs/studies/choices.csv.

docs/choices.md explains the rule: the score is the validation skill of the log variance against HAR, as the mean over
the horizons. A change must gain more than the standard deviation of the score over seeds (docs/studies/seeds.csv: one
member each, seeds 0 to 9), on all of validation and on its later half. Otherwise the simpler configuration stays.
No test score is read. DEFAULT is the best LSTM by this rule, and BEST is the best of any cell.

`python -m studies.choices` runs all. With names it runs these configurations only, and keeps the other lines.
"""

import sys
import tempfile
from pathlib import Path
from typing import Any

import pandas as pd

from pipeline.forecaster.forecasts import NETWORK, member
from pipeline.forecaster.samples import FILES, in_order, stopping_mask
from pipeline.io.artifacts import read_json, read_table, write_csv
from studies import study

CHOICES = study.ROOT / "docs/studies/choices.csv"
SEEDS = study.ROOT / "docs/studies/seeds.csv"
N_SEEDS = 10

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
# The start of the search. It has every key, so it stays the same when params.yaml adopts a choice.
START: dict[str, Any] = {
    "benchmark.models": ["persistence", "har"],
    "benchmark.window": 1,
    "prepare.target": "return",
    "prepare.baseline": "persistence",
    "prepare.variance": "har",
    "prepare.horizon": 5,
    "prepare.features": FEATURES,
    "prepare.scaling": "standard",
    "prepare.pool": "together",
    "train.window": 10,
    "train.cell": "lstm",
    "train.units": [16],
    "train.bidirectional": False,
    "train.dropout": 0.0,
    "train.optimizer": "adamw",
    "train.learning_rate": 0.001,
    "train.weight_decay": 0.001,
    "train.loss": "mse",
    "train.forecast_price": True,
    "train.batch_size": 128,
    "train.epochs": 60,
    "train.patience": 12,
    "train.members": 5,
    "train.seed": 0,
}
CONFIGURATIONS: dict[str, dict[str, Any]] = {
    "start": {},
    # one change each
    "window 5": {"train.window": 5},
    "window 22": {"train.window": 22},
    "units 8": {"train.units": [8]},
    "units 32": {"train.units": [32]},
    "dense": {"train.cell": "dense"},
    "dropout 0.3": {"train.dropout": 0.3},
    "learning rate 3e-4": {"train.learning_rate": 0.0003},
    "batch 256": {"train.batch_size": 256},
    **{
        f"without {name}": {"prepare.features": [feature for feature in FEATURES if feature != name]}
        for name in ("high_low", "close_location", "volume_month")
    },
}


# combinations of the changes that helped
SHORT_WINDOW: dict[str, Any] = {"train.window": 5}
DENSE: dict[str, Any] = {"train.window": 5, "train.cell": "dense"}
CONFIGURATIONS |= {
    f"{cell}window 5, with {' and '.join(added)}": {**base, "prepare.features": FEATURES + added}
    for cell, base in (("", SHORT_WINDOW), ("dense, ", DENSE))
    for added in (["variance_year"], ["december"], ["variance_year", "december"])
}
CONFIGURATIONS["dense, window 5, units 32, with variance_year and december"] = {
    **DENSE,
    "train.units": [32],
    "prepare.features": [*FEATURES, "variance_year", "december"],
}
DEFAULT = "window 5, with december"
DENSE_START = "dense, window 5, with december"
BEST = "dense, window 5, units 32, with variance_year and december"
CHANGES_OF_DENSE_START: dict[str, dict[str, Any]] = {
    "units 32": {"train.units": [32]},
    "dropout 0.1": {"train.dropout": 0.1},
    "weight decay 1e-1": {"train.weight_decay": 0.1},
    "huber": {"train.loss": "huber"},
}
CONFIGURATIONS |= {
    f"dense start, {name}": {**CONFIGURATIONS[DENSE_START], **changes}
    for name, changes in CHANGES_OF_DENSE_START.items()
}


def main() -> None:
    names = sys.argv[1:] or [*CONFIGURATIONS, "seeds"]
    rows = {}  # of choices.csv, by configuration
    if sys.argv[1:] and CHOICES.exists():
        earlier = pd.read_csv(CHOICES, dtype=str, keep_default_na=False)
        rows = {row["configuration"]: row for row in earlier.to_dict("records")}
    with tempfile.TemporaryDirectory() as temporary:
        folder = study.clone_repository(Path(temporary) / "clone")
        start = study.with_changes(study.read_params("params.yaml"), START)
        for name in names:
            if name == "seeds":
                study.run(folder, study.with_changes(start, {"train.members": N_SEEDS}))
                write_csv(SEEDS, scores_by_seed(folder))
                continue
            changes = CONFIGURATIONS[name]
            study.run(folder, study.with_changes(start, changes))
            rows[name] = {"configuration": name, "changes": changes_text(changes), **validation_scores(folder)}
            print(*rows[name].values(), flush=True)
            write_csv(CHOICES, pd.DataFrame([rows[name] for name in CONFIGURATIONS if name in rows]))


def markdown_rows(table: pd.DataFrame) -> str:
    """Return the rows of the table in docs/choices.md. table: docs/studies/choices.csv, all columns as text."""
    columns = ["configuration", "variance", "later", "variance_h1", "variance_h5", "price_h1"]
    return "\n".join(f"| {' | '.join(row[name] for name in columns)} |" for row in table.to_dict("records"))


def changes_text(changes: dict[str, Any]) -> str:
    """Return changes in one line, with + and - for features: "train.window=5 train.units=[32,16] +gap -high_low"."""
    texts = [f"{key}={str(value).replace(' ', '')}" for key, value in changes.items() if key != "prepare.features"]
    features = changes.get("prepare.features", FEATURES)
    texts += [f"+{name}" for name in features if name not in FEATURES]
    return " ".join(texts + [f"-{name}" for name in FEATURES if name not in features])


def validation_scores(folder: Path) -> dict[str, str]:
    """Return a row of choices.csv: the validation scores of the run in this folder."""
    skill, later_skill = skills(folder)
    price = read_json(folder / "reports/metrics.json")["validation"]["price"]
    history = read_table(folder / "data/history.parquet")
    history = history[history["target"] == "variance"]
    best_epochs = history.loc[history.groupby("member")["val_loss"].idxmin(), "epoch"]
    scores = {f"variance_h{h}": value for h, value in skill.items()}
    scores |= {"variance": skill.mean(), "later_h1": later_skill.iloc[0], "later": later_skill.mean()}
    scores |= {f"price_h{h}": price[f"h{h}"]["skill"] for h in (1, 5)}
    return {name: f"{value:+.4f}" for name, value in scores.items()} | {"best_epochs": " ".join(map(str, best_epochs))}


def scores_by_seed(folder: Path) -> pd.DataFrame:
    """Return the rows of seeds.csv: the validation scores of each single member of the run in this folder."""
    rows = {}
    for seed in range(N_SEEDS):
        skill, later_skill = skills(folder, member(seed + 1))
        rows[seed] = {"variance_h1": skill.iloc[0], "variance": skill.mean(), "later": later_skill.mean()}
    table = pd.DataFrame.from_dict(rows, orient="index").map("{:+.4f}".format)
    return table.rename_axis("seed").reset_index()


def skills(folder: Path, model: str = NETWORK) -> tuple[pd.Series, pd.Series]:
    """Return a model's skill on the log variance against HAR, by horizon: on all of validation, and on its later half.

    The later half is the one that early stopping does not use.
    """
    key = ["ticker", "origin", "horizon"]
    samples = in_order(read_table(*(folder / f"data/samples/{name}.parquet" for name in FILES)))
    forecasts = pd.concat([read_table(folder / f"data/{name}.parquet") for name in ("forecasts", "benchmark")])
    forecasts = forecasts[(forecasts["target"] == "variance") & forecasts["model"].isin([model, "har"])]
    predicted = forecasts.pivot(index=key, columns="model", values="predicted")
    validation = read_table(folder / "data/predictions.parquet").query("split == 'validation'").set_index(key)
    errors = predicted.rsub(validation["variance_actual"], axis=0).dropna()
    later_origins = pd.MultiIndex.from_frame(samples.loc[~stopping_mask(samples), ["ticker", "date"]])
    later_errors = errors[errors.index.droplevel("horizon").isin(later_origins)]
    mse, later_mse = ((part**2).groupby("horizon").mean() for part in (errors, later_errors))
    return 1 - mse[model] / mse["har"], 1 - later_mse[model] / later_mse["har"]


if __name__ == "__main__":
    main()
