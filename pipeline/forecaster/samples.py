"""What is known at each origin: features, baselines and the dates ahead. Nothing here sees what comes after it."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.forecaster import baselines, scaling, targets
from pipeline.forecaster.features import features, lookback
from pipeline.forecaster.preparation import Coefficients, Preparation
from pipeline.forecaster.volatility import MONTH, log_variance, volatility
from pipeline.tables import samples as table
from pipeline.tables.prices import OHLC


def known(
    prices: pd.DataFrame,
    column: str,
    names: list[str],
    following: dict[str, pd.DatetimeIndex],
    season: int,
    needed: list[str],
) -> pd.DataFrame:
    """A row a session, unscaled: ticker, date, last, log_variance, volatility, feature_*, date_*, and `complete`,
    whether the row's look-back is.

    prices: sorted by ticker and date; column: what is forecast; names: of features; following: each ticker's sessions
    after its last, as many as the horizon; needed: the columns that a complete row must have a value of.
    """
    own = [_known(part, column, names, following[str(ticker)], season) for ticker, part in prices.groupby("ticker")]
    rows = pd.concat(own, ignore_index=True)
    return rows.assign(complete=rows["complete"] & rows[needed].notna().all(axis=1))


def _known(
    prices: pd.DataFrame, column: str, names: list[str], following: pd.DatetimeIndex, season: int
) -> pd.DataFrame:
    ranged = set(OHLC) <= set(prices.columns)
    g = log_variance(prices) if ranged else pd.Series(np.nan, prices.index)
    rows = prices[["ticker", "date"]].assign(last=prices[column], log_variance=g, volatility=volatility(g))
    seen = features(prices.assign(log_variance=g) if ranged else prices, names, column)
    rows = rows.join(seen.rename(columns=table.feature))
    dates = np.concatenate([prices["date"].to_numpy(), following.to_numpy()])
    ahead = {table.date(h): dates[h : h + len(rows)] for h in range(1, len(following) + 1)}
    # What is missing of a season is taken from the one before: each phase of it must have been seen once.
    phases = baselines.seasons(rows["last"], season).notna().rolling(season).sum() == season
    complete = (np.arange(len(rows)) >= earlier(names, season)) & phases
    return rows.assign(**ahead, complete=complete)


def earlier(names: list[str], season: int) -> int:
    """How many earlier sessions a complete row has at least."""
    return max(MONTH - 1, lookback(names), season - 1)


def needed(target: str, *, variance: bool) -> list[str]:
    """The columns that a complete row must have a value of."""
    return ["last", "log_variance", "volatility"] if target == "return" or variance else ["last"]


def baseline(
    rows: pd.DataFrame, target: targets.Target, name: str, coefficients: Coefficients, horizon: int, season: int
) -> baselines.Floats:
    """What a target departs from, in its own units: (rows, horizon); 0 where it departs from nothing.

    target: return, level or difference of the price, or variance; name: of the simple forecast, or none.
    """
    if name == "none":
        return np.zeros((len(rows), horizon))
    forecast = baselines.forecast(name, rows, coefficients, horizon, season)
    if target == "variance":
        return forecast
    return targets.target(target, forecast, rows["last"].to_numpy(), rows["volatility"].to_numpy())


def prepared(rows: pd.DataFrame, preparation: Preparation) -> pd.DataFrame:
    """Rows as `known` gives them, with the baselines, and with their features scaled: float32, 0 where missing.

    Raises UserError for a ticker that needs a scaler of its own and has none.
    """
    columns: dict[str, baselines.Floats] = {}
    for name, fit in preparation.targets.items():
        kind, horizon = preparation.kind(name), preparation.horizon
        own = baseline(rows, kind, fit.baseline, fit.coefficients, horizon, preparation.season)
        columns |= {table.baseline(name, h): own[:, h - 1] for h in range(1, horizon + 1)}
    rows = rows.assign(**{table.feature(name): scaled(rows, name, preparation) for name in preparation.names})
    return pd.concat([rows, pd.DataFrame(columns, index=rows.index)], axis=1)


def scaled(rows: pd.DataFrame, name: str, preparation: Preparation) -> NDArray[np.float32]:
    """A feature, scaled, and clipped where it is standardised; 0 where missing. (rows,)"""
    scalers = {group: own[name] for group, own in preparation.features.items()}
    values = scaling.scaled(rows[table.feature(name)].to_numpy(np.float64), scalers, rows["ticker"])
    if preparation.scaling == "standard":
        values = np.clip(values, -scaling.CLIP, scaling.CLIP)
    return np.nan_to_num(values, nan=0.0).astype(np.float32)
