"""How good forecasts were, beside a reference on the very same days."""

from collections.abc import Iterable, Iterator
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import stdtr

Floats = NDArray[np.float64]

NETWORK = "network"
POOLED = "all tickers"
KEY = ["ticker", "origin", "horizon", "split"]
SPLITS = ("train", "validation", "test")


def measures(
    actual: Floats, predicted: Floats, reference: Floats, dates: NDArray[np.datetime64], horizon: int
) -> dict[str, float]:
    """The measures of tables/scores, each array (forecasts,).

    r2 is 1 - MSE / variance of the actuals; skill is 1 - MSE / MSE of the reference (Murphy 1988, "Skill scores
    based on the mean square error", Monthly Weather Review 116); p_value is `diebold_mariano`'s,
    over the dates' mean differences of squared errors. NaN where undefined.
    """
    error, other = actual - predicted, actual - reference
    mse, spread, rival = np.mean(error**2), np.mean((actual - actual.mean()) ** 2), np.mean(other**2)
    _, day = np.unique(dates, return_inverse=True)
    difference = np.bincount(day, weights=error**2 - other**2) / np.bincount(day)
    return {
        "n": len(actual),
        "mse": mse,
        "rmse": np.sqrt(mse),
        "mae": np.mean(np.abs(error)),
        "r2": 1 - mse / spread if spread else np.nan,
        "skill": 1 - mse / rival if rival else np.nan,
        "p_value": diebold_mariano(difference, horizon),
    }


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


def units(rows: pd.DataFrame, *, priced: bool) -> pd.DataFrame:
    """In what the errors of several tickers are told together: columns ticker, origin, unit.

    rows: tables/rows. Of prices the current volatility, as a change of price; where there is none, the ticker's mean
    absolute change from step to step over train; NaN for a ticker that never changed.
    """
    train = rows["last"].where(rows["split"] == "train")
    typical = train.groupby(rows["ticker"]).diff().abs().groupby(rows["ticker"]).transform("mean")
    current = rows["last"] * rows["volatility"] if priced else pd.Series(np.nan, rows.index)
    unit = current.where(current > 0).fillna(typical)
    return rows[["ticker"]].assign(origin=rows["date"], unit=unit.where(unit > 0))


def side_by_side(
    predictions: pd.DataFrame, baselines: pd.DataFrame, units: pd.DataFrame
) -> Iterator[tuple[str, pd.DataFrame]]:
    """For each target the forecasts of the network and, from the same origins, of the baselines.

    predictions, baselines: the tables of these names; units: as `units` gives them. Columns: KEY, one for each model,
    and what pools tickers: (value - center) / unit.
    """
    known = predictions[predictions["split"].isin(SPLITS)]
    known = known.merge(units, on=["ticker", "origin"], validate="many_to_one")
    price = known[KEY].assign(actual=known["actual"], center=known["last"], unit=known["unit"])
    yield "price", _joined(price.assign(**{NETWORK: known["predicted"]}), baselines, "price")
    if known["variance_predicted"].notna().any():
        variance = known[KEY].assign(actual=known["variance_actual"], center=0.0, unit=1.0)
        yield "variance", _joined(variance.assign(**{NETWORK: known["variance_predicted"]}), baselines, "variance")


def _joined(own: pd.DataFrame, baselines: pd.DataFrame, target: str) -> pd.DataFrame:
    """The rows whose actual is known, with a column for each baseline of the target."""
    own = own.dropna(subset="actual")
    for model, theirs in baselines[baselines["target"] == target].groupby("model"):
        at = ["ticker", "origin", "horizon"]
        forecast = theirs[[*at, "predicted"]].rename(columns={"predicted": str(model)})
        own = own.merge(forecast, how="left", on=at, validate="one_to_one")
    return own


def table(forecasts: Iterable[tuple[str, pd.DataFrame]], references: dict[str, str]) -> pd.DataFrame:
    """The scores of tables/scores, sorted.

    forecasts: as `side_by_side` gives them; references: for each target the model it is judged against. Several
    tickers are also scored together, as POOLED, for the errors of dear tickers would drown those of cheap ones; what
    has no unit is left out of that.
    """
    found: list[dict[str, Any]] = []
    for target, rows in forecasts:
        models = [name for name in rows.columns if name not in (*KEY, "actual", "center", "unit")]
        if rows[["actual", *models]].isna().any(axis=None):
            raise ValueError(f"{target}: a forecast or its actual is missing")
        found += _scored(rows, target, models, references[target])
        if rows["ticker"].nunique() > 1:
            values = ["actual", *models]
            pooled = rows[values].sub(rows["center"], axis=0).div(rows["unit"], axis=0)
            together = rows[KEY].assign(ticker=POOLED, **pooled)[rows["unit"].notna()]
            found += _scored(together, target, models, references[target])
    by = ["model", "target", "split", "horizon", "ticker"]
    return pd.DataFrame(found).sort_values(by, ignore_index=True)


def _scored(rows: pd.DataFrame, target: str, models: list[str], reference: str) -> Iterator[dict[str, Any]]:
    """The scores of each ticker, split, horizon and model."""
    horizons = sorted(rows["horizon"].unique())
    for ticker, theirs in rows.groupby("ticker"):
        for split, horizon in product(SPLITS, horizons):
            own = theirs[(theirs["split"] == split) & (theirs["horizon"] == horizon)]
            if own.empty:
                continue
            key = {"target": target, "split": split, "horizon": horizon, "ticker": ticker}
            actual, rival, dates = (own[name].to_numpy() for name in ("actual", reference, "origin"))
            for model in models:
                yield {"model": model, **key, **measures(actual, own[model].to_numpy(), rival, dates, int(horizon))}
