"""What is known at each origin: features, baselines and the dates ahead. Nothing here sees what comes after it."""

from collections.abc import Mapping
from functools import cache

import numpy as np
import pandas as pd

from pipeline import calendars
from pipeline.forecaster import baselines, targets
from pipeline.forecaster import samples as table
from pipeline.forecaster.features import features, lookback
from pipeline.forecaster.preparation import CLIP, Calendar, Coefficients, Preparation, fitted, transform
from pipeline.forecaster.targets import MONTH, log_variance, volatility
from pipeline.prices import OHLC


def known(
    prices: pd.DataFrame,
    column: str,
    names: list[str],
    by_ticker: Mapping[str, Calendar],
    horizon: int,
    season_length: int,
    needed: list[str],
) -> pd.DataFrame:
    """A row a session, unscaled: ticker, date, last, log_variance, volatility, feature_*, date_*, and `complete`,
    whether the row's look-back is.

    prices: sorted by ticker and date; column: what is forecast; names: of features; by_ticker: by ticker or ALL, whose
    sessions follow a ticker's last; needed: the columns that a complete row must have a value of.
    """
    following, ranged, parts = cache(calendars.next_dates), set(OHLC) <= set(prices.columns), []
    for ticker, own in prices.groupby("ticker"):
        g = log_variance(own) if ranged else pd.Series(np.nan, own.index)
        rows = own[["ticker", "date"]].assign(last=own[column], log_variance=g, volatility=volatility(g))
        seen = features(own.assign(log_variance=g) if ranged else own, names, column)
        calendar = fitted(by_ticker, str(ticker)).name
        dates = np.concatenate([own["date"].to_numpy(), following(calendar, own["date"].max(), horizon).to_numpy()])
        ahead = {table.date(h): dates[h : h + len(own)] for h in range(1, horizon + 1)}
        # What is missing of a season is taken from the one before: each phase of it must have been seen once.
        phases = baselines.seasons(rows["last"], season_length).notna().rolling(season_length).sum() == season_length
        complete = (np.arange(len(own)) >= earlier(names, season_length)) & phases & rows[needed].notna().all(axis=1)
        parts.append(rows.join(seen.rename(columns=table.feature)).assign(**ahead, complete=complete))
    return pd.concat(parts, ignore_index=True)


def earlier(names: list[str], season_length: int) -> int:
    """How many earlier sessions a complete row has at least."""
    return max(MONTH - 1, lookback(names), season_length - 1)


def needed(target: str, *, variance: bool) -> list[str]:
    """The columns that a complete row must have a value of."""
    return ["last", "log_variance", "volatility"] if target == "return" or variance else ["last"]


def baseline(
    rows: pd.DataFrame, target: targets.Target, name: str, coefficients: Coefficients, horizon: int, season_length: int
) -> baselines.Floats:
    """What a target departs from, in its own units: (rows, horizon); 0 where it departs from nothing.

    target: return, level or difference of the price, or variance; name: of the simple forecast, or none.
    """
    if name == "none":
        return np.zeros((len(rows), horizon))
    forecast = baselines.forecast(name, rows, coefficients, horizon, season_length)
    if target == "variance":
        return forecast
    return targets.target(target, forecast, rows["last"].to_numpy(), rows["volatility"].to_numpy())


def prepared(rows: pd.DataFrame, preparation: Preparation) -> pd.DataFrame:
    """Rows as `known` gives them, with the baselines, and with their features scaled.

    Raises UserError for a ticker that needs a scaler of its own and has none.
    """
    columns: dict[str, baselines.Floats] = {}
    for name, fit in preparation.targets.items():
        kind, horizon = preparation.kind(name), preparation.horizon
        own = baseline(rows, kind, fit.baseline, fit.coefficients, horizon, preparation.season_length)
        columns |= {table.baseline(name, h): own[:, h - 1] for h in range(1, horizon + 1)}
    return pd.concat([scaled(rows, preparation), pd.DataFrame(columns, index=rows.index)], axis=1)


def scaled(rows: pd.DataFrame, preparation: Preparation) -> pd.DataFrame:
    """Rows with their features scaled, float32: clipped where they are standardised, 0 where missing."""
    columns = {}
    for name in preparation.names:
        scalers = {group: own[name] for group, own in preparation.features.items()}
        values = transform(rows[table.feature(name)].to_numpy(np.float64), scalers, rows["ticker"])
        if preparation.scaling == "standard":
            values = np.clip(values, -CLIP, CLIP)
        columns[table.feature(name)] = np.nan_to_num(values, nan=0.0).astype(np.float32)
    return rows.assign(**columns)
