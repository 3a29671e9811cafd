"""How good forecasts were, beside a reference on the very same days."""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import stdtr

from pipeline.bootstrap import skill_interval
from pipeline.errors import UserError
from pipeline.forecaster import splits
from pipeline.forecaster.volatility import change
from pipeline.slices import ALL, slices, thirds
from pipeline.tables.forecasts import NETWORK, member
from pipeline.tables.scores import MEASURES, POOLED

Floats = NDArray[np.float64]

KEY = ["ticker", "origin", "horizon", "split"]
OTHERS = ("actual", "center", "third", "unit", "percent")
SPLITS = ("train", "validation", "test")
EMPTY = dict.fromkeys(MEASURES, np.nan)


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


def direction(change: Floats, predicted: Floats) -> tuple[Floats, float]:
    """Each model's share of forecasts that tell up from down, (models,), and the share of ups on the same days: what
    "always up" would have got. Days without a change do not count; NaN for a model that forecasts none.

    change: (forecasts,); predicted: (forecasts, models), both against the last value known.
    """
    moved = change != 0
    if not moved.any():
        return np.full(predicted.shape[1], np.nan), float("nan")
    right = np.mean(np.sign(predicted[moved]) == np.sign(change[moved])[:, None], axis=0)
    return np.where((predicted != 0).any(axis=0), right, np.nan), float(np.mean(change[moved] > 0))


def correlations(predicted: Floats, other: Floats) -> Floats:
    """Pearson's, of each model's forecasts with one series: (models,); NaN where either never changes."""
    own, theirs = predicted - predicted.mean(axis=0), other - other.mean()
    scale = np.sqrt((own**2).sum(axis=0) * (theirs**2).sum())
    return np.divide(theirs @ own, scale, out=np.full(own.shape[1], np.nan), where=scale > 0)


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


def daily(values: Floats, dates: NDArray[np.datetime64]) -> Floats:
    """Each day's sum over the mean count a day, in order: (forecasts, models) and (forecasts,) -> (days, models).

    Of as many tickers every day it is their mean; of fewer on some days it keeps the mean over all forecasts.
    """
    if (dates[1:] > dates[:-1]).all():  # of one ticker: a forecast a day
        return values
    _, day = np.unique(dates, return_inverse=True)
    return np.stack([np.bincount(day, weights=own) for own in values.T], axis=1) / np.bincount(day).mean()


def diebold_mariano(difference: Floats, horizon: int) -> float:
    """Two-sided p-value of no difference in accuracy, from the losses' differences in order: (days,).

    Diebold and Mariano (1995), "Comparing predictive accuracy", Journal of Business & Economic Statistics 13(3),
    with the small-sample correction and t distribution of Harvey, Leybourne and Newbold (1997), "Testing the
    equality of prediction mean squared errors", International Journal of Forecasting 13(2). The variance of the mean
    is Newey and West's (1987), Econometrica 55(3), with max(2 (h - 1), 4 (n / 100)^(2/9)) lags: squared errors stay
    correlated longer than overlapping horizons explain, and Bartlett's weights, which keep it positive, take from the
    lags that matter. (Harvey et al. derived theirs for equal weights.) NaN for fewer than 10 days.
    """
    n = len(difference)
    if n < 10:
        return float("nan")
    if not difference.any():
        return 1.0
    lags = min(max(2 * (horizon - 1), int(4 * (n / 100) ** (2 / 9))), n - 1)
    centred = difference - difference.mean()
    covariances = [centred[lag:] @ centred[: n - lag] / n for lag in range(lags + 1)]
    variance = covariances[0] + 2 * sum((1 - lag / (lags + 1)) * covariances[lag] for lag in range(1, lags + 1))
    if variance <= 0:  # the same difference every day
        return 0.0
    corrected = np.sqrt((n + 1 - 2 * horizon + horizon * (horizon - 1) / n) / n)
    statistic = corrected * difference.mean() / np.sqrt(variance / n)
    return float(2 * stdtr(n - 1, -abs(statistic)))


def origins(rows: pd.DataFrame, *, priced: bool) -> pd.DataFrame:
    """What the scores need of each origin: columns ticker, origin, unit, percent, third, half.

    rows: tables/samples. unit: in what the errors of several tickers are told together, which is for prices the current
    volatility, as a change of price; where there is none, the ticker's mean absolute change from step to step over
    train; NaN for a ticker that never changed. percent: of the last price; NaN of anything else. third: as
    slices.thirds gives it, by current volatility. half: of validation, `stopping` or `later`, empty elsewhere.
    """
    train = rows["last"].where(rows["split"] == "train")
    typical = train.groupby(rows["ticker"]).diff().abs().groupby(rows["ticker"]).transform("mean")
    current = rows["last"] * rows["volatility"] if priced else pd.Series(np.nan, rows.index)
    unit = current.where(current > 0).fillna(typical)
    percent = rows["last"] / 100 if priced else pd.Series(np.nan, rows.index)
    moves = change(rows, priced=priced) / (rows["last"] if priced else 1.0)
    known = rows[["ticker"]].assign(origin=rows["date"], unit=unit.where(unit > 0), percent=percent)
    half = np.select([splits.stopping(rows), splits.calibration(rows)], ["stopping", "later"], "")
    return known.assign(third=thirds(rows, moves), half=half)


def side_by_side(predictions: pd.DataFrame, forecasts: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """For each target the forecasts of every model, from the network's origins.

    predictions: of tables/predictions, with the columns of `origins`; forecasts: of tables/forecasts, of every model.
    Columns: KEY, date, actual, a column for each model, third, unit, percent, and center, from which changes are told:
    0 for the variance.

    Raises UserError where a model has no forecast from one of the network's origins.
    """
    at = ["ticker", "origin", "horizon"]
    for target, theirs in forecasts.groupby("target"):
        priced = target == "price"
        own = predictions[[*KEY, "date", "third", "unit", "percent"]].assign(
            actual=predictions["actual" if priced else "variance_actual"],
            center=predictions["last"] if priced else 0.0,
        )
        if not priced:
            own = own.assign(unit=1.0, percent=np.nan)
        own = own[own["split"].isin(SPLITS) & own["actual"].notna()]
        for model, part in theirs.groupby("model"):
            forecast = part[[*at, "predicted"]].rename(columns={"predicted": str(model)})
            own = own.merge(forecast, how="left", on=at, validate="one_to_one")
            if lacking := int(own[model].isna().sum()):
                raise UserError(
                    f"data/benchmark.parquet: {model} lacks {lacking} of the network's {len(own)} forecasts of known "
                    "values; accepted: benchmark.window at most train.window"
                )
        yield str(target), own


def models_of(forecasts: pd.DataFrame) -> list[str]:
    """The names of the models in a frame as `side_by_side` gives it."""
    return [name for name in forecasts.columns if name not in (*KEY, "date", *OTHERS)]


def simple(models: Iterable[str]) -> list[str]:
    """Of these models the simple ones."""
    return [name for name in models if name != NETWORK and not name.startswith(member(""))]


def table(forecasts: Iterable[tuple[str, pd.DataFrame]], references: dict[str, str]) -> pd.DataFrame:
    """The scores of tables/scores, sorted.

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
    return pd.DataFrame(found).sort_values(by, ignore_index=True)


def pooled(rows: pd.DataFrame) -> pd.DataFrame:
    """The forecasts of all tickers as those of one, POOLED: changes from `center`, in each one's `unit`."""
    own = rows[rows["unit"].notna()]
    values = ["actual", *models_of(rows)]
    together = own[values].sub(own["center"], axis=0).div(own["unit"], axis=0)
    return own.assign(ticker=POOLED, center=0.0, percent=np.nan, **together)


class Part(NamedTuple):
    """Some forecasts of one ticker as arrays: each (forecasts,), predicted (forecasts, models)."""

    actual: Floats
    predicted: Floats
    center: Floats
    origin: NDArray[np.datetime64]
    year: NDArray[np.int32]
    third: Floats
    priced: NDArray[np.bool_]

    def where(self, chosen: NDArray[np.bool_]) -> "Part":
        return Part._make(values[chosen] for values in self)


def _scored(rows: pd.DataFrame, target: str, reference: str, *, sliced: bool) -> Iterator[dict[str, Any]]:
    """The scores of one ticker: each split, horizon, slice and model."""
    models, horizons = models_of(rows), rows["horizon"].to_numpy()
    within = {split: (rows["split"] == split).to_numpy() for split in SPLITS}
    whole = Part(
        actual=rows["actual"].to_numpy(),
        predicted=rows[models].to_numpy(),
        center=rows["center"].to_numpy(),
        origin=rows["origin"].to_numpy(),
        year=rows["date"].dt.year.to_numpy(),
        third=rows["third"].to_numpy(),
        priced=rows["percent"].notna().to_numpy(),
    )
    for horizon in np.unique(horizons):
        parts = {split: whole.where((horizons == horizon) & chosen) for split, chosen in within.items()}
        train, best = parts["train"], best_of(parts["validation"], models, reference)
        smear = smearing(train.actual, train.predicted) if target == "variance" else None
        for split, part in parts.items():
            key = {"target": target, "split": split, "horizon": horizon, "ticker": rows["ticker"].iloc[0]}
            by_slice = sliced and split != "train"
            for name, chosen in slices(part.year, part.third, sliced=by_slice) if len(part.actual) else ():
                own = part.where(chosen)
                scored = _measured(own, models, target, {"skill": reference, "skill_best": best}, smear)
                if name == ALL and split != "train":
                    rivals = {"p_value": reference, "p_best": best, "p_network": NETWORK}
                    scored |= _tested(own, models, rivals, int(horizon), smear)
                    if sliced:
                        scored |= _bootstrapped(own, models, reference, int(horizon))
                for at, model in enumerate(models):
                    values = {measure: value[at] for measure, value in scored.items()}
                    yield {**EMPTY, **key, "model": model, "slice": name, "n": len(own.actual), "best": best, **values}


def best_of(validation: Part, models: list[str], reference: str) -> str:
    """The simple model with the least MSE on validation, the reference where it is as good."""
    names = [reference, *(name for name in simple(models) if name != reference)]
    error = validation.predicted[:, [models.index(name) for name in names]] - validation.actual[:, None]
    return names[int(np.argmin(np.mean(error**2, axis=0)))] if len(error) else reference


def _measured(
    part: Part, models: list[str], target: str, rivals: dict[str, str], smear: Floats | None
) -> dict[str, Floats]:
    """The measures of a slice, each (models,)."""
    found = measures(part.actual, part.predicted)
    for name, rival in rivals.items():
        found[name] = skill(found["mse"], found["mse"][models.index(rival)])
    if smear is not None:
        found["qlike"] = np.mean(qlike(part.actual, part.predicted, smear), axis=0)
    if target == "price":
        change, forecast = part.actual - part.center, part.predicted - part.center[:, None]
        found["r2_return"] = measures(*_returns(part))["r2"] if part.priced.all() else measures(change, forecast)["r2"]
        found["direction"], ups = direction(change, forecast)
        found["always_up"] = np.full(len(models), ups)
        found["correlation"] = correlations(part.predicted, part.actual)
        found["correlation_last"] = correlations(part.predicted, part.center)
    return found


def _returns(part: Part) -> tuple[Floats, Floats]:
    """Log returns from the last prices, actual and forecast; NaN for a price forecast that has none."""
    sound = np.where(part.predicted > 0, part.predicted, np.nan)
    return np.log(part.actual / part.center), np.log(sound / part.center[:, None])


def _losses(part: Part) -> Floats:
    """Each day's squared errors: (days, models)."""
    return daily((part.predicted - part.actual[:, None]) ** 2, part.origin)


def _tested(
    part: Part, models: list[str], rivals: dict[str, str], horizon: int, smear: Floats | None
) -> dict[str, Floats]:
    """The p-values of each model's squared errors against those of its rivals, and of its QLIKE's, (models,)."""

    def p_values(losses: Floats, rival: str) -> Floats:
        return np.array([diebold_mariano(own - losses[:, models.index(rival)], horizon) for own in losses.T])

    squared = _losses(part)
    found = {name: p_values(squared, rival) for name, rival in rivals.items()}
    if smear is not None:
        found["p_qlike"] = p_values(daily(qlike(part.actual, part.predicted, smear), part.origin), NETWORK)
    return found


def _bootstrapped(part: Part, models: list[str], reference: str, horizon: int) -> dict[str, Floats]:
    """The interval of the network's skill alone: of each simple model it would take minutes in a panel."""
    losses, bounds = _losses(part), np.full((len(models), 2), np.nan)
    at = models.index(NETWORK)
    bounds[at] = skill_interval(losses[:, at], losses[:, models.index(reference)], horizon)
    return {"skill_low": bounds[:, 0], "skill_high": bounds[:, 1]}
