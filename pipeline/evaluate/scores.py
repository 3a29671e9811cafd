"""How good forecasts were, beside a reference on the very same days."""

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.evaluate.significance import diebold_mariano, skill_interval
from pipeline.forecaster import samples
from pipeline.forecaster.forecasts import NETWORK, member
from pipeline.forecaster.preparation import Preparation
from pipeline.forecaster.targets import typical_change
from pipeline.io.errors import UserError
from pipeline.scoring.columns import ALL, POOLED, SCHEMA, TERCILES

Floats = NDArray[np.float64]
KNOWN = ["ticker", "origin", "horizon", "split", "date", "tercile", "error_scale", "percent", "actual", "center"]
SPLITS = ("train", "validation", "test")


def terciles(rows: pd.DataFrame, volatility: pd.Series) -> pd.Series:
    """Each row's tercile, 0 to 2, by volatility among the rows of its ticker and split; NaN where it has none."""
    share = volatility.groupby(rows["ticker"] + "\n" + rows["split"]).rank(method="first", pct=True)
    return np.ceil(share * 3) - 1


def slices(forecasts: pd.DataFrame, *, sliced: bool) -> Iterator[tuple[str, pd.DataFrame]]:
    """All forecasts; then, if `sliced`, those of each year and of each tercile that has any, by name.

    forecasts: with the date that is forecast and the origin's tercile, as `terciles` gives it.
    """
    yield ALL, forecasts
    if sliced:
        for year, own in forecasts.groupby(forecasts["date"].dt.year):
            yield str(year), own
        for tercile, own in forecasts.groupby("tercile"):
            yield TERCILES[int(tercile)], own


def measures(actual: Floats, predicted: Floats) -> dict[str, Floats]:
    """Measures of several models, each (models,). actual: (forecasts,); predicted: (forecasts, models).

    r2 is 1 - MSE / variance of the actuals; NaN where undefined.
    """
    error = actual[:, None] - predicted
    mse, spread = np.mean(error**2, axis=0), np.mean((actual - actual.mean()) ** 2)
    return {
        "mse": mse,
        "rmse": np.sqrt(mse),
        "mae": np.mean(np.abs(error), axis=0),
        "r2": 1 - mse / spread if spread else np.full(len(mse), np.nan),
    }


def skill(mse: Floats, rival: float) -> Floats:
    """1 - MSE / MSE of the rival (Murphy 1988, "Skill scores based on the mean square error", Monthly Weather Review
    116). (models,); NaN where the rival has no error.
    """
    return 1 - mse / rival if rival else np.full(len(mse), np.nan)


def directional_accuracy(change: Floats, predicted: Floats) -> tuple[Floats, float]:
    """Each model's share of forecasts that tell up from down, (models,), and the share of ups on the same days: what
    "always up" would have got. Days without a change do not count; NaN for a model that forecasts none.

    change: (forecasts,); predicted: (forecasts, models), both against the last value known.
    """
    moved = change != 0
    if not moved.any():
        return np.full(predicted.shape[1], np.nan), float("nan")
    right = np.mean(np.sign(predicted[moved]) == np.sign(change[moved])[:, None], axis=0)
    return np.where((predicted != 0).any(axis=0), right, np.nan), float(np.mean(change[moved] > 0))


def smearing(actual: Floats, predicted: Floats) -> Floats:
    """The mean of exp(actual - predicted), (models,): what turns exp of a forecast log into a forecast mean: Duan
    (1983), "Smearing estimate", Journal of the American Statistical Association 78(383).
    """
    return np.mean(np.exp(actual[:, None] - predicted), axis=0)


def qlike(actual: Floats, predicted: Floats, smear: Floats) -> Floats:
    """Losses v / f - log(v / f) - 1, (forecasts, models), v the variance, f its forecast exp(predicted) x smear: Patton
    (2011), "Volatility forecast comparison using imperfect volatility proxies", Journal of Econometrics 160(1).

    actual: log variances, (forecasts,); predicted: (forecasts, models); smear: as `smearing` of train gives it.
    """
    log = actual[:, None] - predicted - np.log(smear)
    return np.exp(log) - log - 1


def daily(values: Floats, dates: pd.Series) -> Floats:
    """Each day's sum over the mean count a day, in order: (forecasts, models) and (forecasts,) -> (days, models).

    Of as many tickers every day it is their mean; of fewer on some days it keeps the mean over all forecasts.
    """
    if dates.is_monotonic_increasing and dates.is_unique:  # of one ticker: a forecast a day
        return values
    _, day = np.unique(dates, return_inverse=True)
    return np.stack([np.bincount(day, weights=own) for own in values.T], axis=1) / np.bincount(day).mean()


def origins(rows: pd.DataFrame, *, priced: bool) -> pd.DataFrame:
    """What is needed of each origin: columns ticker, origin, change, error_scale, percent, tercile, calibration.

    rows: of forecaster/samples. change: as from targets.typical_change. unit: in what the errors of several tickers are
    told together, which is for prices the current volatility, as a change of price; where there is none, the ticker's
    mean absolute change from step to step over train; NaN for a ticker that never changed. percent: of the last price;
    NaN of anything else. tercile: as `terciles` gives it, by current volatility. calibration: whether bands are
    calibrated on the forecasts from there.
    """
    train = rows["last"].where(rows["split"] == "train")
    typical = train.groupby(rows["ticker"]).diff().abs().groupby(rows["ticker"]).transform("mean")
    current = rows["last"] * rows["volatility"] if priced else pd.Series(np.nan, rows.index)
    error_scale = current.where(current > 0).fillna(typical)
    moves = typical_change(rows, priced=priced)
    return rows[["ticker"]].assign(
        origin=rows["date"],
        change=moves,
        error_scale=error_scale.where(error_scale > 0),
        percent=rows["last"] / 100 if priced else np.nan,
        tercile=terciles(rows, moves / rows["last"] if priced else moves),
        calibration=samples.calibration_mask(rows),
    )


def side_by_side(predictions: pd.DataFrame, forecasts: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """For each target the forecasts of every model, from the network's origins.

    predictions: of data/predictions.parquet, with the columns of `origins`; forecasts: of forecaster/forecasts, of
    every model. Columns: KNOWN, where center is what changes are told from, 0 for the variance; and one for each model.

    Raises UserError where a model has no forecast from one of the network's origins.
    """
    key = ["ticker", "origin", "horizon"]
    for target, theirs in forecasts.groupby("target"):
        own = predictions.assign(center=predictions["last"])
        if target == "variance":
            own = own.assign(actual=own["variance_actual"], center=0.0, error_scale=1.0, percent=np.nan)
        own = own.loc[own["split"].isin(SPLITS) & own["actual"].notna(), KNOWN]
        own = own.join(theirs.pivot(index=key, columns="model", values="predicted"), on=key)
        for model in models_of(own):
            if lacking := int(own[model].isna().sum()):
                raise UserError(
                    f"data/benchmark.parquet: {model} lacks {lacking} of the network's {len(own)} forecasts of known "
                    "values; accepted: benchmark.window at most train.window"
                )
        yield str(target), own


def models_of(forecasts: pd.DataFrame) -> list[str]:
    """The names of the models in a frame as `side_by_side` gives it."""
    return [name for name in forecasts.columns if name not in KNOWN]


def _arrays(forecasts: pd.DataFrame) -> tuple[Floats, Floats]:
    """The actuals, (forecasts,), and every model's forecasts, (forecasts, models), row by row in memory: a sum's last
    digit depends on it.
    """
    return forecasts["actual"].to_numpy(), np.ascontiguousarray(forecasts[models_of(forecasts)])


def table(forecasts: Iterable[tuple[str, pd.DataFrame]], references: dict[str, str]) -> pd.DataFrame:
    """The scores of data/scores.parquet, sorted.

    forecasts: as `side_by_side` gives them; references: for each target the model it is judged against. Several
    tickers are also scored together, as POOLED, for the errors of dear tickers would drown those of cheap ones; what
    has no unit is left out of that. A ticker has slices where it is alone, else the pool has.
    """
    found: list[dict[str, Any]] = []
    for target, rows in forecasts:
        alone = rows["ticker"].nunique() == 1
        for _, own in rows.groupby("ticker"):
            found += _scored(own, target, references[target], sliced=alone)
        if not alone:
            found += _scored(pooled(rows), target, references[target], sliced=True)
    by = ["model", "target", "split", "horizon", "ticker", "slice"]
    scored = pd.DataFrame(found)
    every = dict.fromkeys([*SCHEMA.names, *scored])  # one that the schema lacks stays, and is refused when written
    return scored.reindex(columns=list(every)).sort_values(by, ignore_index=True)


def pooled(rows: pd.DataFrame) -> pd.DataFrame:
    """The forecasts of all tickers as those of one, POOLED: changes from `center`, in each one's `error_scale`."""
    own = rows[rows["error_scale"].notna()]
    values = ["actual", *models_of(rows)]
    together = own[values].sub(own["center"], axis=0).div(own["error_scale"], axis=0)
    return own.assign(ticker=POOLED, center=0.0, percent=np.nan, **together)


def _scored(rows: pd.DataFrame, target: str, reference: str, *, sliced: bool) -> Iterator[dict[str, Any]]:
    """The scores of one ticker: each split but train, horizon, slice and model."""
    models = models_of(rows)
    for horizon, own in rows.groupby("horizon"):
        smear = smearing(*_arrays(own[own["split"] == "train"])) if target == "variance" else None
        best = best_of(own[own["split"] == "validation"], reference)
        for split, scored in own[own["split"] != "train"].groupby("split"):
            key = {"target": target, "split": split, "horizon": horizon, "ticker": rows["ticker"].iloc[0]}
            for name, part in slices(scored, sliced=sliced):
                values = _measured(part, {"skill": reference, "skill_against_best": best}, smear)
                if name == ALL:
                    rivals = {"p_value": reference, "p_value_against_best": best, "p_value_against_network": NETWORK}
                    values |= _tested(part, rivals, int(horizon), smear)
                    if sliced:
                        values |= _bootstrapped(part, reference, int(horizon))
                for at, model in enumerate(models):
                    yield {**key, "model": model, "slice": name, "n": len(part), "best": best} | {
                        measure: value[at] for measure, value in values.items()
                    }


def best_of(validation: pd.DataFrame, reference: str) -> str:
    """The simple model with the least MSE on validation, the reference where it is as good."""
    simple = [name for name in models_of(validation) if name != NETWORK and not name.startswith(member(""))]
    error = validation[[reference, *simple]].sub(validation["actual"], axis=0)
    return str((error**2).mean().idxmin()) if len(error) else reference


def _measured(part: pd.DataFrame, rivals: dict[str, str], smear: Floats | None) -> dict[str, Floats]:
    """The measures of a slice, each (models,)."""
    (actual, predicted), center, models = _arrays(part), part["center"].to_numpy(), models_of(part)
    found = measures(actual, predicted)
    for name, rival in rivals.items():
        found[name] = skill(found["mse"], found["mse"][models.index(rival)])
    if smear is not None:
        found["qlike"] = np.mean(qlike(actual, predicted, smear), axis=0)
        return found
    change, forecast = actual - center, predicted - center[:, None]
    found["directional_accuracy"], ups = directional_accuracy(change, forecast)
    found["naive_directional_accuracy"] = np.full(len(models), ups)
    if part["percent"].notna().all():  # log returns; NaN for a price forecast that has none
        sound = np.where(predicted > 0, predicted, np.nan)
        change, forecast = np.log(actual / center), np.log(sound / center[:, None])
    found["r2_return"] = measures(change, forecast)["r2"]
    return found


def _losses(part: pd.DataFrame, smear: Floats | None = None) -> Floats:
    """Each day's squared errors, or QLIKE where `smear` is given: (days, models)."""
    actual, predicted = _arrays(part)
    losses = (predicted - actual[:, None]) ** 2 if smear is None else qlike(actual, predicted, smear)
    return daily(losses, part["origin"])


def _tested(part: pd.DataFrame, rivals: dict[str, str], horizon: int, smear: Floats | None) -> dict[str, Floats]:
    """The p-values of each model's squared errors against those of its rivals, and of its QLIKE's, (models,)."""
    models = models_of(part)

    def p_values(losses: Floats, rival: str) -> Floats:
        return np.array([diebold_mariano(own - losses[:, models.index(rival)], horizon) for own in losses.T])

    squared = _losses(part)
    found = {name: p_values(squared, rival) for name, rival in rivals.items()}
    if smear is not None:
        found["qlike_p_value_against_network"] = p_values(_losses(part, smear), NETWORK)
    return found


def _bootstrapped(part: pd.DataFrame, reference: str, horizon: int) -> dict[str, Floats]:
    """The interval of the network's skill alone: of each simple model it would take minutes in a panel."""
    models, losses = models_of(part), _losses(part)
    own, rival = (losses[:, models.index(name)] for name in (NETWORK, reference))
    bounds = np.where(np.array(models)[:, None] == NETWORK, skill_interval(own, rival, horizon), np.nan)
    return {"skill_low": bounds[:, 0], "skill_high": bounds[:, 1]}


def references(preparation: Preparation, models: set[str]) -> dict[str, str]:
    """The simple forecast each target is judged against: what it departs from, persistence where from nothing."""
    baselines = {name: target.baseline for name, target in preparation.targets.items()}
    references = {name: "persistence" if own == "none" else str(own) for name, own in baselines.items()}
    for target, model in references.items():
        if model not in models:
            raise UserError(
                f"params.yaml: benchmark.models: found {', '.join(sorted(models))}; "
                f"{model} must be among them, for the {target} is judged against it"
            )
    return references
