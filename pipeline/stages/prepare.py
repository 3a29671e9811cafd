"""Make causal features and targets, scale them, and say which sample is train, validation or test."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from pipeline import calendars, samples, targets
from pipeline.artifacts import read_json, read_table, write_json, write_table
from pipeline.params import Section, each_once, load
from pipeline.scaling import Kind
from pipeline.stages import run
from pipeline.tables import rows as table

Share = Annotated[float, Field(gt=0, lt=1)]


class Params(Section):
    """Section prepare of params.yaml, where each key is explained."""

    column: Literal["open", "high", "low", "close", "adj_close"]
    target: targets.Kind
    baseline: Literal["persistence", "drift", "none"]
    variance: Literal["har", "none"]
    horizon: int = Field(ge=1, le=22)
    features: Annotated[list[str], Field(min_length=1), AfterValidator(each_once)]
    scaling: Kind
    validation: Share
    test: Share


def main() -> None:
    params = load("prepare", Params)
    prices, calendar = read_table(Path("data/prices.parquet")), read_json(Path("reports/scrape.json"))["calendar"]
    ends = prices.groupby("ticker")["date"].max()
    following = {ticker: calendars.following(calendar, end, params.horizon) for ticker, end in ends.items()}

    rows = samples.unscaled(prices, params.column, params.features, following)
    uses_range = params.target == "return" or params.variance != "none"
    needed = ["last", "log_variance", "volatility"] if uses_range else ["last"]
    rows = samples.in_splits(rows, params.validation, params.test, needed)
    scalers = {}
    rows, scalers["price"] = samples.with_prices(rows, params.target, params.baseline, params.scaling)
    if params.variance != "none":
        rows, scalers["variance"] = samples.with_variances(rows, params.variance, params.scaling)
    missing = samples.missing(rows)
    rows, scalers["features"] = samples.with_scaled_features(rows, params.scaling)

    schema = table.schema(params.features, table.targets_of(rows), params.horizon)
    write_table(Path("data/rows.parquet"), rows.drop(columns="complete"), schema)
    facts = params.model_dump(include={"column", "target", "baseline", "variance"})
    write_json(Path("data/scaler.json"), {**facts, "scalers": scalers, "missing": missing})
    for ticker in sorted(set(prices["ticker"]) - set(rows["ticker"])):
        print(f"{ticker}: left out, it has no train sample")
    counts = rows["split"].value_counts().reindex(table.SPLITS, fill_value=0)
    print(", ".join(f"{split} {count}" for split, count in counts.items()))


if __name__ == "__main__":
    run("prepare", main)
