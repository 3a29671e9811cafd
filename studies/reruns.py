"""Change each key of params.yaml and edit each folder, run the pipeline, and write docs/reruns.md: which stages ran.

Each change is made alone, in a copy of a small pipeline that has run, and `dvc repro` is real.
"""

import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from pipeline.formats import Table
from pipeline.io.artifacts import write_bytes, write_csv
from pipeline.io.params import SECTIONS, parse_yaml
from pipeline.scrape import sample
from pipeline.why import OUTCOMES
from studies import study
from studies.reliability import repository

PAGE = study.ROOT / "docs/reruns.md"
INTRODUCTION = """# What runs again

`dvc repro` runs a stage again if one of its inputs has changed: a key of `params.yaml`, a file, or the version of a
package. A stage that gets the inputs of an earlier run again is restored from DVC's cache. `make why` says which stages
would run, and why. `make repro` prints the same first, and at the end which stages ran.

For these tables, each key was changed alone and each file was edited alone (a comment was added), in a small pipeline.
(stage) means that it ran, but wrote the same bytes as before. Such a stage makes no other stage run.
`scrape.calendar` and `prepare.season_length` run two stages in vain: these read other parts of `data/preparation.json`.
`train` must run to find that a new `train.patience` changes nothing.
`python -m studies.reruns` makes this page.
"""
SMALL: dict[str, Any] = {  # with a file of two tickers
    "scrape": {
        "source": "file",
        "path": "data/raw/own.csv",
        "ticker": "",
        "date_columns": ["date"],
        "date_format": "%Y-%m-%d",
        "columns": {name: name for name in ("ticker", "open", "high", "low", "close", "volume")},
        "unit": "USD",
        "delimiter": ",",
        "decimal": ".",
        "thousands": "",
        "currency_symbols": "",
        "na_values": [""],
        "calendar": "XNYS",
        "max_missing": 0.0,
        "invalid_rows": "reject",
        "duplicates": "reject",
    },
    "prepare.horizon": 2,
    "benchmark.models": ["persistence", "drift", "har", "ridge"],
    "benchmark.window": 3,
    "train.window": 3,
    "train.units": [4],
    "train.epochs": 3,
    "train.members": 1,
}
OTHER: dict[str, dict[str, Any]] = {  # another value for each key; those that can only change together are one row
    "scrape.source, scrape.path": {"scrape": study.read_params("params.yaml")["scrape"]},
    "scrape.calendar": {"scrape.calendar": "XNAS"},
    "explore.lags": {"explore.lags": 50},
    "prepare.exclude_tickers": {"prepare.exclude_tickers": ["TWO"]},
    "prepare.column": {"prepare.column": "open"},
    "prepare.target": {"prepare.target": "difference"},
    "prepare.baseline": {"prepare.baseline": "drift"},
    "prepare.season_length": {"prepare.season_length": 10},
    "prepare.variance": {"prepare.variance": "none", "benchmark.models": ["persistence", "drift"]},
    "prepare.horizon": {"prepare.horizon": 3},
    "prepare.features": {"prepare.features": ["variance_session", "return_session"]},
    "prepare.scaling": {"prepare.scaling": "minmax"},
    "prepare.pool": {"prepare.pool": "by_ticker"},
    "prepare.validation": {"prepare.validation": 0.2},
    "prepare.test": {"prepare.test": 0.1},
    "benchmark.models": {"benchmark.models": ["persistence", "drift", "har", "lhar", "ridge"]},
    "benchmark.window": {"benchmark.window": 2},
    "train.window": {"train.window": 4},
    "train.cell": {"train.cell": "gru"},
    "train.units": {"train.units": [5]},
    "train.bidirectional": {"train.bidirectional": True},
    "train.dropout": {"train.dropout": 0.1},
    "train.optimizer": {"train.optimizer": "nadam"},
    "train.learning_rate": {"train.learning_rate": 0.002},
    "train.weight_decay": {"train.weight_decay": 0.1},
    "train.loss": {"train.loss": "mae"},
    "train.forecast_price": {"train.forecast_price": False},
    "train.batch_size": {"train.batch_size": 64},
    "train.epochs": {"train.epochs": 4},
    "train.patience": {"train.patience": 13},
    "train.members": {"train.members": 2},
    "train.seed": {"train.seed": 1},
    "evaluate.coverage": {"evaluate.coverage": 0.8},
    "plot.sessions": {"plot.sessions": 240},
    "track.experiment": {"track.experiment": "other"},
}


class Rerun(NamedTuple):
    """The stages that ran after a change, and those of them whose outputs all had the same bytes as before."""

    stages: list[str]
    in_vain: list[str]

    def __str__(self) -> str:
        return ", ".join(f"({name})" if name in self.in_vain else name for name in self.stages) or "none"


def main() -> None:
    with tempfile.TemporaryDirectory() as temporary, ThreadPoolExecutor(os.cpu_count()) as pool:
        small = small_pipeline(Path(temporary) / "small")
        names = [*OTHER, *files(), *beside()]

        def tried(number: int) -> Rerun:
            folder = shutil.copytree(small, Path(temporary) / str(number), symlinks=True)
            change(folder, names[number])
            found = rerun(folder)
            shutil.rmtree(folder)
            print(f"{names[number]}: {found}", file=sys.stderr, flush=True)
            return found

        found = dict(zip(names, pool.map(tried, range(len(names))), strict=True))
    write_bytes(PAGE, page(found).encode())


def page(found: dict[str, Rerun]) -> str:
    """Return the page. found: what ran, by key or path."""
    parts = {
        "Keys of params.yaml": Table("", ["key", "stages that ran"], [[f"`{k}`", str(found[k])] for k in OTHER]),
        "Files": Table("", ["edited", "stages that ran"], [[f"`{k}`", str(found[k])] for k in found if k not in OTHER]),
    }
    return INTRODUCTION + "".join(f"\n## {title}\n\n{table.markdown}\n" for title, table in parts.items())


def files() -> list[str]:
    """Return the files and folders of code that dvc.yaml names; of a folder that it also names in parts, the parts."""
    stages = parse_yaml((study.ROOT / "dvc.yaml").read_text())["stages"].values()
    paths = sorted({dep for stage in stages for dep in stage["deps"] if dep.startswith("pipeline/")})
    return [path for path in paths if not any(other.startswith(f"{path}/") for other in paths)]


def beside() -> list[str]:
    """Return the other files and folders that a user may edit; no stage needs them."""
    return ["docs", "examples", "studies", "tests", "pipeline/__main__.py", "pipeline/serving", "pipeline/verify"]


def small_pipeline(folder: Path) -> Path:
    """Return a clone in which all stages have run with small parameters."""
    clone = study.clone_repository(folder)
    prices = sample.prices().prices
    two = pd.concat([prices, prices.iloc[1500:].assign(ticker="TWO")])
    write_csv(clone / "data/raw/own.csv", two)
    study.run(clone, study.with_changes(study.read_params("params.yaml"), SMALL), "track")
    committed = repository.run(clone, "git", "commit", "--quiet", "--all", "--message", "small")
    if committed.status:
        raise RuntimeError(f"{clone}: {committed.errors}")
    return clone


def change(folder: Path, name: str) -> None:
    """Change a key, or edit a file or a file in a folder."""
    if name in OTHER:
        params = parse_yaml((folder / "params.yaml").read_text())
        study.write_params(folder, study.with_changes(params, OTHER[name]))
        return
    path = folder / name
    if path.is_dir():
        path = next((file for file in sorted(path.glob("*")) if file.suffix in (".py", ".md", ".yaml")), path / "a.csv")
    with path.open("a") as file:
        file.write("\n# a comment\n")


def rerun(folder: Path) -> Rerun:
    """Run `dvc repro` and return what ran."""
    before = outputs(folder)
    printed = repository.repro(folder)
    if printed.status:
        raise RuntimeError(f"{folder}: {printed.output}{printed.errors}")
    stages = re.findall(OUTCOMES["Ran"], printed.output, re.MULTILINE)
    after = outputs(folder)
    in_order = [name for name in after if name in stages]
    return Rerun(in_order, [name for name in in_order if after[name] == before[name]])


def outputs(folder: Path) -> dict[str, Any]:
    """Return the hashes of each stage's outputs, in the order of dvc.yaml."""
    lock = parse_yaml((folder / "dvc.lock").read_text())["stages"]
    return {name: lock[name]["outs"] for name in parse_yaml((folder / "dvc.yaml").read_text())["stages"]}


def keys() -> Iterator[str]:
    """Yield each key of params.yaml."""
    params = study.read_params("params.yaml")
    for section in SECTIONS:
        yield from (f"{section}.{key}" for key in params[section])


if __name__ == "__main__":
    main()
