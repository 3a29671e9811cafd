"""Compare prepare.pool on the examples with many tickers, by validation only. Writes docs/studies/pooling.csv.

The score is that of studies.choices: the validation skill of the log variance against HAR, as the mean over the
horizons. HAR is that of `together` in both, so that the two can be compared. The data files are expected beside the
repository, in ../shared/data.
"""

import tempfile
from pathlib import Path
from typing import get_args

import pandas as pd

from pipeline.forecaster.forecasts import NETWORK
from pipeline.forecaster.preparation import Pool
from pipeline.forecaster.samples import by_horizon, horizon_of, target_column
from pipeline.io.artifacts import read_table, write_csv
from studies import study
from studies.results import copy_data_files

PAGE = study.ROOT / "docs/studies/pooling.csv"
EXAMPLES = ("panel", "markets")
KEY = ["ticker", "origin", "horizon"]


def main() -> None:
    lines = []
    with tempfile.TemporaryDirectory() as temporary:
        clone = study.clone_repository(Path(temporary) / "clone")
        for example in EXAMPLES:
            params = study.read_params(f"examples/{example}.yaml")
            copy_data_files(params, clone)
            errors: dict[tuple[str, str], pd.Series] = {}
            for pool in get_args(Pool):
                changes = {"prepare.pool": pool, "benchmark.models": ["persistence", "har"]}
                for stage in ("predict", "benchmark"):  # bands by ticker need residuals of every ticker
                    study.run(clone, study.with_changes(params, changes), stage)
                errors |= {(pool, model): mse(clone, model) for model in (NETWORK, "har")}
            baseline = errors["together", "har"]
            for (pool, model), own in errors.items():
                skills = 1 - own / baseline
                scores = {f"h{h}": f"{value:+.4f}" for h, value in skills.items()}
                lines.append(
                    {"example": example, "pool": pool, "model": model, "mean": f"{skills.mean():+.4f}", **scores}
                )
                print(*lines[-1].values(), flush=True)
    write_csv(PAGE, pd.DataFrame(lines))


def mse(folder: Path, model: str) -> pd.Series:
    """Return a model's mean squared error of the log variance on validation, by horizon."""
    rows = read_table(folder / "data/samples/validation.parquet").query("split == 'validation'")
    columns = [target_column("variance", h) for h in range(1, horizon_of(rows) + 1)]
    actual = by_horizon(rows, actual=rows[columns].to_numpy()).set_index(KEY)["actual"]
    forecasts = pd.concat([read_table(folder / f"data/{name}.parquet") for name in ("forecasts", "benchmark")])
    own = forecasts[(forecasts["target"] == "variance") & (forecasts["model"] == model)].set_index(KEY)["predicted"]
    return ((own - actual).dropna() ** 2).groupby("horizon").mean()


if __name__ == "__main__":
    main()
