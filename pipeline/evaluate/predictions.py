"""data/predictions.parquet: one row is the network's forecast from one origin for one session.

`actual` and `predicted` are values of the forecast column. `actual` is null in the future. `lower` and `upper` are the
bounds of the band, null where its width is unknown. `variance_*` are log Garman-Klass variances, null if the variance
is not forecast.
"""

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

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

Floats = NDArray[np.float64]


def positions(keys: pd.DataFrame, table: pd.DataFrame) -> NDArray[np.intp]:
    """Return where in the table each key stands, -1 where it is missing: (keys,).

    keys, table: two columns, the ticker and a date; each row of the table once, in order.
    """
    tickers = pd.Index(table.iloc[:, 0].astype("category").cat.categories)
    dates = pd.DatetimeIndex(np.unique(table.iloc[:, 1]))

    def codes(pairs: pd.DataFrame) -> NDArray[np.intp]:
        ticker = pairs.iloc[:, 0].astype("category").cat
        of_ticker, of_date = tickers.get_indexer(ticker.categories)[ticker.codes], dates.get_indexer(pairs.iloc[:, 1])
        return np.where((of_ticker >= 0) & (of_date >= 0), of_ticker * len(dates) + of_date, -1)

    in_table, wanted = codes(table), codes(keys)
    found = np.searchsorted(in_table, wanted).clip(max=len(in_table) - 1)
    return np.where(in_table[found] == wanted, found, -1)


def by_model(forecasts: pd.DataFrame, predictions: pd.DataFrame) -> dict[str, dict[str, Floats]]:
    """Return each model's forecasts from the network's origins: by target and model, (predictions,).

    NaN where the model has none. predictions: data/predictions.parquet, or its columns ticker, origin and horizon.
    """
    horizon = int(predictions["horizon"].max())
    origins = predictions.loc[predictions["horizon"] == 1, ["ticker", "origin"]]
    row = positions(forecasts[["ticker", "origin"]], origins)
    column, values = forecasts["horizon"].to_numpy() - 1, forecasts["predicted"].to_numpy()
    tables: dict[str, dict[str, Floats]] = {}
    for (target, model), own in forecasts.groupby(["target", "model"]).indices.items():
        known = own[row[own] >= 0]
        table = np.full((len(origins), horizon), np.nan)
        table[row[known], column[known]] = values[known]
        tables.setdefault(str(target), {})[str(model)] = table.ravel()
    return tables


def predictions(rows: pd.DataFrame, forecasts: pd.DataFrame) -> pd.DataFrame:
    """Return data/predictions.parquet without its band, sorted: every forecast of the network, with the actual value.

    A forecast of a session that is still to come has split `future`. One whose actual value is missing has `purged`.

    rows: all of forecaster/samples; forecasts: of forecaster/forecasts.
    """
    network, known = forecasts[forecasts["model"] == NETWORK], rows[["ticker", "date"]]
    origin = positions(network.loc[network["horizon"] == 1, ["ticker", "origin"]], known)
    origin = np.unique(origin[origin >= 0])
    dates = samples.target_dates(rows)
    row = np.repeat(origin, dates.shape[1])
    table = pd.DataFrame({"ticker": rows["ticker"].array[row], "origin": rows["date"].array[row]})
    table["horizon"] = np.tile(np.arange(1, dates.shape[1] + 1, dtype=np.int32), len(origin))
    table["date"], table["last"] = dates[origin].ravel(), rows["last"].to_numpy()[row]
    forecast = by_model(network, table)
    actual = positions(table[["ticker", "date"]], known)
    for name, target, column in (("", "price", "last"), ("variance_", "variance", "log_variance")):
        values = rows[column].to_numpy()[actual]
        is_forecast = target in forecast
        table[f"{name}actual"] = np.where((actual >= 0) & is_forecast, values, np.nan)
        table[f"{name}predicted"] = forecast[target][NETWORK] if is_forecast else np.nan
    in_future = table["date"] > rows.groupby("ticker")["date"].transform("max").to_numpy()[row]
    split = np.where(table["actual"].isna(), "purged", rows["split"].to_numpy(object)[row])
    return table.assign(split=np.where(in_future, "future", split))
