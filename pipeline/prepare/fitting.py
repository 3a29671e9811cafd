"""Fit scalers and baselines on train, and make the samples with them."""

from functools import partial

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.forecaster import baselines, inputs, samples, targets
from pipeline.forecaster.preparation import (
    ALL,
    Baseline,
    Calendar,
    Pool,
    Preparation,
    Scaler,
    Scaling,
    Target,
    fit_groups,
    transform,
)
from pipeline.io.errors import UserError
from pipeline.prepare.params import Params
from pipeline.prices import PRICES
from pipeline.quality import Scraped

Floats = NDArray[np.float64]
Groups = dict[str, NDArray[np.intp]]  # as from fit_groups
MAX_MISSING_SHARE = 0.05  # of a feature, in the train rows of each ticker


def calendars_of(scraped: Scraped) -> dict[str, Calendar]:
    """Return the calendar of each ticker, or of ALL if they have the same."""
    by_ticker = {name: Calendar(name=report.calendar, step=scraped.step) for name, report in scraped.tickers.items()}
    first = next(iter(by_ticker.values()))
    return {ALL: first} if all(calendar == first for calendar in by_ticker.values()) else by_ticker


def fit_transform(
    rows: pd.DataFrame, params: Params, scraped: Scraped, *, ranged: bool
) -> tuple[pd.DataFrame, Preparation]:
    """Return the samples, and the fitted numbers with which they were made.

    rows: as from inputs.unscaled_rows, with their split; ranged: whether prices have open, high, low and close.
    Raises UserError as `fit_feature_scalers` does.
    """
    scaling, season_length, pool = params.scaling, params.season_length, params.pool
    fit = partial(
        fit_target, rows, season_length=season_length, scaling=scaling, pool=pool, priced=params.column in PRICES
    )
    price, columns = fit("price", params.target, params.baseline)
    variance = None
    if params.variance != "none":
        variance, variance_columns = fit("variance", "variance", params.variance)
        columns = columns.join(variance_columns)
    preparation = Preparation(
        column=params.column,
        target=params.target,
        horizon=params.horizon,
        season_length=season_length,
        scaling=scaling,
        pool=pool,
        ranged=ranged,
        features=fit_feature_scalers(rows, params.target, scaling, pool),
        price=price,
        variance=variance,
        missing=count_missing(rows),
        calendars=calendars_of(scraped),
        units=units_of(scraped, params.column, set(rows["ticker"])),
    )
    return inputs.with_scaled_features(rows, preparation).join(columns), preparation


def units_of(scraped: Scraped, column: str, tickers: set[str]) -> dict[str, str]:
    """Return the unit of the column by ticker, empty if unknown.

    The source states the unit of its main column. All prices have the same unit.
    """
    known_columns = PRICES if scraped.column in PRICES else (scraped.column,)
    return {name: scraped.tickers[name].unit if column in known_columns else "" for name in sorted(tickers)}


def fit_target(
    rows: pd.DataFrame,
    name: str,
    kind: targets.TargetKind,
    baseline: Baseline,
    *,
    season_length: int,
    scaling: Scaling,
    pool: Pool,
    priced: bool,
) -> tuple[Target, pd.DataFrame]:
    """Fit the baseline and the scalers of one target on train, and return them with the columns of the target.

    The columns are the baseline, the target, and the scaled difference, float32. Target and difference are null outside
    train, validation and test: some targets of a purged row belong to the next split.
    name: price or variance; priced: whether the rows are prices.
    """
    horizon, split = samples.horizon_of(rows), rows["split"]
    coefficients = baselines.fit(baseline, rows, horizon, pool, priced=priced)
    baseline_values = inputs.baseline_targets(rows, kind, baseline, coefficients, horizon, season_length)
    actual = actual_targets(rows, kind, horizon)
    actual[~split.isin(["train", "validation", "test"])] = np.nan
    has_baseline = baseline != "none"
    difference = actual - baseline_values if has_baseline else actual
    groups = fit_groups(rows["ticker"], "by_ticker" if kind in ("level", "difference") else pool)
    is_train = (split == "train").to_numpy()
    scalers = [fit_scalers(scaling, values, is_train, groups, keep_zero=has_baseline) for values in difference.T]
    columns = {}
    for h, by_group in enumerate(scalers, 1):
        columns[samples.baseline_column(name, h)] = baseline_values[:, h - 1]
        columns[samples.target_column(name, h)] = actual[:, h - 1]
        scaled = transform(difference[:, h - 1], by_group, rows["ticker"])
        columns[samples.scaled_column(name, h)] = scaled.astype(np.float32)
    scalers_by_group = {group: [by_group[group] for by_group in scalers] for group in scalers[0]}
    target = Target(baseline=baseline, coefficients=coefficients, scalers=scalers_by_group)
    return target, pd.DataFrame(columns, index=rows.index)


def actual_targets(rows: pd.DataFrame, kind: targets.TargetKind, horizon: int) -> Floats:
    """Return the actual values of a target: (rows, horizon), NaN where unknown."""
    if kind == "variance":
        return targets.future_values(rows, "log_variance", horizon)
    last, volatility = rows["last"].to_numpy(), rows["volatility"].to_numpy()
    return targets.target_from_price(kind, targets.future_values(rows, "last", horizon), last, volatility)


def fit_feature_scalers(rows: pd.DataFrame, kind: str, scaling: Scaling, pool: Pool) -> dict[str, dict[str, Scaler]]:
    """Fit the scalers of the features on train: by ticker or ALL, then by name. kind: of the price target.

    Raises UserError if a feature is missing in more than MAX_MISSING_SHARE of a ticker's train rows.
    """
    is_train = rows["split"] == "train"
    scalers: dict[str, dict[str, Scaler]] = {}  # by name, then by ticker or ALL
    groups = fit_groups(rows["ticker"], pool if kind == "return" else "by_ticker")
    for column in samples.feature_columns(rows):
        name = column.removeprefix(samples.feature_column(""))
        missing = rows.loc[is_train, column].isna().groupby(rows["ticker"]).mean()
        if (missing > MAX_MISSING_SHARE).any():
            raise UserError(
                f"params.yaml: prepare.features: found {name} missing in {missing.max():.1%} of the train sessions of "
                f"{missing.idxmax()}; accepted: at most {MAX_MISSING_SHARE:.0%}"
            )
        values = rows[column].to_numpy(np.float64)
        scalers[name] = fit_scalers(scaling, values, is_train.to_numpy(), groups, keep_zero=False)
    group_names = next(iter(scalers.values()))
    return {group: {name: by_group[group] for name, by_group in scalers.items()} for group in group_names}


def count_missing(rows: pd.DataFrame) -> dict[str, int]:
    """Count the missing values of each unscaled feature on train."""
    train, prefix = rows[rows["split"] == "train"], samples.feature_column("")
    return {name.removeprefix(prefix): int(train[name].isna().sum()) for name in samples.feature_columns(rows)}


def fit_scalers(
    scaling: Scaling, values: Floats, is_train: NDArray[np.bool_], groups: Groups, *, keep_zero: bool
) -> dict[str, Scaler]:
    """Fit a scaler for each group on its train rows, ignoring NaN. values, is_train: (rows,).

    standard scales to mean 0 and standard deviation 1, minmax to the range 0 to 1. With keep_zero, 0 stays 0: nothing
    is subtracted, and minmax scales into the range -1 to 1. A network that outputs 0 then forecasts its baseline. The
    scale is 1 if all values are equal, but for rounding errors.
    """
    known = is_train & ~np.isnan(values)
    return {
        group: _fit_scaler(scaling, values[positions[known[positions]]], keep_zero=keep_zero)
        for group, positions in groups.items()
    }


def _fit_scaler(scaling: Scaling, train: Floats, *, keep_zero: bool) -> Scaler:
    largest = np.abs(train).max()
    if scaling == "standard":
        center, scale = train.mean(), train.std()
    else:
        center, scale = train.min(), largest if keep_zero else np.ptp(train)
    return Scaler(center=0.0 if keep_zero else float(center), scale=float(scale) if scale > 1e-12 * largest else 1.0)
