"""The columns of data/samples/{train,validation,test}.parquet, and how rows are selected from them.

One row is a sample: an origin of one ticker, with what is known then and what happened afterwards. A row is stored in
the file of the split that contains its first target date, `date_1`.

Columns:
- `ticker`, `date` (the origin) and `split`, one of SPLITS.
- `last`: the value of the forecast column at the origin.
- `log_variance`: the log Garman-Klass variance of the session.
- `volatility`: the standard deviation of a session's log return, as estimated at the origin.
- `feature_*`: the scaled features, float32.
- `date_h`: the date of step h ahead, for each horizon h.
- For each target T (`price`, `variance`) and horizon h: `T_h` is the target, `T_h_baseline` is its baseline, null if it
  has none, and `T_h_scaled` is the scaled difference, target minus baseline, float32.

A target is null where it is not known, and in rows whose split is `warmup`, `purged` or `future`.
"""

from collections.abc import Iterable, Iterator

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

FILES = ("train", "validation", "test")
SPLITS = ("warmup", "train", "validation", "test", "purged", "future")
TARGETS = ("price", "variance")


def feature_column(name: str) -> str:
    return f"feature_{name}"


def date_column(h: int) -> str:
    return f"date_{h}"


def target_column(name: str, h: int) -> str:
    return f"{name}_{h}"


def baseline_column(name: str, h: int) -> str:
    return f"{name}_{h}_baseline"


def scaled_column(name: str, h: int) -> str:
    return f"{name}_{h}_scaled"


def schema(features: Iterable[str], targets: Iterable[str], horizon: int) -> pa.Schema:
    """Return the schema for these features and targets and the horizons 1 to `horizon`."""
    fields = [("ticker", pa.string()), ("date", pa.timestamp("us")), ("split", pa.string())]
    fields += [(name, pa.float64()) for name in ("last", "log_variance", "volatility")]
    fields += [(feature_column(name), pa.float32()) for name in features]
    steps = range(1, horizon + 1)
    fields += [(date_column(h), pa.timestamp("us")) for h in steps]
    for name in targets:
        for h in steps:
            fields += [(target_column(name, h), pa.float64()), (baseline_column(name, h), pa.float64())]
            fields += [(scaled_column(name, h), pa.float32())]
    return pa.schema(fields)


def feature_columns(rows: pd.DataFrame) -> list[str]:
    """Return the feature columns of the rows."""
    return [name for name in rows.columns if name.startswith(feature_column(""))]


def target_names(rows: pd.DataFrame) -> list[str]:
    """Return the names from TARGETS for which the rows have columns."""
    return [name for name in TARGETS if target_column(name, 1) in rows.columns]


def horizon_of(rows: pd.DataFrame) -> int:
    """Return the largest horizon of the rows."""
    return sum(name.startswith("date_") for name in rows.columns)


def has_baseline(rows: pd.DataFrame, name: str) -> bool:
    """Return whether a target is a difference from a baseline."""
    return bool(rows[baseline_column(name, 1)].notna().any())


def target_dates(rows: pd.DataFrame) -> NDArray[np.datetime64]:
    """Return the dates of the steps ahead: (rows, horizon) datetime64[us]."""
    return rows[[date_column(h) for h in range(1, horizon_of(rows) + 1)]].to_numpy()


def scaled_targets(rows: pd.DataFrame, name: str) -> NDArray[np.float32]:
    """Return the scaled columns of one target: (rows, horizon) float32."""
    return rows[[scaled_column(name, h) for h in range(1, horizon_of(rows) + 1)]].to_numpy(np.float32)


def rows_by_file(rows: pd.DataFrame, validation: pd.Timestamp, test: pd.Timestamp) -> Iterator[pd.DataFrame]:
    """Yield the rows of each file in FILES. validation, test: the first date of each."""
    first_dates = rows[date_column(1)]
    yield rows[first_dates < validation]
    yield rows[(first_dates >= validation) & (first_dates < test)]
    yield rows[first_dates >= test]


def in_order(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of several files, sorted by ticker and date."""
    return rows.sort_values(["ticker", "date"], ignore_index=True)


def by_horizon(rows: pd.DataFrame, **values: NDArray[np.floating | np.datetime64]) -> pd.DataFrame:
    """Return a long table: one row for each ticker, origin and horizon, one column for each of `values`.

    values: arrays (rows, horizon).
    """
    horizon = next(iter(values.values())).shape[1]
    key = rows[["ticker", "date"]].take(np.repeat(np.arange(len(rows)), horizon)).rename(columns={"date": "origin"})
    steps = np.tile(np.arange(1, horizon + 1), len(rows))
    return key.assign(horizon=steps, **{name: array.ravel() for name, array in values.items()})


def origins(rows: pd.DataFrame, window: int) -> NDArray[np.intp]:
    """Return the positions of the rows at which a window can end.

    The row and the window - 1 rows before it must belong to one ticker, and none of them may be warm-up.
    rows: with ticker and split, sorted by ticker and date.
    """
    # Each warm-up row starts a new group and counts as 0 in it, so the sum counts the rows since the last warm-up.
    is_complete = (rows["split"] != "warmup").to_numpy()
    groups = pd.Series(is_complete).groupby([rows["ticker"].to_numpy(), np.cumsum(~is_complete)], sort=False)
    return np.flatnonzero(groups.cumsum() >= window)


def windows(features: NDArray[np.float32], origins: NDArray[np.intp], window: int) -> NDArray[np.float32]:
    """Return the window that ends at each origin: (origins, window, features) float32.

    features: (rows, features); origins: positions of rows.
    """
    return features[origins[:, None] + np.arange(1 - window, 1)]


def stopping_mask(rows: pd.DataFrame) -> pd.Series:
    """Mark the rows for early stopping: validation samples with all targets in the earlier half of validation."""
    is_validation = rows["split"] == "validation"
    dates = np.unique(rows.loc[is_validation, date_column(1)])
    if not len(dates):
        return is_validation
    return is_validation & (rows[date_column(horizon_of(rows))] < dates[len(dates) // 2])
