"""Runs the pipeline's own stages on changed parameters, in a folder of its own.

A stage runs again only where a section of params.yaml that it, or a stage before it, reads has changed since it last
ran there. What a stage reads is told by dvc.yaml.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
from ruamel.yaml import YAML

from pipeline.artifacts import read_json, read_table, write_json
from pipeline.errors import UserError
from pipeline.tables import samples as table

ROOT = Path(__file__).parent.parent
LIMIT = 1800  # seconds a stage

Params = dict[str, dict[str, Any]]


def committed(name: str) -> Params:
    """A params file of the repository, `params.yaml` or one of `examples/`, as plain values."""
    return YAML(typ="safe", pure=True).load(ROOT / name)


def changed(params: Params, changes: dict[str, Any]) -> Params:
    """The params with changes over them, by dotted keys: {"train.window": 5}. Raises UserError for an unknown key."""
    params = deepcopy(params)
    for key, value in changes.items():
        *path, last = key.split(".")
        section: Any = params
        for step in path:
            section = section.get(step, {})
        if last not in section:
            raise UserError(f"{key}: unknown key; accepted: keys of params.yaml, such as train.window")
        section[last] = value
    return params


@cache
def stages(last: str) -> dict[str, tuple[str, ...]]:
    """The stages up to `last`, in an order in which they can run, each with all sections that bear on its outputs."""
    graph = YAML(typ="safe").load(ROOT / "dvc.yaml")["stages"]
    maker = {out: stage for stage, entry in graph.items() for out in _outs(entry)}
    found: dict[str, tuple[str, ...]] = {}

    def visit(stage: str) -> None:
        sections = {name for name in graph[stage]["params"] if isinstance(name, str)}
        for dep in graph[stage]["deps"]:
            if dep in maker:
                visit(maker[dep])
                sections |= set(found[maker[dep]])
        found[stage] = tuple(sorted(sections))

    visit(last)
    return found


def _outs(entry: dict[str, Any]) -> Iterator[str]:
    for kind in ("outs", "metrics", "plots"):
        for out in entry.get(kind, []):
            yield out if isinstance(out, str) else next(iter(out))


def run(folder: Path, params: Params, last: str = "evaluate") -> None:
    """Run what has changed since the previous run in this folder, up to the stage `last`.

    Raises UserError with what a failing stage says. What a stage prints is dropped: evaluate tells test scores.
    """
    (folder / "data/raw").mkdir(parents=True, exist_ok=True)
    with (folder / "params.yaml").open("w") as file:
        YAML().dump(params, file)
    for stage, sections in stages(last).items():
        mark, reads = folder / f"ran/{stage}.json", {name: params[name] for name in sections}
        if mark.exists() and read_json(mark) == reads:
            continue
        mark.unlink(missing_ok=True)
        command = [sys.executable, "-m", f"pipeline.stages.{stage}"]
        done = subprocess.run(command, cwd=folder, env=environment(), capture_output=True, text=True, timeout=LIMIT)
        if done.returncode:
            raise UserError(done.stderr.strip())
        write_json(mark, reads)


def samples_in(folder: Path) -> pd.DataFrame:
    """All samples that prepare wrote in this folder: tables/samples, sorted."""
    return table.together(*(read_table(folder / f"data/samples/{name}.parquet") for name in table.FILES))


def environment() -> dict[str, str]:
    """That of what a study starts: this one, and where the pipeline is."""
    return {**os.environ, "PYTHONPATH": str(ROOT)}


def validation(folder: Path) -> dict[str, Any]:
    """The validation part of reports/metrics.json: {target: {h1: {measure: value}}}."""
    return read_json(folder / "reports/metrics.json")["validation"]


def variances(predictions: pd.DataFrame, baselines: pd.DataFrame) -> pd.DataFrame:
    """The log variances of validation, from the tables of these names: columns ticker, origin, horizon, actual,
    network, one for each variance baseline, and `later`, whether all of an origin's targets lie in the half of
    validation that early stopping has not seen.
    """
    found = predictions[predictions["split"] == "validation"]
    firsts = found[found["horizon"] == 1].set_index(["ticker", "origin"])["date"]
    dates = firsts.drop_duplicates().sort_values()
    later = (firsts >= dates.iloc[len(dates) // 2]).rename("later")
    names = {"variance_actual": "actual", "variance_predicted": "network"}
    key = ["ticker", "origin", "horizon"]
    found = found[[*key, *names]].rename(columns=names).join(later, on=["ticker", "origin"])
    for model, theirs in baselines[baselines["target"] == "variance"].groupby("model"):
        forecast = theirs[[*key, "predicted"]].rename(columns={"predicted": str(model)})
        found = found.merge(forecast, on=key, validate="one_to_one")
    return found


def skill(table: pd.DataFrame, reference: str) -> pd.Series:
    """The network's skill by horizon: 1 - MSE / MSE of the reference, over the rows of `variances`."""
    squared = {name: (table["actual"] - table[name]) ** 2 for name in ("network", reference)}
    errors = pd.DataFrame(squared).groupby(table["horizon"]).mean()
    return 1 - errors["network"] / errors[reference]
