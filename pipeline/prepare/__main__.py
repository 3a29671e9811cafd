"""Make features and targets, scale them by the train split, and split them by date."""

from pathlib import Path

from pipeline.forecaster import inputs, samples
from pipeline.io.artifacts import read_record, read_table, write_record, write_table
from pipeline.io.stage import run
from pipeline.prepare import fitting
from pipeline.prepare.params import Params, check
from pipeline.prepare.splits import MIN_TRAIN_SAMPLES, in_splits
from pipeline.prices import has_range
from pipeline.quality import Scraped


def main(params: Params) -> None:
    prices, scraped = read_table(Path("data/prices.parquet")), read_record(Path("reports/scrape.json"), Scraped)
    check(params, prices)
    tickers, prices = set(prices["ticker"]), prices[~prices["ticker"].isin(params.exclude_tickers)]
    calendars, needed = fitting.calendars_of(scraped), inputs.needed(params.target, variance=params.variance != "none")
    rows = inputs.known(prices, params.column, params.features, calendars, params.horizon, params.season_length, needed)
    rows, boundaries = in_splits(rows, params.validation, params.test, needed)
    rows, preparation = fitting.fit_transform(rows, params, scraped, ranged=has_range(prices))

    schema = samples.schema(params.features, list(preparation.targets), params.horizon)
    files = ("data/samples/train.parquet", "data/samples/validation.parquet", "data/samples/test.parquet")
    for path, own in zip(files, samples.in_files(rows.drop(columns="complete"), *boundaries), strict=True):
        write_table(Path(path), own, schema)
    write_record(Path("data/preparation.json"), preparation)
    for ticker in sorted(tickers - set(rows["ticker"])):
        asked = ticker in params.exclude_tickers
        print(f"{ticker}: left out, {'as asked' if asked else f'it has fewer than {MIN_TRAIN_SAMPLES} train samples'}")
    counts = rows["split"].value_counts().reindex(samples.SPLITS, fill_value=0)
    print(", ".join(f"{split} {count}" for split, count in counts.items()))


if __name__ == "__main__":
    run("prepare", main, Params)
