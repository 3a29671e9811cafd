"""The scores of the network and of every simple model, on the same sessions: data/scores.parquet."""

from collections.abc import Collection, Iterable, Iterator
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.evaluate.significance import diebold_mariano, skill_interval
from pipeline.forecaster import samples
from pipeline.forecaster.forecasts import NETWORK, is_simple
from pipeline.forecaster.preparation import Preparation
from pipeline.forecaster.targets import typical_change
from pipeline.io.errors import UserError
from pipeline.scoring.columns import ALL, POOLED, SCHEMA, TERCILES
from pipeline.scoring.results import skill

Floats = NDArray[np.float64]
ARRAYS = ["split", "origin", "date", "tercile", "percent", "center", "actual"]
COLUMNS = ["ticker", "horizon", "error_scale", *ARRAYS]


def terciles(rows: pd.DataFrame, volatility: pd.Series) -> pd.Series:
    """Return each row's tercile of volatility, 0 to 2, among the rows of its ticker and split; NaN where unknown."""
    rank = volatility.groupby([rows["ticker"], rows["split"]]).rank(method="first", pct=True)
    return np.ceil(rank * 3) - 1


def slices(dates: NDArray[np.datetime64], tercile: Floats, *, sliced: bool) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    """Yield all forecasts as slice `all`, as a mask. If `sliced`, yield those of each year and of each tercile too.

    dates: the dates forecast; tercile: that of the origin; each (forecasts,).
    """
    yield ALL, np.full(len(dates), True)
    if sliced:
        years = dates.astype("datetime64[Y]")
        for year in np.unique(years):
            yield str(year), years == year
        for number in np.unique(tercile[~np.isnan(tercile)]):
            yield TERCILES[int(number)], tercile == number


def measures(actual: Floats, predicted: Floats) -> dict[str, Floats]:
    """Return MSE, RMSE, MAE and R² of several models, each (models,).

    R² = 1 - MSE / variance of the actual values; NaN where undefined. actual: (forecasts,); predicted: (forecasts,
    models).
    """
    error = actual[:, None] - predicted
    mse, variance = np.mean(error**2, axis=0), np.mean((actual - actual.mean()) ** 2)
    return {
        "mse": mse,
        "rmse": np.sqrt(mse),
        "mae": np.mean(np.abs(error), axis=0),
        "r2": 1 - mse / variance if variance else np.full(len(mse), np.nan),
    }


def directional_accuracy(change: Floats, predicted: Floats) -> tuple[Floats, float]:
    """Return each model's share of forecasts with the right sign, (models,), and the share that "always up" would get.

    Days without a change are left out. A model that never forecasts a change gets NaN. change: (forecasts,); predicted:
    (forecasts, models); both are differences from the last known value.
    """
    moved = change != 0
    if not moved.any():
        return np.full(predicted.shape[1], np.nan), float("nan")
    right = np.mean(np.sign(predicted[moved]) == np.sign(change[moved])[:, None], axis=0)
    return np.where((predicted != 0).any(axis=0), right, np.nan), float(np.mean(change[moved] > 0))


def smearing(actual: Floats, predicted: Floats) -> Floats:
    """Return the factor that turns exp(forecast of a logarithm) into a forecast of the mean: (models,).

    factor = mean of exp(actual - predicted) (Duan 1983, "Smearing estimate", Journal of the American Statistical
    Association 78(383)).
    """
    return np.mean(np.exp(actual[:, None] - predicted), axis=0)


def qlike(actual: Floats, predicted: Floats, smear: Floats) -> Floats:
    """Return the QLIKE loss of each forecast of a variance, (forecasts, models); smaller is better.

    QLIKE = v / f - log(v / f) - 1, v the variance, f = exp(predicted) x smear its forecast (Patton 2011, "Volatility
    forecast comparison using imperfect volatility proxies", Journal of Econometrics 160(1)).

    actual: log variances, (forecasts,); predicted: (forecasts, models); smear: `smearing` of train.
    """
    log_ratio = actual[:, None] - predicted - np.log(smear)
    return np.exp(log_ratio) - log_ratio - 1


def daily(values: Floats, dates: NDArray[np.datetime64]) -> Floats:
    """Return the sum of each day, divided by the mean number of forecasts a day: (forecasts, models) -> (days, models).

    If every day has the same number of forecasts, this is the mean of the day. In any case the mean over days equals
    the mean over forecasts.
    """
    if (dates[1:] > dates[:-1]).all():  # one ticker: one forecast a day
        return values
    _, day = np.unique(dates, return_inverse=True)
    return np.stack([np.bincount(day, weights=column) for column in values.T], axis=1) / np.bincount(day).mean()


def origins(rows: pd.DataFrame, *, priced: bool) -> pd.DataFrame:
    """Return what the scores need to know of each origin.

    - change: the size of a usual step, by targets.typical_change.
    - error_scale: the unit in which errors of several tickers are added up. For prices it is the current volatility as
      a change of price; where that is unknown, the mean absolute change over train; NaN if it never changed.
    - percent: 1 % of the last price; NaN for a series that is not a price.
    - tercile: of current volatility, by `terciles`.

    rows: all of forecaster/samples.
    """
    train = rows["last"].where(rows["split"] == "train")
    mean_change = train.groupby(rows["ticker"]).diff().abs().groupby(rows["ticker"]).transform("mean")
    current = rows["last"] * rows["volatility"] if priced else pd.Series(np.nan, rows.index)
    error_scale = current.where(current > 0).fillna(mean_change)
    step_size = typical_change(rows, priced=priced)
    return rows[["ticker"]].assign(
        origin=rows["date"],
        change=step_size,
        error_scale=error_scale.where(error_scale > 0),
        percent=rows["last"] / 100 if priced else np.nan,
        tercile=terciles(rows, step_size / rows["last"] if priced else step_size),
    )


def side_by_side(predictions: pd.DataFrame, forecasts: dict[str, pd.DataFrame]) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield, for each target, the forecasts of every model from the network's origins.

    The frame has COLUMNS and one column a model. `center` is the value that changes are measured from: the last price,
    or 0 for the variance.

    predictions: data/predictions.parquet with the columns of `origins`; forecasts: as from predictions.by_model. Raises
    UserError if a model has no forecast from one of the network's origins.
    """
    for target, models in forecasts.items():
        rows = predictions.assign(center=predictions["last"])
        if target == "variance":
            rows = rows.assign(actual=rows["variance_actual"], center=0.0, error_scale=1.0, percent=np.nan)
        rows = rows.loc[rows["split"].isin(samples.FILES) & rows["actual"].notna(), COLUMNS].join(models)
        for model, missing in rows[models.columns].isna().sum().items():
            if missing:
                raise UserError(
                    f"data/benchmark.parquet: {model} has no forecast from {missing} of the network's {len(rows)} "
                    "origins; accepted: benchmark.window at most train.window"
                )
        yield target, rows


def models_of(forecasts: pd.DataFrame) -> list[str]:
    """Return the names of the models in a frame of `side_by_side`."""
    return [name for name in forecasts.columns if name not in COLUMNS]


def table(forecasts: Iterable[tuple[str, pd.DataFrame]], baselines: dict[str, str]) -> pd.DataFrame:
    """Return data/scores.parquet, sorted.

    Several tickers are also scored together, as POOLED, with errors divided by `error_scale`: otherwise expensive
    tickers would dominate. Years and terciles are scored for the only ticker, or for POOLED.

    forecasts: as `side_by_side` yields them; baselines: by target, the model that it is judged against.
    """
    scores: list[dict[str, Any]] = []
    for target, rows in forecasts:
        single, models = rows["ticker"].nunique() == 1, models_of(rows)
        for part in [rows] if single else [rows, pooled(rows)]:
            arrays = {name: part[name].to_numpy() for name in ARRAYS}  # thousands of steps in pandas take long
            arrays["predicted"] = np.ascontiguousarray(part[models])  # the last digit of a sum depends on the order
            for (ticker, horizon), own in part.groupby(["ticker", "horizon"]).indices.items():
                key = {"target": target, "horizon": int(horizon), "ticker": ticker}
                columns = {name: values[own] for name, values in arrays.items()}
                scores += _scored(columns, key, models, baselines[target], sliced=single or ticker == POOLED)
    by = ["model", "target", "split", "horizon", "ticker", "slice"]
    frame = pd.DataFrame(scores)
    columns = dict.fromkeys([*SCHEMA.names, *frame])  # a column that the schema lacks is refused when it is written
    return frame.reindex(columns=list(columns)).sort_values(by, ignore_index=True)


def without_untrained(scores: pd.DataFrame, trained: Collection[str]) -> pd.DataFrame:
    """Return data/scores.parquet with the network's skills and p-values of targets that it does not forecast as null.

    trained: the targets that it forecasts. For any other target it repeats the baseline.
    """
    of_network = ~scores["model"].map(is_simple) & ~scores["target"].isin(trained)
    tests = scores.columns[scores.columns.str.startswith(("skill", "p_value"))]
    return scores.assign(**scores[tests].where(~of_network))


def pooled(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the forecasts of all tickers as those of one, POOLED: (value - center) / error_scale.

    Tickers without an error scale are left out.
    """
    known = rows[rows["error_scale"].notna()]
    values = ["actual", *models_of(rows)]
    scaled = known[values].sub(known["center"], axis=0).div(known["error_scale"], axis=0)
    return known.assign(ticker=POOLED, center=0.0, percent=np.nan, **scaled)


def _scored(
    columns: dict[str, NDArray[Any]], key: dict[str, Any], models: list[str], baseline: str, *, sliced: bool
) -> Iterator[dict[str, Any]]:
    """Yield the scores of one ticker and horizon: for validation and test, each slice and model.

    columns: ARRAYS, each (forecasts,), and `predicted`, (forecasts, models).
    """
    split, actual, predicted, center = (columns[name] for name in ("split", "actual", "predicted", "center"))
    in_split = {name: split == name for name in samples.FILES}
    train, validation = in_split.pop("train"), in_split["validation"]
    smear = smearing(actual[train], predicted[train]) if key["target"] == "variance" else None
    best = best_simple_model(actual[validation], predicted[validation], models, baseline)
    rivals = {"": baseline, "_against_best": best, "_against_network": NETWORK}
    against = {end: models.index(rival) for end, rival in rivals.items()}
    priced = not np.isnan(columns["percent"]).any()
    by_slice = slices(columns["date"], columns["tercile"], sliced=sliced)
    for part, (name, in_slice) in product(in_split, by_slice):
        own = in_split[part] & in_slice
        if not own.any():
            continue
        pair = actual[own], predicted[own]
        values = measures(*pair)
        for end in ("", "_against_best"):
            values[f"skill{end}"] = skill(values["mse"], values["mse"][against[end]])
        if smear is None:
            values |= change_measures(*pair, center[own], priced=priced)
        else:
            values["qlike"] = np.mean(qlike(*pair, smear), axis=0)
        if name == ALL:
            values |= _tested(*pair, columns["origin"][own], against, key["horizon"], smear, sliced=sliced)
        for column, model in enumerate(models):
            yield {**key, "split": part, "model": model, "slice": name, "n": own.sum(), "best": best} | {
                measure: value[column] for measure, value in values.items()
            }


def best_simple_model(actual: Floats, predicted: Floats, models: list[str], baseline: str) -> str:
    """Return the simple model with the lowest MSE on validation; the baseline if it is as good.

    actual: (forecasts,); predicted: (forecasts, models).
    """
    simple = [name for name in models if name != baseline and is_simple(name)]
    if not len(actual):
        return baseline
    mse = dict(zip(models, measures(actual, predicted)["mse"], strict=True))
    return min([baseline, *simple], key=lambda name: mse[name])


def change_measures(actual: Floats, predicted: Floats, center: Floats, *, priced: bool) -> dict[str, Floats]:
    """Return what is measured of changes from `center`, each (models,): the directional accuracies and `r2_return`.

    actual, center: (forecasts,); predicted: (forecasts, models).
    """
    change, forecast = actual - center, predicted - center[:, None]
    right, always_up = directional_accuracy(change, forecast)
    if priced:  # log returns, NaN where the forecast price is not above zero
        positive = np.where(predicted > 0, predicted, np.nan)
        change, forecast = np.log(actual / center), np.log(positive / center[:, None])
    return {
        "directional_accuracy": right,
        "naive_directional_accuracy": np.full(len(right), always_up),
        "r2_return": measures(change, forecast)["r2"],
    }


def _tested(
    actual: Floats,
    predicted: Floats,
    dates: NDArray[np.datetime64],
    against: dict[str, int],
    horizon: int,
    smear: Floats | None,
    *,
    sliced: bool,
) -> dict[str, Floats]:
    """Return the p-values of every model against its rivals, (models,): of squared errors, and of QLIKE."""

    def p_values(losses: Floats, rival: int) -> Floats:
        return np.array([diebold_mariano(column - losses[:, rival], horizon) for column in losses.T])

    squared = daily((predicted - actual[:, None]) ** 2, dates)
    by_rival = {rival: p_values(squared, rival) for rival in set(against.values())}
    values = {f"p_value{end}": by_rival[rival] for end, rival in against.items()}
    network = against["_against_network"]
    if smear is not None:
        losses = daily(qlike(actual, predicted, smear), dates)
        values["qlike_p_value_against_network"] = p_values(losses, network)
    if sliced:  # the interval of the network's skill: for all models it would take minutes
        bounds = np.full((2, predicted.shape[1]), np.nan)
        bounds[:, network] = skill_interval(squared[:, network], squared[:, against[""]], horizon)
        values["skill_low"], values["skill_high"] = bounds
    return values


def baselines(preparation: Preparation, models: set[str]) -> dict[str, str]:
    """Return the simple model that each target is judged against: its baseline, or persistence where it has none.

    Raises UserError if it is not among the models that were benchmarked.
    """
    named = {name: target.baseline for name, target in preparation.targets.items()}
    judges = {name: "persistence" if baseline == "none" else str(baseline) for name, baseline in named.items()}
    for target, model in judges.items():
        if model not in models:
            raise UserError(
                f"params.yaml: benchmark.models: found {', '.join(sorted(models))}; "
                f"{model} must be among them, because the {target} forecast is judged against it"
            )
    return judges
