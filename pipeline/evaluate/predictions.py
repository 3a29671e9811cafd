"""data/predictions.parquet: one row is the network's forecast from one origin for one session.

`actual` and `predicted` are values of the forecast column. `actual` is null in the future. `lower` and `upper` are the
bounds of the band, null where its width is unknown. `variance_*` are log Garman-Klass variances, null if the variance
is not forecast.
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
    """Return data/predictions.parquet without its band, sorted: every forecast of the network, with the actual value.

    A forecast of a session that is still to come has split `future`. One whose actual value is missing has `purged`.

    rows: all of forecaster/samples; forecasts: of forecaster/forecasts.
    """
    network = forecasts[forecasts["model"] == NETWORK]
    by_target = network.pivot(index=KEY, columns="target", values="predicted")
    table = by_target.reindex(columns=list(NAMES)).rename(columns=NAMES).reset_index()
    origins = rows[["ticker", "date", "split", "last"]].rename(columns={"date": "origin"})
    actuals = rows[["ticker", "date", "last", "log_variance"]]
    actuals = actuals.rename(columns={"last": "actual", "log_variance": "variance_actual"})
    dates = samples.by_horizon(rows, date=samples.target_dates(rows))
    table = table.merge(origins, how="left", on=["ticker", "origin"], validate="many_to_one")
    table = table.merge(dates, how="left", on=KEY, validate="one_to_one")
    table = table.merge(actuals, how="left", on=["ticker", "date"], validate="many_to_one")
    if "variance" not in set(network["target"]):
        table["variance_actual"] = np.nan
    in_future = table["date"] > table["ticker"].map(rows.groupby("ticker")["date"].max())
    split = np.where(in_future, "future", np.where(table["actual"].isna(), "purged", table["split"]))
    return table.assign(split=split)
