"""Put bands around the forecasts, score them beside the simple ones on the same days, reach a verdict."""

from pathlib import Path

import pandas as pd
from pydantic import Field

from pipeline import intervals, scores
from pipeline.artifacts import read_record, read_table, write_json, write_record, write_table
from pipeline.errors import UserError
from pipeline.forecaster import bands
from pipeline.forecaster.preparation import Preparation
from pipeline.metrics import metrics
from pipeline.params import Section, load
from pipeline.predictions import predictions
from pipeline.results import subject_of
from pipeline.sentences import verdict_of
from pipeline.stages import run
from pipeline.tables import bands as bands_table
from pipeline.tables import predictions as predictions_table
from pipeline.tables import samples as table
from pipeline.tables import scores as scores_table
from pipeline.tables.prices import PRICES


class Params(Section):
    """Section evaluate of params.yaml, where each key is explained."""

    coverage: float = Field(gt=0, lt=1)


def main() -> None:
    params = load("evaluate", Params)
    files = ("data/samples/train.parquet", "data/samples/validation.parquet", "data/samples/test.parquet")
    rows = table.together(*(read_table(Path(path)) for path in files))
    preparation = read_record(Path("data/preparation.json"), Preparation)
    benchmark = read_table(Path("data/benchmark.parquet"))
    references = judged_against(preparation, set(benchmark["model"]))
    forecasts = pd.concat([read_table(Path("data/forecasts.parquet")), benchmark], ignore_index=True)
    priced = preparation.column in PRICES
    predicted = predictions(rows, forecasts)

    origins = scores.origins(rows, priced=priced)
    for ticker in sorted(set(rows["ticker"]) - set(origins.dropna(subset="unit")["ticker"])):
        print(f"{ticker}: not pooled, for it never changes over train")
    known = predicted.merge(origins, how="left", on=["ticker", "origin"], validate="many_to_one")
    scale = intervals.scales(rows, predicted, forecasts, priced=priced)
    best = intervals.chosen(scale)
    intervals.refuse_too_few(known, scale[best], params.coverage)
    calibrated = intervals.calibrated(known, scale[best], params.coverage)
    tickers = predicted.loc[predicted["horizon"] == 1, "ticker"]
    half = bands.half_widths(scale[best].to_numpy().reshape(-1, preparation.horizon), calibrated, tickers).ravel()
    predicted = predicted.assign(lower=predicted["predicted"] - half, upper=predicted["predicted"] + half)
    held = intervals.table(known, scale, params.coverage)
    scored = scores.table(scores.side_by_side(known, forecasts), references)
    verdict = verdict_of(scored, held, references, subject_of(preparation), best, params.coverage)

    write_table(Path("data/predictions.parquet"), predicted, predictions_table.SCHEMA)
    write_table(Path("data/scores.parquet"), scored, scores_table.SCHEMA)
    write_table(Path("data/bands.parquet"), held, bands_table.SCHEMA)
    write_record(Path("data/bands.json"), calibrated)
    write_record(Path("data/verdict.json"), verdict)
    write_json(Path("reports/metrics.json"), metrics(verdict, scored, held))
    print("\n".join(verdict.sentences.values()))


def judged_against(preparation: Preparation, models: set[str]) -> dict[str, str]:
    """The simple forecast each target is judged against: what it departs from, persistence where from nothing."""
    baselines = {name: target.baseline for name, target in preparation.targets.items()}
    references = {name: "persistence" if own == "none" else str(own) for name, own in baselines.items()}
    for target, model in references.items():
        if model not in models:
            raise UserError(
                f"params.yaml: benchmark.models: found {', '.join(sorted(models))}; "
                f"{model} must be among them, for the {target} is judged against it"
            )
    return references


if __name__ == "__main__":
    run("evaluate", main)
