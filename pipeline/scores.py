"""How good forecasts were, beside a reference on the very same days."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import stdtr

Floats = NDArray[np.float64]

NETWORK = "network"
POOLED = "all tickers"


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
    difference = pd.Series(error**2 - other**2).groupby(dates).mean().to_numpy()
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


def table(forecasts: pd.DataFrame, references: dict[str, str]) -> pd.DataFrame:
    """The scores of tables/scores, sorted.

    forecasts: model, target, split, horizon, ticker, origin, actual, predicted, center, unit, one row a forecast,
    no NaN; references: for each target the model it is judged against. Several tickers are also scored together,
    as POOLED, by (value - center) / unit, for the errors of dear tickers would drown those of cheap ones.
    """
    values = ["actual", "predicted", "reference"]
    key = ["target", "ticker", "origin", "horizon"]
    reference = forecasts[forecasts["model"] == forecasts["target"].map(references)].set_index(key)["predicted"]
    forecasts = forecasts.join(reference.rename("reference"), on=key)
    if forecasts[values].isna().any(axis=None):
        raise ValueError("a forecast, its actual or its reference is missing")
    if forecasts["ticker"].nunique() > 1:
        pooled = forecasts.assign(
            **{name: (forecasts[name] - forecasts["center"]) / forecasts["unit"] for name in values}
        )
        forecasts = pd.concat([forecasts, pooled.assign(ticker=POOLED)])
    by = ["model", "target", "split", "horizon", "ticker"]
    found = []
    for group, own in forecasts.groupby(by):
        actual, predicted, rival, dates = (own[name].to_numpy() for name in (*values, "origin"))
        scored = measures(actual, predicted, rival, dates, own["horizon"].iloc[0])
        found.append(dict(zip(by, group, strict=True)) | scored)
    return pd.DataFrame(found)


def side_by_side(predictions: pd.DataFrame, baselines: pd.DataFrame, units: pd.DataFrame) -> pd.DataFrame:
    """What `table` takes: forecasts of the network and, from the same origins, of the baselines.

    predictions, baselines: the tables of these names; units: ticker, origin, volatility in prices.
    """
    known = predictions[predictions["split"].isin(["train", "validation", "test"])]
    known = known.merge(units, on=["ticker", "origin"], validate="many_to_one")
    key = ["ticker", "origin", "horizon"]
    price = known[[*key, "split", "actual"]].assign(target="price", center=known["last"], unit=known["volatility"])
    parts = [price.assign(model=NETWORK, predicted=known["predicted"])]
    if known["variance_predicted"].notna().any():
        variance = known[[*key, "split"]].assign(
            target="variance", actual=known["variance_actual"], center=0.0, unit=1.0
        )
        parts.append(variance.assign(model=NETWORK, predicted=known["variance_predicted"]))
    parts = [part.dropna(subset="actual") for part in parts]
    rivals = [part.drop(columns=["model", "predicted"]).merge(baselines, on=[*key, "target"]) for part in parts]
    return pd.concat([*parts, *rivals], ignore_index=True)
