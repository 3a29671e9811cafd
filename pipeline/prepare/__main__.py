"""Make features and targets, scale them (using the train split only), and split them by date."""

from pathlib import Path

from pipeline.forecaster import inputs, samples
from pipeline.io.artifacts import read_record, read_table, write_record, write_table
from pipeline.io.stage import run
from pipeline.prepare import fitting
from pipeline.prepare.params import Params, check, check_boundaries
from pipeline.prepare.splits import MIN_TRAIN_SAMPLES, assign_splits, check_markets
from pipeline.prices import has_range
from pipeline.quality import Scraped


def main(params: Params) -> None:
    prices = read_table(Path("data/prices.parquet"), categories=["ticker"])
    scraped = read_record(Path("reports/scrape.json"), Scraped)
    check_boundaries(params, scraped.source)
    check(params, prices)
    tickers, prices = set(prices["ticker"].unique()), prices[~prices["ticker"].isin(params.exclude_tickers)]
    calendars = fitting.calendars_of(scraped)
    required = inputs.required_columns(params.target, variance=params.variance != "none")
    rows = inputs.unscaled_rows(
        prices, params.column, params.features, calendars, params.horizon, params.season_length, required
    )
    ranged = has_range(prices)
    del prices  # so that its memory can be used again
    rows, boundaries = assign_splits(rows, params.validation, params.test, required)
    if scraped.source == "several":
        wanted = {name: report for name, report in scraped.tickers.items() if name not in params.exclude_tickers}
        check_markets(rows, wanted, boundaries)
    rows, preparation = fitting.fit_transform(rows, params, scraped, ranged=ranged)

    schema = samples.schema(params.features, list(preparation.targets), params.horizon)
    files = ("data/samples/train.parquet", "data/samples/validation.parquet", "data/samples/test.parquet")
    for path, file_rows in zip(files, samples.rows_by_file(rows.drop(columns="complete"), *boundaries), strict=True):
        write_table(Path(path), file_rows, schema)
    write_record(Path("data/preparation.json"), preparation)
    for ticker in sorted(tickers - set(rows["ticker"].unique())):
        excluded = ticker in params.exclude_tickers
        reason = "by exclude_tickers" if excluded else f"it has fewer than {MIN_TRAIN_SAMPLES} train samples"
        print(f"{ticker}: left out, {reason}")
    counts = rows["split"].value_counts().reindex(samples.SPLITS, fill_value=0)
    print(", ".join(f"{split} {count}" for split, count in counts.items()))


if __name__ == "__main__":
    run("prepare", main, Params)
