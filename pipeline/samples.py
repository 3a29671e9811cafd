"""What is known at each origin and what came of it: the columns of tables/rows, first as they are, then scaled."""

import numpy as np
import pandas as pd

from pipeline import scaling, splits, targets
from pipeline.baselines import BASELINES
from pipeline.errors import UserError
from pipeline.features import FEATURES, features
from pipeline.scaling import Scaler
from pipeline.tables import rows as table
from pipeline.volatility import MONTH, log_variance, volatility

MISSING = 0.05  # of a ticker's train rows, the most a feature may lack


def unscaled(
    prices: pd.DataFrame, column: str, names: list[str], following: dict[str, pd.DatetimeIndex]
) -> pd.DataFrame:
    """The rows but for split, targets and scaling, and `complete`, whether a row's look-back is.

    prices: sorted by ticker and date; following: each ticker's sessions after its last, as many as the horizon.
    """
    own = [_unscaled(part, column, names, following[str(ticker)]) for ticker, part in prices.groupby("ticker")]
    return pd.concat(own, ignore_index=True)


def _unscaled(prices: pd.DataFrame, column: str, names: list[str], following: pd.DatetimeIndex) -> pd.DataFrame:
    g = log_variance(prices)
    rows = prices[["ticker", "date"]].assign(last=prices[column], log_variance=g, volatility=volatility(g))
    rows = rows.join(features(prices, names, column).rename(columns=table.feature))
    dates = np.concatenate([prices["date"].to_numpy(), following.to_numpy()])
    ahead = {table.date(h): dates[h : h + len(rows)] for h in range(1, len(following) + 1)}
    lookback = max([MONTH - 1, *(FEATURES[name].lookback for name in names)])
    return rows.assign(**ahead, complete=np.arange(len(rows)) >= lookback)


def in_splits(rows: pd.DataFrame, validation: float, test: float, needed: list[str]) -> pd.DataFrame:
    """The rows with their split, without the tickers that have no train sample.

    needed: columns that an origin must have, and of these `last` and `log_variance` its targets too.

    Raises UserError where no ticker has one, or early stopping would see no sample.
    """
    sessions = pd.DatetimeIndex(np.sort(rows["date"].unique()))
    first_validation, first_test = splits.boundaries(sessions, validation, test)
    horizon, targeted = table.horizon_of(rows), [name for name in needed if name != "volatility"]
    dates = rows[[table.date(h) for h in range(1, horizon + 1)]].to_numpy()
    known = np.logical_and.reduce([np.isfinite(targets.ahead(rows, name, horizon)) for name in targeted])
    complete = (rows["complete"] & rows[needed].notna().all(axis=1)).to_numpy()
    rows = rows.assign(split=splits.split(dates, known, complete, first_validation, first_test), complete=complete)
    trained = (rows["split"] == "train").groupby(rows["ticker"]).transform("any")
    if not trained.any():
        raise UserError(
            f"data/prices.parquet: no sample has its look-back and its targets before validation starts, "
            f"{first_validation:%Y-%m-%d}; accepted: a longer period, or smaller prepare.validation and prepare.test"
        )
    if not splits.stopping(rows).any():
        raise UserError(
            f"params.yaml: prepare.validation: found {validation:g}, from {first_validation:%Y-%m-%d} to before "
            f"{first_test:%Y-%m-%d}, whose earlier half holds no sample to stop on; "
            "accepted: a larger share, or a smaller prepare.horizon"
        )
    return rows[trained].reset_index(drop=True)


def with_prices(
    rows: pd.DataFrame, target: targets.Kind, baseline: str, kind: scaling.Kind
) -> tuple[pd.DataFrame, dict[str, Scaler]]:
    """The rows with the price target and its baseline (a name of BASELINES, or none), and its scalers."""
    horizon, last, volatility = table.horizon_of(rows), rows["last"].to_numpy(), rows["volatility"].to_numpy()
    actual = targets.target(target, targets.ahead(rows, "last", horizon), last, volatility)
    if baseline == "none":
        return _with_target(rows, "price", actual, np.zeros_like(actual), kind, departs=False)
    forecast = targets.target(target, BASELINES[baseline][1](rows, horizon), last, volatility)
    return _with_target(rows, "price", actual, forecast, kind, departs=True)


def with_variances(rows: pd.DataFrame, baseline: str, kind: scaling.Kind) -> tuple[pd.DataFrame, dict[str, Scaler]]:
    """The rows with the variance target and its baseline, a name of BASELINES, and its scalers."""
    horizon = table.horizon_of(rows)
    actual, forecast = targets.ahead(rows, "log_variance", horizon), BASELINES[baseline][1](rows, horizon)
    return _with_target(rows, "variance", actual, forecast, kind, departs=True)


def _with_target(
    rows: pd.DataFrame,
    name: str,
    actual: targets.Floats,
    baseline: targets.Floats,
    kind: scaling.Kind,
    *,
    departs: bool,
) -> tuple[pd.DataFrame, dict[str, Scaler]]:
    """actual, baseline: (rows, horizon), in the target's units; departs: a departure of 0 is to stay 0."""
    fit = scaling.fitted_departure if departs else scaling.fitted
    train, columns, scalers = (rows["split"] == "train").to_numpy(), {}, {}
    for h in range(1, actual.shape[1] + 1):
        departure = actual[:, h - 1] - baseline[:, h - 1]
        scalers[table.target(name, h)] = scaler = fit(kind, departure[train])
        columns[table.target(name, h)] = actual[:, h - 1]
        columns[table.baseline(name, h)] = baseline[:, h - 1]
        columns[table.scaled(name, h)] = scaling.scaled(departure, scaler).astype(np.float32)
    return pd.concat([rows, pd.DataFrame(columns, index=rows.index)], axis=1), scalers


def with_scaled_features(rows: pd.DataFrame, kind: scaling.Kind) -> tuple[pd.DataFrame, dict[str, Scaler]]:
    """The rows with features scaled by train, float32, clipped where standard, 0 where missing; and the scalers.

    Raises UserError where a feature lacks more than MISSING of a ticker's train rows.
    """
    train, columns, scalers = rows["split"] == "train", {}, {}
    for name in table.features_of(rows):
        lacking = rows.loc[train, name].isna().groupby(rows["ticker"]).mean()
        if (lacking > MISSING).any():
            raise UserError(
                f"params.yaml: prepare.features: {name.removeprefix(table.feature(''))} is missing in "
                f"{lacking.max():.1%} of the train sessions of {lacking.idxmax()}; accepted: at most {MISSING:.0%}"
            )
        scalers[name] = scaler = scaling.fitted(kind, rows.loc[train, name].to_numpy(np.float64))
        values = scaling.scaled(rows[name].to_numpy(np.float64), scaler)
        if kind == "standard":
            values = np.clip(values, -scaling.CLIP, scaling.CLIP)
        columns[name] = np.nan_to_num(values, nan=0.0).astype(np.float32)
    return rows.assign(**columns), scalers


def missing(rows: pd.DataFrame) -> dict[str, int]:
    """How many values each unscaled feature lacks once its look-back is complete."""
    complete = rows[rows["complete"]]
    return {name.removeprefix(table.feature("")): int(complete[name].isna().sum()) for name in table.features_of(rows)}
