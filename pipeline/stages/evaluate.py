"""Turn outputs into prices, score them beside the baselines on the same days, reach a verdict."""

from pathlib import Path
from typing import Any

from pipeline import scores
from pipeline.artifacts import read_json, read_table, write_json, write_table
from pipeline.errors import UserError
from pipeline.metrics import metrics
from pipeline.predictions import predictions
from pipeline.stages import run
from pipeline.subject import Subject
from pipeline.tables import predictions as predictions_table
from pipeline.tables import scores as scores_table
from pipeline.tables.prices import PRICES


def main() -> None:
    rows, scaler = read_table(Path("data/rows.parquet")), read_json(Path("data/scaler.json"))
    baselines = read_table(Path("data/baselines.parquet"))
    references = judged_against(scaler, set(baselines["model"]))
    predicted = predictions(rows, read_table(Path("data/outputs.parquet")), scaler)
    units = scores.units(rows, priced=scaler["column"] in PRICES)
    for ticker in sorted(set(rows["ticker"]) - set(units.dropna()["ticker"])):
        print(f"{ticker}: not pooled, for it never changes over train")
    scored = scores.table(scores.side_by_side(predicted, baselines, units), references)
    report = metrics(scored, references, subject(scaler))
    write_table(Path("data/predictions.parquet"), predicted, predictions_table.SCHEMA)
    write_table(Path("data/scores.parquet"), scored, scores_table.SCHEMA)
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
