"""Fit and forecast every fold, and write all forecasts, and what came of them.

Each finished task is a file in data/tasks, named by a hash of everything that it depends on. A run that was killed goes
on where it stopped, and a run with one more seed or year fits only that one.
"""

import json
from pathlib import Path

import pandas as pd
from tqdm import tqdm

from pipeline.forecaster import inputs
from pipeline.io.artifacts import digest, read_bytes, read_json, read_record, read_table, write_table
from pipeline.io.params import parse_yaml
from pipeline.io.stage import run
from pipeline.prepare.fitting import calendars_of
from pipeline.prepare.params import check
from pipeline.quality import Scraped
from studies.backtest import engines
from studies.backtest.fitting import (
    ACTUAL_SCHEMA,
    SCHEMA,
    Data,
    Settings,
    Task,
    actual_values,
    forecasts_of,
    settings,
    tasks,
)
from studies.backtest.folds import folds

PRICES, SCRAPED = Path("data/prices.parquet"), Path("reports/scrape.json")
FINISHED, VERSIONS = Path("data/tasks"), Path("../../versions.json")


def main() -> None:
    chosen = settings()
    data = data_of(chosen)
    params = chosen.backtest
    years = folds(data.rows["date"], params.first_year, params.train_years, params.validation_years)
    wanted = tasks(chosen, years, sorted(data.rows["ticker"].unique()))
    files = {task: FINISHED / f"{key}.parquet" for task, key in keys(wanted, chosen).items()}
    for old in set(FINISHED.glob("*.parquet")) - set(files.values()):
        old.unlink()
    missing = [task for task in wanted if not files[task].exists()]
    results = engines.results(forecasts_of, missing, data, chosen)
    for task, table in tqdm(results, total=len(missing), unit="task", disable=None):  # quiet where there is no terminal
        write_table(files[task], table, SCHEMA)
    forecasts = pd.concat([read_table(files[task]) for task in wanted])
    by = ["target", "ticker", "origin", "horizon", "pooling", "model", "seed"]
    write_table(Path("data/forecasts.parquet"), forecasts.sort_values(by, ignore_index=True), SCHEMA)
    write_table(Path("data/actual.parquet"), actual_values(data.rows), ACTUAL_SCHEMA)
    print(f"{len(years)} years, {len(wanted)} tasks, of which {len(wanted) - len(missing)} were finished before")


def data_of(chosen: Settings) -> Data:
    """Return the rows of all years. Raises UserError if the prices do not fit the parameters."""
    prices, scraped, params = read_table(PRICES), read_record(SCRAPED, Scraped), chosen.prepare
    check(params, prices)
    prices = prices[~prices["ticker"].isin(params.exclude_tickers)]
    required = inputs.required_columns(params.target, variance=True)
    rows = inputs.unscaled_rows(
        prices, params.column, params.features, calendars_of(scraped), params.horizon, params.season_length, required
    )
    return Data(rows, required, scraped)


def keys(wanted: list[Task], chosen: Settings) -> dict[Task, str]:
    """Return the hash of everything that each task depends on: itself, parameters, and what dvc.yaml lists."""
    stage = parse_yaml(Path("dvc.yaml").read_text())["stages"]["forecast"]
    deps = [Path(dep) for dep in stage["deps"]]
    files = [file for dep in deps for file in (sorted(dep.rglob("*.py")) if dep.is_dir() else [dep])]
    (names,) = (named[str(VERSIONS)] for named in stage["params"] if str(VERSIONS) in named)
    versions = read_json(VERSIONS)
    shared = {
        "files": [digest(read_bytes(file)) for file in files],
        "versions": {name: versions[name] for name in names},
        "params": [chosen.prepare.model_dump(), chosen.train.model_dump(), chosen.window],
        "backtest": chosen.backtest.model_dump(include={"refit", "models"}),
    }
    same = digest(json.dumps(shared).encode())
    return {task: digest(json.dumps([same, task], default=str).encode()) for task in wanted}


if __name__ == "__main__":
    run("backtest", main)
