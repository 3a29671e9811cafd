"""What is known at each origin and what came of it: the columns of tables/rows, first as they are, then scaled."""

import numpy as np
import pandas as pd

from pipeline import scaling, splits, targets
from pipeline.baselines import BASELINES, seasons
from pipeline.errors import UserError
from pipeline.features import features, lookback
from pipeline.scaling import Scalers
from pipeline.tables import rows as table
from pipeline.tables.prices import OHLC
from pipeline.volatility import MONTH, log_variance, volatility

ENOUGH = MONTH  # train samples of a ticker
MISSING = 0.05  # of a ticker's train rows, the most a feature may lack


def unscaled(
    prices: pd.DataFrame, column: str, names: list[str], following: dict[str, pd.DatetimeIndex], season: int
) -> pd.DataFrame:
    """The rows but for split, targets and scaling, and `complete`, whether a row's look-back is.

    prices: sorted by ticker and date; following: each ticker's sessions after its last, as many as the horizon.
    """
    own = [_unscaled(part, column, names, following[str(ticker)], season) for ticker, part in prices.groupby("ticker")]
    return pd.concat(own, ignore_index=True)


def _unscaled(
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
    phases = seasons(rows["last"], season).notna().rolling(season).sum() == season
    complete = (np.arange(len(rows)) >= max(MONTH - 1, lookback(names))) & phases
    return rows.assign(**ahead, complete=complete)


def in_splits(rows: pd.DataFrame, validation: float | str, test: float | str, needed: list[str]) -> pd.DataFrame:
    """The rows with their split, without the tickers that have fewer than ENOUGH train samples.

    validation, test: shares or first dates, as splits.boundaries takes them;
    needed: columns that an origin must have, and of these `last` and `log_variance` its targets too.

    Raises UserError where train or test is empty, or early stopping would see no sample.
    """
    sessions = pd.DatetimeIndex(np.sort(rows["date"].unique()))
    first_validation, first_test = splits.boundaries(sessions, validation, test)
    horizon, targeted = table.horizon_of(rows), [name for name in needed if name != "volatility"]
    dates = rows[[table.date(h) for h in range(1, horizon + 1)]].to_numpy()
    known = np.logical_and.reduce([np.isfinite(targets.ahead(rows, name, horizon)) for name in targeted])
    complete = (rows["complete"] & rows[needed].notna().all(axis=1)).to_numpy()
    beyond = dates[:, 0] > rows.groupby("ticker")["date"].transform("max").to_numpy()
    parts = splits.split(dates, known, beyond, complete, first_validation, first_test)
    rows = rows.assign(split=parts, complete=complete)
    trained = (rows["split"] == "train").groupby(rows["ticker"]).transform("sum") >= ENOUGH
    for part, chosen in {"train": trained, "test": trained & (rows["split"] == "test")}.items():
        if not chosen.any():
            raise UserError(
                f"data/prices.parquet: no sample for {part}: validation starts {first_validation:%Y-%m-%d}, test "
                f"{first_test:%Y-%m-%d}, and a ticker needs {ENOUGH} train samples, each with its look-back and its "
                "targets; accepted: a longer period, shorter validation and test, or smaller prepare.horizon and season"
            )
    if not splits.stopping(rows).any():
        raise UserError(
            f"params.yaml: prepare.validation: found {validation}, from {first_validation:%Y-%m-%d} to before "
            f"{first_test:%Y-%m-%d}, whose earlier half holds no sample to stop on; "
            "accepted: a longer validation, or a smaller prepare.horizon"
        )
    return rows[trained].reset_index(drop=True)


def with_prices(
    rows: pd.DataFrame, target: targets.Kind, baseline: str, season: int, kind: scaling.Kind
) -> tuple[pd.DataFrame, dict[str, Scalers]]:
    """The rows with the price target and its baseline (a name of BASELINES, or none), and its scalers."""
    horizon, last, volatility = table.horizon_of(rows), rows["last"].to_numpy(), rows["volatility"].to_numpy()
    actual = targets.target(target, targets.ahead(rows, "last", horizon), last, volatility)
    alone = target != "return"
    if baseline == "none":
        return _with_target(rows, "price", actual, np.zeros_like(actual), kind, departs=False, alone=alone)
    forecast = targets.target(target, BASELINES[baseline][1](rows, horizon, season), last, volatility)
    return _with_target(rows, "price", actual, forecast, kind, departs=True, alone=alone)


def with_variances(
    rows: pd.DataFrame, baseline: str, season: int, kind: scaling.Kind
) -> tuple[pd.DataFrame, dict[str, Scalers]]:
    """The rows with the variance target and its baseline, a name of BASELINES, and its scalers."""
    horizon = table.horizon_of(rows)
    actual, forecast = targets.ahead(rows, "log_variance", horizon), BASELINES[baseline][1](rows, horizon, season)
    return _with_target(rows, "variance", actual, forecast, kind, departs=True, alone=False)


def _with_target(
    rows: pd.DataFrame,
    name: str,
    actual: targets.Floats,
    baseline: targets.Floats,
    kind: scaling.Kind,
    *,
    departs: bool,
    alone: bool,
) -> tuple[pd.DataFrame, dict[str, Scalers]]:
    """actual, baseline: (rows, horizon), in the target's units; departs: a departure of 0 is to stay 0;
    alone: each ticker has a scaler of its own.
    """
    train, groups = (rows["split"] == "train").to_numpy(), scaling.groups(rows["ticker"], alone=alone)
    columns, scalers = {}, {}
    for h in range(1, actual.shape[1] + 1):
        departure = actual[:, h - 1] - baseline[:, h - 1]
        scalers[table.target(name, h)] = own = scaling.fitted(kind, departure, train, groups, departs=departs)
        columns[table.target(name, h)] = actual[:, h - 1]
        columns[table.baseline(name, h)] = baseline[:, h - 1]
        columns[table.scaled(name, h)] = scaling.scaled(departure, own, groups).astype(np.float32)
    return pd.concat([rows, pd.DataFrame(columns, index=rows.index)], axis=1), scalers


def with_scaled_features(
    rows: pd.DataFrame, target: targets.Kind, kind: scaling.Kind
) -> tuple[pd.DataFrame, dict[str, Scalers]]:
    """The rows with features scaled by train, float32, clipped where standard, 0 where missing; and the scalers.

    Raises UserError where a feature lacks more than MISSING of a ticker's train rows.
    """
    train, columns, scalers = rows["split"] == "train", {}, {}
    groups = scaling.groups(rows["ticker"], alone=target != "return")
    for name in table.features_of(rows):
        lacking = rows.loc[train, name].isna().groupby(rows["ticker"]).mean()
        if (lacking > MISSING).any():
            raise UserError(
                f"params.yaml: prepare.features: {name.removeprefix(table.feature(''))} is missing in "
                f"{lacking.max():.1%} of the train sessions of {lacking.idxmax()}; accepted: at most {MISSING:.0%}"
            )
        feature = rows[name].to_numpy(np.float64)
        scalers[name] = own = scaling.fitted(kind, feature, train.to_numpy(), groups, departs=False)
        values = scaling.scaled(feature, own, groups)
        if kind == "standard":
            values = np.clip(values, -scaling.CLIP, scaling.CLIP)
        columns[name] = np.nan_to_num(values, nan=0.0).astype(np.float32)
    return rows.assign(**columns), scalers


def missing(rows: pd.DataFrame) -> dict[str, int]:
    """How many values each unscaled feature lacks once its look-back is complete."""
    complete = rows[rows["complete"]]
    return {name.removeprefix(table.feature("")): int(complete[name].isna().sum()) for name in table.features_of(rows)}
