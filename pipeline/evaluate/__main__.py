"""Put bands around the forecasts, score all models on the same sessions, and reach a verdict."""

from pathlib import Path

import pandas as pd

from pipeline.evaluate import intervals, scores
from pipeline.evaluate.metrics import metrics
from pipeline.evaluate.params import Params
from pipeline.evaluate.predictions import SCHEMA, by_model, next_forecasts, predictions
from pipeline.evaluate.verdict import verdict
from pipeline.forecaster import samples
from pipeline.forecaster.preparation import Preparation
from pipeline.io.artifacts import read_record, read_table, write_bytes, write_csv, write_json, write_record, write_table
from pipeline.io.stage import run
from pipeline.scoring import columns, summary
from pipeline.scoring.results import series_of


def main(params: Params) -> None:
    files = ("data/samples/train.parquet", "data/samples/validation.parquet", "data/samples/test.parquet")
    preparation = read_record(Path("data/preparation.json"), Preparation)
    used = ["ticker", "date", "split", "last", "log_variance", "volatility"]
    used += [samples.date_column(h) for h in range(1, preparation.horizon + 1)]
    rows = samples.in_order(read_table(*map(Path, files), columns=used, categories=["ticker"]))
    by_models = (Path("data/forecasts.parquet"), Path("data/benchmark.parquet"))
    table = read_table(*by_models, categories=["model", "target", "ticker"])
    baselines = scores.baselines(preparation, set(table["model"].cat.categories))
    series = series_of(preparation)

    predicted, origins = predictions(rows, table), scores.origins(rows, priced=series.priced)
    forecasts = by_model(table, predicted)
    variances = forecasts.get("variance", pd.DataFrame())
    del table  # the largest of all
    for ticker in sorted(set(rows["ticker"].unique()) - set(origins.dropna(subset="error_scale")["ticker"].unique())):
        print(f"{ticker}: left out of the pooled scores, because it never changes in train")
    known = predicted.merge(origins, how="left", on=["ticker", "origin"], validate="many_to_one")
    scale = intervals.scales(known, variances, priced=series.priced)
    bands = intervals.calibrated(known, scale, params.coverage, preparation.pool)
    band_scores = intervals.table(known, scale, params.coverage, preparation.pool)
    trained = set(read_table(Path("data/history.parquet"), columns=["target"])["target"])
    scored = scores.without_untrained(scores.table(scores.side_by_side(known, forecasts), baselines), trained)
    reached = verdict(scored, band_scores, baselines, series, bands.method, params.coverage, trained)

    predicted = intervals.with_bands(predicted, scale, bands)
    write_table(Path("data/predictions.parquet"), predicted, SCHEMA)
    write_table(Path("data/scores.parquet"), scored, columns.SCHEMA)
    write_table(Path("data/bands.parquet"), band_scores, intervals.SCHEMA)
    write_record(Path("data/bands.json"), bands)
    write_record(Path("data/verdict.json"), reached)
    fitted = [Path("data/preparation.json"), Path("data/bands.json"), *sorted(Path("data/model").rglob("*.keras"))]
    write_csv(Path("reports/next.csv"), next_forecasts(predicted, variances, [path.read_bytes() for path in fitted]))
    write_bytes(Path("reports/summary.md"), summary.markdown(reached).encode())
    write_json(Path("reports/metrics.json"), metrics(reached, scored, band_scores))
    print(reached.headline)


if __name__ == "__main__":
    run("evaluate", main, Params)
