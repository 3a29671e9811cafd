"""What prepare learns from train, and the samples that it makes: the columns of tables/samples."""

import numpy as np
import pandas as pd

from pipeline import scalers
from pipeline.errors import UserError
from pipeline.forecaster import samples, scaling, splits, targets
from pipeline.forecaster.preparation import Baseline, Coefficients, Preparation, Scaler, Target
from pipeline.forecaster.volatility import MONTH
from pipeline.models import naive, variance
from pipeline.tables import samples as table

ENOUGH = MONTH  # train samples of a ticker
MISSING = 0.05  # of a ticker's train rows, the most a feature may lack

Boundaries = tuple[pd.Timestamp, pd.Timestamp]  # the first date of validation, and of test


def in_splits(
    rows: pd.DataFrame, validation: float | str, test: float | str, targeted: list[str]
) -> tuple[pd.DataFrame, Boundaries]:
    """The rows with their split, without the tickers that have fewer than ENOUGH train samples; and the boundaries.

    rows: as samples.known gives them; validation, test: shares or first dates, as splits.boundaries takes them;
    targeted: the columns whose later values are targets.

    Raises UserError where train or test is empty, or early stopping would see no sample.
    """
    sessions = pd.DatetimeIndex(np.sort(rows["date"].unique()))
    first_validation, first_test = splits.boundaries(sessions, validation, test)
    horizon = table.horizon_of(rows)
    dates = rows[[table.date(h) for h in range(1, horizon + 1)]].to_numpy()
    known = np.logical_and.reduce([np.isfinite(targets.ahead(rows, name, horizon)) for name in targeted])
    beyond = dates[:, 0] > rows.groupby("ticker")["date"].transform("max").to_numpy()
    parts = splits.split(dates, known, beyond, rows["complete"].to_numpy(), first_validation, first_test)
    rows = rows.assign(split=parts)
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
    return rows[trained].reset_index(drop=True), (first_validation, first_test)


def target(rows: pd.DataFrame, kind: targets.Target, baseline: Baseline, season: int, how: str) -> Target:
    """The baseline and the scalers of a target, fitted on train.

    kind: return, level or difference of the price, or variance; how: standard or minmax.
    """
    horizon, train = table.horizon_of(rows), (rows["split"] == "train").to_numpy()
    coefficients = coefficients_of(baseline, rows, horizon)
    departure = actual(rows, kind) - samples.baseline(rows, kind, baseline, coefficients, horizon, season)
    groups = scalers.groups(rows["ticker"], alone=kind in ("level", "difference"))
    fits = [scalers.fit(how, own, train, groups, departs=baseline != "none") for own in departure.T]
    by_group = {name: [fit[name] for fit in fits] for name in fits[0]}
    return Target(baseline=baseline, coefficients=coefficients, scalers=by_group)


def coefficients_of(baseline: str, rows: pd.DataFrame, horizon: int) -> Coefficients:
    """Those of a simple forecast, fitted on train."""
    match baseline:
        case "drift":
            return naive.drift_of(rows, range(1, horizon + 1))
        case "har":
            return variance.har_of(rows, range(1, horizon + 1))
        case _:
            return {}


def actual(rows: pd.DataFrame, kind: targets.Target) -> targets.Floats:
    """What came, as a target: (rows, horizon), NaN where it is not known."""
    horizon = table.horizon_of(rows)
    if kind == "variance":
        return targets.ahead(rows, "log_variance", horizon)
    last, volatility = rows["last"].to_numpy(), rows["volatility"].to_numpy()
    return targets.target(kind, targets.ahead(rows, "last", horizon), last, volatility)


def features(rows: pd.DataFrame, kind: str, how: str) -> dict[str, dict[str, Scaler]]:
    """The scalers of the features, fitted on train: by ticker or ALL, then by name.

    Raises UserError where a feature lacks more than MISSING of a ticker's train rows.
    """
    train, found = rows["split"] == "train", {}
    groups = scalers.groups(rows["ticker"], alone=kind != "return")
    for column in table.features_of(rows):
        name = column.removeprefix(table.feature(""))
        lacking = rows.loc[train, column].isna().groupby(rows["ticker"]).mean()
        if (lacking > MISSING).any():
            raise UserError(
                f"params.yaml: prepare.features: {name} is missing in {lacking.max():.1%} of the train sessions of "
                f"{lacking.idxmax()}; accepted: at most {MISSING:.0%}"
            )
        found[name] = scalers.fit(how, rows[column].to_numpy(np.float64), train.to_numpy(), groups, departs=False)
    names = next(iter(found.values()))
    return {group: {name: own[group] for name, own in found.items()} for group in names}


def with_targets(rows: pd.DataFrame, preparation: Preparation) -> pd.DataFrame:
    """The rows with each target, and with its departure from the baseline scaled, float32; null but for samples.

    rows: as samples.prepared gives them, with their split. A purged row's targets may lie in the split that follows.
    """
    sample, columns = rows["split"].isin(["train", "validation", "test"]).to_numpy(), {}
    for name, fit in preparation.targets.items():
        came = actual(rows, preparation.kind(name))
        came[~sample] = np.nan
        for h in range(1, preparation.horizon + 1):
            departure = came[:, h - 1] - rows[table.baseline(name, h)].to_numpy()
            columns[table.target(name, h)] = came[:, h - 1]
            columns[table.scaled(name, h)] = scaling.scaled(departure, fit.scalers_of(h), rows["ticker"]).astype(
                np.float32
            )
    return pd.concat([rows, pd.DataFrame(columns, index=rows.index)], axis=1)


def missing(rows: pd.DataFrame) -> dict[str, int]:
    """How many values each unscaled feature lacks on train."""
    train = rows[rows["split"] == "train"]
    return {name.removeprefix(table.feature("")): int(train[name].isna().sum()) for name in table.features_of(rows)}
