"""data/predictions.parquet: one row is the network's forecast for a session; actuals are null in the future.

`actual` and `predicted` are values of the forecast column; `lower` and `upper` bound the band, null where nothing is
known of its width; `variance_*` are log Garman-Klass variances, null where the variance is not forecast.
"""

import numpy as np
import pandas as pd
import pyarrow as pa

from pipeline.forecaster import samples
from pipeline.forecaster.forecasts import NETWORK

SCHEMA = pa.schema(
    [
        ("ticker", pa.string()),
        ("origin", pa.timestamp("us")),
        ("horizon", pa.int32()),
        ("date", pa.timestamp("us")),
        ("split", pa.string()),
        ("last", pa.float64()),
        ("actual", pa.float64()),
        ("predicted", pa.float64()),
        ("lower", pa.float64()),
        ("upper", pa.float64()),
        ("variance_actual", pa.float64()),
        ("variance_predicted", pa.float64()),
    ]
)

KEY = ["ticker", "origin", "horizon"]
NAMES = {"price": "predicted", "variance": "variance_predicted"}


def predictions(rows: pd.DataFrame, forecasts: pd.DataFrame) -> pd.DataFrame:
    """The columns of data/predictions.parquet but for the band, sorted: every forecast of the network, and its actual.

    rows: of forecaster/samples, all of them; forecasts: of forecaster/forecasts. A forecast whose actual is not known
    yet has split future, one whose actual never was, purged.
    """
    own = forecasts[forecasts["model"] == NETWORK]
    found = (
        own.pivot(index=KEY, columns="target", values="predicted").reindex(columns=list(NAMES)).rename(columns=NAMES)
    )
    dates = samples.target_dates(rows)
    at = rows[["ticker", "date", "split", "last"]].rename(columns={"date": "origin"})
    came = rows[["ticker", "date", "last", "log_variance"]]
    came = came.rename(columns={"last": "actual", "log_variance": "variance_actual"})
    found = found.reset_index().merge(at, how="left", on=["ticker", "origin"], validate="many_to_one")
    found = found.merge(samples.by_horizon(rows, date=dates), how="left", on=KEY, validate="one_to_one")
    found = found.merge(came, how="left", on=["ticker", "date"], validate="many_to_one")
    if "variance" not in set(own["target"]):
        found["variance_actual"] = np.nan
    beyond = found["date"] > found["ticker"].map(rows.groupby("ticker")["date"].max())
    split = np.where(beyond, "future", np.where(found["actual"].isna(), "purged", found["split"]))
    return found.assign(split=split)
