"""data/samples/{train,validation,test}.parquet: one row is an origin session of a ticker: what is known then, and what
came of it. A row lies in the file of the date of its first target, `date_1`.

Columns: `ticker, date, split`; `last`, the forecast column's value; `log_variance`, log Garman-Klass variance
of the session; `volatility`, a session's standard deviation of log returns as known at the origin;
`feature_*`, scaled, float32; for each horizon h `date_h`, the session forecast, and for each target
(`price`, `variance`) `T_h_baseline`, what it departs from, `T_h`, the target, and `T_h_scaled`, the scaled departure,
float32. Targets are null where they are not known, and in rows of split `warmup`, `purged` and `future`.
"""

from collections.abc import Iterable

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

FILES = ("train", "validation", "test")
SPLITS = ("warmup", "train", "validation", "test", "purged", "future")
TARGETS = ("price", "variance")


def feature(name: str) -> str:
    return f"feature_{name}"


def date(h: int) -> str:
    return f"date_{h}"


def target(name: str, h: int) -> str:
    return f"{name}_{h}"


def baseline(name: str, h: int) -> str:
    return f"{name}_{h}_baseline"


def scaled(name: str, h: int) -> str:
    return f"{name}_{h}_scaled"


def schema(features: Iterable[str], targets: Iterable[str], horizon: int) -> pa.Schema:
    """The schema for these features, targets and horizons 1 to `horizon`."""
    fields = [("ticker", pa.string()), ("date", pa.timestamp("us")), ("split", pa.string())]
    fields += [(name, pa.float64()) for name in ("last", "log_variance", "volatility")]
    fields += [(feature(name), pa.float32()) for name in features]
    steps = range(1, horizon + 1)
    fields += [(date(h), pa.timestamp("us")) for h in steps]
    for name in targets:
        for h in steps:
            fields += [(target(name, h), pa.float64()), (baseline(name, h), pa.float64())]
            fields += [(scaled(name, h), pa.float32())]
    return pa.schema(fields)


def features_of(rows: pd.DataFrame) -> list[str]:
    """The names of the feature columns."""
    return [name for name in rows.columns if name.startswith(feature(""))]


def targets_of(rows: pd.DataFrame) -> list[str]:
    """Which of TARGETS the rows hold."""
    return [name for name in TARGETS if target(name, 1) in rows.columns]


def horizon_of(rows: pd.DataFrame) -> int:
    """The farthest horizon the rows hold."""
    return sum(name.startswith(date(0)[:-1]) for name in rows.columns)


def dates_of(rows: pd.DataFrame) -> NDArray[np.datetime64]:
    """The dates of the steps ahead: (rows, horizon) datetime64[us]."""
    return rows[[date(h) for h in range(1, horizon_of(rows) + 1)]].to_numpy()


def scaled_of(rows: pd.DataFrame, name: str) -> NDArray[np.float32]:
    """A target's scaled departures: (rows, horizon) float32."""
    return rows[[scaled(name, h) for h in range(1, horizon_of(rows) + 1)]].to_numpy(np.float32)


def in_files(rows: pd.DataFrame, validation: pd.Timestamp, test: pd.Timestamp) -> list[pd.DataFrame]:
    """The rows of each of FILES. validation, test: the first dates of these."""
    first = rows[date(1)]
    return [rows[first < validation], rows[(first >= validation) & (first < test)], rows[first >= test]]


def together(*files: pd.DataFrame) -> pd.DataFrame:
    """The rows of several files as one table, sorted by ticker and date."""
    return pd.concat(files).sort_values(["ticker", "date"], ignore_index=True)


def by_horizon(rows: pd.DataFrame, **values: NDArray[np.floating | np.datetime64]) -> pd.DataFrame:
    """What was said at each row, each value (rows, horizon), as one row a ticker, origin and horizon."""
    horizon = next(iter(values.values())).shape[1]
    key = rows.loc[rows.index.repeat(horizon), ["ticker", "date"]].rename(columns={"date": "origin"})
    steps = np.tile(np.arange(1, horizon + 1), len(rows))
    return key.assign(horizon=steps, **{name: value.ravel() for name, value in values.items()})


def origins(rows: pd.DataFrame, window: int) -> NDArray[np.intp]:
    """The rows at which a window may end: it and the window - 1 rows before are no warm-up, and of one ticker.

    rows: ticker and split, sorted by ticker and date.
    """
    # A row of warm-up opens a stretch of its own, in which it counts for nothing.
    complete = (rows["split"] != "warmup").to_numpy()
    stretch = pd.Series(complete).groupby([rows["ticker"].to_numpy(), np.cumsum(~complete)], sort=False)
    return np.flatnonzero(stretch.cumsum() >= window)


def windows(features: NDArray[np.float32], origins: NDArray[np.intp], window: int) -> NDArray[np.float32]:
    """(rows, features) float32 and the row each window ends at -> (windows, window, features) float32."""
    return features[origins[:, None] + np.arange(1 - window, 1)]


def stopping(rows: pd.DataFrame) -> pd.Series:
    """Which rows early stopping may see: validation samples whose targets all lie in its earlier half."""
    last = rows[date(horizon_of(rows))]
    return (rows["split"] == "validation") & (last < _middle(rows))


def calibration(rows: pd.DataFrame) -> pd.Series:
    """Which rows bands may be calibrated on: validation samples whose targets all lie in its later half."""
    return (rows["split"] == "validation") & (rows[date(1)] >= _middle(rows))


def _middle(rows: pd.DataFrame) -> np.datetime64:
    """The first session of validation's later half; the end of time where there is no validation."""
    dates = np.unique(rows.loc[rows["split"] == "validation", date(1)])
    return dates[len(dates) // 2] if len(dates) else np.datetime64("2262-01-01")
