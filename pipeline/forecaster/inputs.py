"""What is known at each origin: features, baselines and the dates ahead. No value here uses later rows."""

from collections.abc import Mapping
from functools import cache

import numpy as np
import pandas as pd

from pipeline import calendars
from pipeline.forecaster import baselines, targets
from pipeline.forecaster.features import feature_table, lookback
from pipeline.forecaster.preparation import MAX_DEVIATIONS, Calendar, Coefficients, Preparation, for_ticker, transform
from pipeline.forecaster.samples import baseline_column, date_column, feature_column
from pipeline.forecaster.targets import MONTH, log_variance, volatility
from pipeline.prices import OHLC


def unscaled_rows(
    prices: pd.DataFrame,
    column: str,
    feature_names: list[str],
    calendar_by_ticker: Mapping[str, Calendar],
    horizon: int,
    season_length: int,
    required: list[str],
) -> pd.DataFrame:
    """Return one row for each session: ticker, date, last, log_variance, volatility, feature_*, date_*, complete.

    A row is `complete` if all earlier values that it needs are known. prices: sorted by ticker and date; column: the
    forecast column; calendar_by_ticker: by ticker or ALL, gives the dates after a ticker's last; required: the columns
    that need a value in a complete row.
    """
    next_dates, has_ohlc, tables = cache(calendars.next_dates), set(OHLC) <= set(prices.columns), []
    for ticker, table in prices.groupby("ticker"):
        variances = log_variance(table) if has_ohlc else pd.Series(np.nan, table.index)
        rows = table[["ticker", "date"]].assign(last=table[column])
        rows = rows.assign(log_variance=variances, volatility=volatility(variances))
        table_with_variances = table.assign(log_variance=variances) if has_ohlc else table
        features = feature_table(table_with_variances, feature_names, column)
        calendar = for_ticker(calendar_by_ticker, str(ticker)).name
        dates = np.concatenate([rows["date"], next_dates(calendar, rows["date"].max(), horizon)])
        dates_ahead = {date_column(h): dates[h : h + len(rows)] for h in range(1, horizon + 1)}
        # A gap is filled with the value one season earlier, so every place in the season must have occurred once.
        has_value = baselines.fill_by_season(rows["last"], season_length).notna()
        has_season = has_value.rolling(season_length).sum() == season_length
        has_lookback = np.arange(len(rows)) >= min_earlier_rows(feature_names, season_length)
        complete = has_lookback & has_season & rows[required].notna().all(axis=1)
        tables.append(rows.join(features.rename(columns=feature_column)).assign(**dates_ahead, complete=complete))
    return pd.concat(tables, ignore_index=True)


def min_earlier_rows(feature_names: list[str], season_length: int) -> int:
    """Return how many earlier rows of its ticker a complete row needs."""
    return max(MONTH - 1, lookback(feature_names), season_length - 1)


def required_columns(target: str, *, variance: bool) -> list[str]:
    """Return the columns that need a value in a complete row."""
    return ["last", "log_variance", "volatility"] if target == "return" or variance else ["last"]


def baseline_targets(
    rows: pd.DataFrame, target: targets.Target, name: str, coefficients: Coefficients, horizon: int, season_length: int
) -> baselines.Floats:
    """Return the forecast of a baseline in the form of the target: (rows, horizon).

    It is 0 everywhere if the name of the baseline is none.
    """
    if name == "none":
        return np.zeros((len(rows), horizon))
    forecast = baselines.forecast(name, rows, coefficients, horizon, season_length)
    if target == "variance":
        return forecast
    return targets.target_from_price(target, forecast, rows["last"].to_numpy(), rows["volatility"].to_numpy())


def prepared_rows(rows: pd.DataFrame, preparation: Preparation) -> pd.DataFrame:
    """Return the rows with scaled features and with the baselines of all targets. rows: as from `unscaled_rows`.

    Raises UserError for a ticker for which no scaler was fitted.
    """
    columns: dict[str, baselines.Floats] = {}
    for name, fit in preparation.targets.items():
        kind, horizon = preparation.target_kind(name), preparation.horizon
        baseline = baseline_targets(rows, kind, fit.baseline, fit.coefficients, horizon, preparation.season_length)
        columns |= {baseline_column(name, h): baseline[:, h - 1] for h in range(1, horizon + 1)}
    return pd.concat([with_scaled_features(rows, preparation), pd.DataFrame(columns, index=rows.index)], axis=1)


def with_scaled_features(rows: pd.DataFrame, preparation: Preparation) -> pd.DataFrame:
    """Return the rows with scaled features, float32. Standardised ones are clipped; a missing value becomes 0."""
    columns = {}
    for name in preparation.feature_names:
        column = feature_column(name)
        scalers = {group: by_name[name] for group, by_name in preparation.features.items()}
        values = transform(rows[column].to_numpy(np.float64), scalers, rows["ticker"])
        if preparation.scaling == "standard":
            values = np.clip(values, -MAX_DEVIATIONS, MAX_DEVIATIONS)
        columns[column] = np.nan_to_num(values, nan=0.0).astype(np.float32)
    return rows.assign(**columns)
