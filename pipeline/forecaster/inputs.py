"""What is known at each origin: features, baselines and the dates ahead. No value here uses later rows."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from pipeline import calendars
from pipeline.forecaster import baselines, targets
from pipeline.forecaster.features import FEATURES, feature_table, lookback
from pipeline.forecaster.preparation import MAX_DEVIATIONS, Calendar, Coefficients, Preparation, for_ticker, transform
from pipeline.forecaster.samples import baseline_column, date_column, feature_column
from pipeline.forecaster.targets import MONTH, log_variance, trailing_mean
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
    prices = with_variance(prices.reset_index(drop=True))
    rows = prices.reindex(columns=["ticker", "date", "log_variance", "volatility"]).assign(last=prices[column])
    features = feature_table(prices, feature_names, column)
    # A gap is filled with the value one season earlier, so every place in the season must have occurred once.
    position = rows.groupby("ticker").cumcount()
    places = rows[["ticker"]].assign(place=position % season_length)[rows["last"].notna()]
    is_new_place = (~places.duplicated()).reindex(rows.index, fill_value=False)
    has_season = is_new_place.groupby(rows["ticker"]).cumsum() == season_length
    has_lookback = position >= min_earlier_rows(feature_names, season_length)
    complete = has_lookback & has_season & rows[required].notna().all(axis=1)
    ahead = dates_ahead(rows, calendar_by_ticker, horizon)
    return rows.join(features.rename(columns=feature_column)).assign(**ahead, complete=complete)


def with_variance(prices: pd.DataFrame) -> pd.DataFrame:
    """Return the prices with `log_variance` and `volatility`, or unchanged if they lack open, high, low or close.

    volatility is the current standard deviation of a session's log return: exp(mean log variance of the month / 2).
    prices: one ticker after the other, each in order.
    """
    if not set(OHLC) <= set(prices.columns):
        return prices
    prices = prices.assign(log_variance=log_variance(prices))
    return prices.assign(volatility=np.exp(trailing_mean(prices["log_variance"], prices["ticker"], MONTH) / 2))


def dates_ahead(rows: pd.DataFrame, calendar_by_ticker: Mapping[str, Calendar], horizon: int) -> dict[str, pd.Series]:
    """Return the columns date_*: the dates of the next rows, and after a ticker's last row those of its calendar."""
    by_ticker = rows.groupby("ticker")["date"]
    last_dates, to_last = by_ticker.max(), by_ticker.cumcount(ascending=False).to_numpy()
    names = np.array([for_ticker(calendar_by_ticker, str(ticker)).name for ticker in last_dates.index])
    after = np.empty((len(last_dates), horizon), last_dates.dtype)
    for name in np.unique(names):
        after[names == name] = calendars.next_dates(name, pd.DatetimeIndex(last_dates[names == name]), horizon)
    ticker = by_ticker.ngroup().to_numpy()
    return {
        date_column(h): by_ticker.shift(-h).where(to_last >= h, after[ticker, np.maximum(h - 1 - to_last, 0)])
        for h in range(1, horizon + 1)
    }


def min_earlier_rows(feature_names: list[str], season_length: int) -> int:
    """Return how many earlier rows of its ticker a complete row needs."""
    return max(MONTH - 1, lookback(feature_names), season_length - 1)


def required_columns(target: str, *, variance: bool) -> list[str]:
    """Return the columns that need a value in a complete row."""
    return ["last", "log_variance", "volatility"] if target == "return" or variance else ["last"]


def price_columns(preparation: Preparation, band_method: str) -> list[str]:
    """Return the columns that a price table must have for a forecast, besides ticker and date.

    band_method: what the band is made from, as bands.Bands stores it.
    """
    names = {preparation.column}
    for name in preparation.feature_names:
        names |= set(FEATURES[name].columns) if name in FEATURES else {name}
    names -= {"date"}
    band_needs_ohlc = band_method == "current" and preparation.ranged
    if "log_variance" in names or preparation.target == "return" or preparation.variance or band_needs_ohlc:
        names = names - {"log_variance"} | set(OHLC)
    return sorted(names)


def baseline_targets(
    rows: pd.DataFrame,
    target: targets.TargetKind,
    name: str,
    coefficients: Coefficients,
    horizon: int,
    season_length: int,
) -> baselines.Floats:
    """Return the forecast of a baseline in the form of the target: (rows, horizon).

    It is NaN everywhere if the name of the baseline is none.
    """
    if name == "none":
        return np.full((len(rows), horizon), np.nan)
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
