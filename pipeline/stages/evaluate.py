"""Turn outputs into prices and bands, score them beside the baselines on the same days, reach a verdict."""

from pathlib import Path
from typing import Any

import numpy as np
from pydantic import Field

from pipeline import intervals, scores
from pipeline.artifacts import read_json, read_table, write_json, write_table
from pipeline.errors import UserError
from pipeline.metrics import metrics
from pipeline.params import Section, load
from pipeline.predictions import members, predictions, spread
from pipeline.stages import run
from pipeline.subject import Subject
from pipeline.tables import bands as bands_table
from pipeline.tables import predictions as predictions_table
from pipeline.tables import scores as scores_table
from pipeline.tables.prices import PRICES


class Params(Section):
    """Section evaluate of params.yaml, where each key is explained."""

    coverage: float = Field(gt=0, lt=1)


def main() -> None:
    params = load("evaluate", Params)
    rows, scaler = read_table(Path("data/rows.parquet")), read_json(Path("data/scaler.json"))
    baselines = read_table(Path("data/baselines.parquet"))
    references = judged_against(scaler, set(baselines["model"]))
    outputs = read_table(Path("data/outputs.parquet"))
    priced = scaler["column"] in PRICES
    predicted, each = predictions(rows, outputs, scaler), members(rows, outputs, scaler)
    predicted["spread"] = spread(each) if each else np.nan

    origins = scores.origins(rows, priced=priced)
    for ticker in sorted(set(rows["ticker"]) - set(origins.dropna(subset="unit")["ticker"])):
        print(f"{ticker}: not pooled, for it never changes over train")
    forecasts = predicted.merge(origins, how="left", on=["ticker", "origin"], validate="many_to_one")
    scale = intervals.scales(rows, predicted, baselines, priced=priced)
    best = intervals.chosen(scale)
    intervals.refuse_too_few(forecasts, scale[best], params.coverage)
    half = intervals.half_widths(forecasts, scale[best], "later", params.coverage)
    predicted = predicted.assign(lower=predicted["predicted"] - half, upper=predicted["predicted"] + half)
    bands = intervals.table(forecasts, scale, params.coverage)
    scored = scores.table(scores.side_by_side(forecasts, each, baselines), references)
    report = metrics(scored, bands, references, subject(scaler), best, params.coverage)

    write_table(Path("data/predictions.parquet"), predicted, predictions_table.SCHEMA)
    write_table(Path("data/scores.parquet"), scored, scores_table.SCHEMA)
    write_table(Path("data/bands.parquet"), bands, bands_table.SCHEMA)
    write_json(Path("reports/metrics.json"), report)
    print("\n".join(report["verdict"].values()))


def subject(scaler: dict[str, Any]) -> Subject:
    """Of data/scaler.json; several tickers have a unit where they agree on it."""
    units = set(scaler["units"].values())
    unit = units.pop() if len(units) == 1 else ""
    return Subject(scaler["column"], unit, scaler["step"], scaler["column"] in PRICES)


def judged_against(scaler: dict[str, Any], models: set[str]) -> dict[str, str]:
    """The simple forecast each target is judged against: what it departs from, persistence where from nothing."""
    references = {"price": "persistence" if scaler["baseline"] == "none" else scaler["baseline"]}
    if scaler["variance"] != "none":
        references["variance"] = scaler["variance"]
    for target, model in references.items():
        if model not in models:
            raise UserError(
                f"params.yaml: benchmark.models: found {', '.join(sorted(models))}; "
                f"{model} must be among them, for the {target} is judged against it"
            )
    return references


if __name__ == "__main__":
    run("evaluate", main)
