"""data/predictions.parquet: one row is the network's forecast from one origin for one session; and reports/next.csv.

`actual` and `predicted` are values of the forecast column. `actual` is null in the future. `lower` and `upper` are the
bounds of the band, null where its width is unknown, and before test, because bands are calibrated on validation.
`variance_*` are log Garman-Klass variances, null if the variance is not forecast.

reports/next.csv has the rows of each ticker's last origin. `volatility` is the network's, `har_volatility` HAR's, empty
if not forecast; `fingerprint` is a hash of the fitted forecaster.
"""

import numpy as np
import pandas as pd
import pyarrow as pa

from pipeline.forecaster import samples
from pipeline.forecaster.forecasts import COMBINATION, NETWORK
from pipeline.forecaster.targets import future_values
from pipeline.io.artifacts import digest
from pipeline.scoring.results import last_forecast

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
NEXT = ["ticker", "origin", "date", "horizon", "last", "forecast", "lower", "upper"]
NEXT += ["volatility", "har_volatility", "fingerprint"]


def by_model(forecasts: pd.DataFrame, predictions: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return each model's forecasts from the network's origins: by target, a column for each model.

    NaN where the model has none. COMBINATION is the mean of the network's and boosting's forecasts of the
    variance: the mean of two good forecasts often has less error than either (Bates and Granger 1969, "The combination
    of forecasts", Operational Research Quarterly 20(4)), and fitted weights are seldom better than equal ones
    (Timmermann 2006, "Forecast combinations", Handbook of Economic Forecasting 1).
    The rows are those of predictions: data/predictions.parquet, or its columns KEY.
    """
    row = pd.MultiIndex.from_frame(predictions[KEY]).get_indexer(pd.MultiIndex.from_frame(forecasts[KEY]))
    values, positions = forecasts["predicted"].to_numpy(), forecasts.groupby(["target", "model"]).indices
    tables: dict[str, pd.DataFrame] = {}
    for target, model in sorted(positions):
        own, column = positions[target, model], np.full(len(predictions) + 1, np.nan)
        column[row[own]] = values[own]  # row -1, the one too many, takes the forecasts from other origins
        tables.setdefault(target, pd.DataFrame(index=predictions.index))[model] = column[:-1]
    variances = tables.get("variance", pd.DataFrame())
    if {NETWORK, "boosting"} <= set(variances):
        variances[COMBINATION] = (variances[NETWORK] + variances["boosting"]) / 2
    return tables


def predictions(rows: pd.DataFrame, forecasts: pd.DataFrame) -> pd.DataFrame:
    """Return data/predictions.parquet without its band, sorted: every forecast of the network, with the actual value.

    A forecast of a session that is still to come has split `future`. One whose actual value is missing has `purged`.

    rows: all of forecaster/samples; forecasts: of forecaster/forecasts.
    """
    network, horizon = forecasts[forecasts["model"] == NETWORK], samples.horizon_of(rows)
    origins = pd.MultiIndex.from_frame(network.loc[network["horizon"] == 1, ["ticker", "origin"]])
    is_origin = pd.MultiIndex.from_frame(rows[["ticker", "date"]]).isin(origins)
    dates, actual = samples.target_dates(rows), future_values(rows, "last", horizon)
    in_future = dates > rows.groupby("ticker")["date"].transform("max").to_numpy()[:, None]
    split = np.where(np.isnan(actual), "purged", rows["split"].to_numpy(object)[:, None])
    steps = {"date": dates, "split": np.where(in_future, "future", split), "actual": actual}
    steps["variance_actual"] = future_values(rows, "log_variance", horizon)
    table = samples.by_horizon(rows[is_origin], **{name: values[is_origin] for name, values in steps.items()})
    table = table.join(rows["last"]).reset_index(drop=True).astype({"horizon": np.int32})
    forecast = by_model(network, table)
    if "variance" not in forecast:
        forecast["variance"] = pd.DataFrame({NETWORK: np.nan}, table.index)
        table["variance_actual"] = np.nan
    return table.assign(predicted=forecast["price"][NETWORK], variance_predicted=forecast["variance"][NETWORK])


def next_forecasts(predictions: pd.DataFrame, variances: pd.DataFrame, fitted: list[bytes]) -> pd.DataFrame:
    """Return reports/next.csv.

    predictions: data/predictions.parquet; variances: as from `by_model`; fitted: the files of the forecaster.
    """
    har, fingerprint = np.exp(variances.get("har", np.nan) / 2), digest("".join(map(digest, fitted)).encode())
    rows = last_forecast(predictions).rename(columns={"predicted": "forecast"})
    return rows.assign(har_volatility=har, fingerprint=fingerprint)[NEXT]
