"""For each session, forecast the next sessions with the network."""

from pathlib import Path

from pipeline.forecaster import ensemble, forecasts, samples
from pipeline.forecaster.preparation import Preparation
from pipeline.io.artifacts import read_record, read_table, write_table
from pipeline.io.errors import UserError
from pipeline.io.stage import run


def main() -> None:
    files = ("data/samples/train.parquet", "data/samples/validation.parquet", "data/samples/test.parquet")
    rows = samples.in_order(read_table(*map(Path, files), categories=["ticker"]))
    preparation = read_record(Path("data/preparation.json"), Preparation)
    members = ensemble.load_members(Path("data/model"), preparation)
    window = members["price"].window
    positions = samples.origins(rows, window)
    if not (rows["split"].iloc[positions] == "test").any():
        raise UserError(
            f"params.yaml: train.window: found {window}, which leaves no sample for test; accepted: a smaller one"
        )
    tables = (
        samples.by_horizon(rows.iloc[positions], predicted=predicted).assign(model=model, target=target)
        for target, by_model in ensemble.forecasts(members, rows, positions, preparation).items()
        for model, predicted in by_model.items()
    )
    write_table(Path("data/forecasts.parquet"), tables, forecasts.SCHEMA)
    print(f"{' and '.join(members)} from {len(positions)} origins, by {len(members['price'].models)} networks each")


if __name__ == "__main__":
    run("predict", main)
