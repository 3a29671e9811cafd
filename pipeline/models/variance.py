"""The simple forecasts of log variance that are linear in what is known, and the exponentially weighted mean."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from pipeline.forecaster import baselines
from pipeline.forecaster.preparation import Coefficients
from pipeline.forecaster.targets import DECAY, ahead
from pipeline.io.errors import UserError
from pipeline.models.model import Floats, Model, Samples


def _har(fitted: Coefficients, samples: Samples) -> Floats:
    return baselines.linear(baselines.means(samples.rows, "log_variance"), fitted, samples.rows["ticker"])


def lhar_terms(rows: pd.DataFrame) -> Floats:
    """HAR's, and the negative parts of the mean log returns over the same spans, for losses raise the variance more
    than gains do: (rows, 6). Corsi and Renò (2012), "Discrete-time volatility forecasting with persistent leverage
    effect and the link with continuous-time volatility modeling", Journal of Business & Economic Statistics 30(3),
    without its jumps.
    """
    losses = np.minimum(baselines.means(rows.assign(earned=returns(rows, "lhar").fillna(0.0)), "earned"), 0)
    return np.column_stack([baselines.means(rows, "log_variance"), losses])


def returns(rows: pd.DataFrame, model: str) -> pd.Series:
    """Log returns of `last`, from its value before, over gaps too; NaN at a ticker's first row and in gaps.

    Raises UserError, naming the model that asks, for a value that has no return.
    """
    low = rows[rows["last"] <= 0]
    if len(low):
        ticker, last = low.iloc[0][["ticker", "last"]]
        raise UserError(
            f"params.yaml: benchmark.models: found {model}, which takes returns, and {last:g} among the values of "
            f"{ticker}; accepted: values above zero, or other models"
        )
    log = np.log(rows["last"])
    return log - log.groupby(rows["ticker"], sort=False).transform(lambda own: own.ffill().shift())


def ewma_of(rows: pd.DataFrame) -> Floats:
    """The log of the exponentially weighted mean of variance, (rows,): J.P. Morgan and Reuters (1996), "RiskMetrics -
    technical document", 4th ed., section 5.2, with lambda = DECAY: v[t] = lambda v[t-1] + (1 - lambda) x[t], begun at
    the ticker's first value.
    """
    variance = np.exp(rows["log_variance"]).groupby(rows["ticker"], sort=False)
    mean = variance.transform(lambda own: own.ewm(alpha=1 - DECAY, adjust=False, ignore_na=True).mean())
    return np.log(mean.to_numpy(np.float64))


def mean_error(rows: pd.DataFrame, forecast: Floats, horizons: Sequence[int]) -> Floats:
    """Over train, pooled over tickers: (horizons,). Added to a forecast, (rows, horizons), it brings it to the scale of
    log variance: a log of a mean is not the mean of a log.
    """
    came = ahead(rows, "log_variance", max(horizons))[:, [h - 1 for h in horizons]]
    return np.nanmean((came - forecast)[(rows["split"] == "train").to_numpy()], axis=0)


def _fit_ewma(samples: Samples, horizons: Sequence[int]) -> Floats:
    """Lambda is RiskMetrics'; one number a horizon is fitted."""
    forecast = np.repeat(ewma_of(samples.rows)[:, None], len(horizons), axis=1)
    return mean_error(samples.rows, forecast, horizons)


EWMA = Model("ewma", "variance", _fit_ewma, lambda added, samples: ewma_of(samples.rows)[:, None] + added)
HAR = Model("har", "variance", lambda samples, horizons: baselines.har_of(samples.rows, horizons), _har)

LHAR = Model(
    "lhar",
    "variance",
    lambda samples, horizons: baselines.least_squares(samples.rows, lhar_terms(samples.rows), horizons),
    lambda fitted, samples: baselines.linear(lhar_terms(samples.rows), fitted, samples.rows["ticker"]),
)
