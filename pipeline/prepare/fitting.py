"""What prepare learns from train, and the samples that it makes: the columns of forecaster/samples."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.preprocessing import MaxAbsScaler, MinMaxScaler, StandardScaler

from pipeline.forecaster import baselines, inputs, targets
from pipeline.forecaster import samples as table
from pipeline.forecaster.preparation import ALL, Baseline, Calendar, Floats, Preparation, Scaler, Target, transform
from pipeline.io.errors import UserError
from pipeline.prepare.params import Params
from pipeline.prices import PRICES
from pipeline.quality import Scraped

MISSING = 0.05  # of a ticker's train rows, the most a feature may lack


def calendars_of(scraped: Scraped) -> dict[str, Calendar]:
    """When tickers have values: all of them alike."""
    return {ALL: Calendar(name=scraped.calendar, step=scraped.step)}


def fit_transform(
    rows: pd.DataFrame, params: Params, scraped: Scraped, *, ranged: bool
) -> tuple[pd.DataFrame, Preparation]:
    """The samples, and what train teaches: how they were made.

    rows: as inputs.known gives them, with their split; ranged: whether prices have open, high, low and close.
    Raises UserError as `features`.
    """
    how, season_length = params.scaling, params.season_length
    price, columns = target(rows, "price", params.target, params.baseline, season_length, how)
    variance = None
    if params.variance != "none":
        variance, others = target(rows, "variance", "variance", params.variance, season_length, how)
        columns = columns.join(others)
    preparation = Preparation(
        column=params.column,
        target=params.target,
        horizon=params.horizon,
        season_length=season_length,
        scaling=how,
        ranged=ranged,
        features=features(rows, params.target, how),
        price=price,
        variance=variance,
        missing=missing(rows),
        calendars=calendars_of(scraped),
        units=units(scraped, params.column, set(rows["ticker"])),
    )
    return inputs.scaled(rows, preparation).join(columns), preparation


def units(scraped: Scraped, column: str, tickers: set[str]) -> dict[str, str]:
    """The unit of the column, by ticker: known of the column a series is about, and of all prices."""
    alike = PRICES if scraped.column in PRICES else (scraped.column,)
    return {name: scraped.tickers[name].unit if column in alike else "" for name in sorted(tickers)}


def target(
    rows: pd.DataFrame, name: str, kind: targets.Target, baseline: Baseline, season_length: int, how: str
) -> tuple[Target, pd.DataFrame]:
    """The baseline and the scalers of a target, fitted on train; and its columns: the baseline, the target, and its
    departure from the baseline scaled, float32. The last two are null but for samples: a purged row's targets may lie
    in the split that follows.

    name: price or variance; kind: return, level or difference of the price, or variance; how: standard or minmax.
    """
    horizon, split = table.horizon_of(rows), rows["split"]
    coefficients = baselines.fit(baseline, rows, horizon)
    simple = inputs.baseline(rows, kind, baseline, coefficients, horizon, season_length)
    came = actual(rows, kind, horizon)
    came[~split.isin(["train", "validation", "test"])] = np.nan
    departure = came - simple
    groups = scaler_groups(rows["ticker"], alone=kind in ("level", "difference"))
    train = (split == "train").to_numpy()
    fits = [scalers(how, own, train, groups, departs=baseline != "none") for own in departure.T]
    columns = {}
    for h, fit in enumerate(fits, 1):
        columns[table.baseline(name, h)] = simple[:, h - 1]
        columns[table.target(name, h)] = came[:, h - 1]
        columns[table.scaled(name, h)] = transform(departure[:, h - 1], fit, rows["ticker"]).astype(np.float32)
    by_group = {group: [fit[group] for fit in fits] for group in fits[0]}
    return (
        Target(baseline=baseline, coefficients=coefficients, scalers=by_group),
        pd.DataFrame(columns, index=rows.index),
    )


def actual(rows: pd.DataFrame, kind: targets.Target, horizon: int) -> Floats:
    """What came, as a target: (rows, horizon), NaN where it is not known."""
    if kind == "variance":
        return targets.ahead(rows, "log_variance", horizon)
    last, volatility = rows["last"].to_numpy(), rows["volatility"].to_numpy()
    return targets.target(kind, targets.ahead(rows, "last", horizon), last, volatility)


def features(rows: pd.DataFrame, kind: str, how: str) -> dict[str, dict[str, Scaler]]:
    """The scalers of the features, fitted on train: by ticker or ALL, then by name.

    Raises UserError where a feature lacks more than MISSING of a ticker's train rows.
    """
    train, found = rows["split"] == "train", {}
    groups = scaler_groups(rows["ticker"], alone=kind != "return")
    for column in table.features_of(rows):
        name = column.removeprefix(table.feature(""))
        lacking = rows.loc[train, column].isna().groupby(rows["ticker"]).mean()
        if (lacking > MISSING).any():
            raise UserError(
                f"params.yaml: prepare.features: {name} is missing in {lacking.max():.1%} of the train sessions of "
                f"{lacking.idxmax()}; accepted: at most {MISSING:.0%}"
            )
        found[name] = scalers(how, rows[column].to_numpy(np.float64), train.to_numpy(), groups, departs=False)
    names = next(iter(found.values()))
    return {group: {name: own[group] for name, own in found.items()} for group in names}


def missing(rows: pd.DataFrame) -> dict[str, int]:
    """How many values each unscaled feature lacks on train."""
    train = rows[rows["split"] == "train"]
    return {name.removeprefix(table.feature("")): int(train[name].isna().sum()) for name in table.features_of(rows)}


def scaler_groups(tickers: pd.Series, *, alone: bool) -> NDArray[np.object_]:
    """Whose scaler each row takes: its ticker's own, or that of ALL. (rows,)"""
    return tickers.to_numpy(object) if alone else np.full(len(tickers), ALL, object)


def scalers(
    kind: str, values: Floats, train: NDArray[np.bool_], groups: NDArray[np.object_], *, departs: bool
) -> dict[str, Scaler]:
    """A scaler for each group, of its train rows; NaN ignored. values, train, groups: (rows,).

    kind: standard, to mean 0 and deviation 1, or minmax, to 0 ... 1. departs: 0 is to stay 0, so that a network which
    answers 0 is the baseline: no mean is taken off, and minmax spans at most -1 to 1.
    """
    fit = _departure if departs else _whole
    own = pd.Series(values[train]).groupby(groups[train], sort=False)
    return {str(name): fit(kind, part.to_numpy()[:, None]) for name, part in own}


def _whole(kind: str, train: Floats) -> Scaler:
    if kind == "standard":
        standard = StandardScaler().fit(train)
        return Scaler(center=float(standard.mean_[0]), scale=float(standard.scale_[0]))
    minmax = MinMaxScaler().fit(train)
    return Scaler(center=float(minmax.data_min_[0]), scale=float(1 / minmax.scale_[0]))


def _departure(kind: str, train: Floats) -> Scaler:
    scaler = StandardScaler(with_mean=False) if kind == "standard" else MaxAbsScaler()
    return Scaler(center=0.0, scale=float(scaler.fit(train).scale_[0]))
