"""Simple models of the log variance: EWMA, and the linear regressions HAR and LHAR."""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from pipeline.forecaster import baselines
from pipeline.forecaster.preparation import Coefficients, Pool, fit_groups, for_rows
from pipeline.forecaster.targets import DECAY, future_values
from pipeline.io.errors import UserError
from pipeline.models.model import Floats, Model, Samples


def lhar_terms(rows: pd.DataFrame) -> Floats:
    """Return the terms of LHAR: those of HAR, and the mean losses over the same three periods, (rows, 6).

    A mean loss is min(mean log return, 0). Losses increase the variance more than gains do.
    Source: Corsi and Renò (2012), "Discrete-time volatility forecasting with persistent leverage effect and the link
    with continuous-time volatility modeling", Journal of Business & Economic Statistics 30(3), without its jumps.
    """
    with_returns = rows.assign(log_return=log_returns(rows, "lhar").fillna(0.0))
    losses = np.minimum(baselines.trailing_means(with_returns, "log_return"), 0)
    return np.column_stack([baselines.har_terms(rows), losses])


def log_returns(rows: pd.DataFrame, model: str) -> pd.Series:
    """Return the log returns of `last` since the last known value before. NaN at a ticker's first row and in gaps.

    Raises UserError for a value that has no return. model: its name, for the message.
    """
    not_positive = rows[rows["last"] <= 0]
    if len(not_positive):
        ticker, last = not_positive.iloc[0][["ticker", "last"]]
        raise UserError(
            f"params.yaml: benchmark.models: found {model}, which uses returns, but {ticker} has the value "
            f"{last:g}; accepted: values above zero, or other models"
        )
    log = np.log(rows["last"])
    return log - log.groupby(rows["ticker"], sort=False).transform(lambda logs: logs.ffill().shift())


def log_ewma(rows: pd.DataFrame) -> Floats:
    """Return the log of the exponentially weighted mean of the variance, (rows,).

    v[t] = lambda v[t-1] + (1 - lambda) x[t], with lambda = DECAY and v[0] = the first variance of the ticker

    Source: J.P. Morgan and Reuters (1996), "RiskMetrics - technical document", 4th ed., section 5.2.
    """
    variance = np.exp(rows["log_variance"]).groupby(rows["ticker"], sort=False)
    mean = variance.transform(lambda values: values.ewm(alpha=1 - DECAY, adjust=False, ignore_na=True).mean())
    return np.log(mean.to_numpy(np.float64))


def mean_error(rows: pd.DataFrame, forecast: Floats, horizons: Sequence[int], pool: Pool) -> dict[str, list[float]]:
    """Return the mean of actual log variance minus forecast over train: by ticker or ALL, then by horizon.

    Models of the variance add it to the log of their forecast, because the log of a mean is not the mean of a log.
    forecast: (rows, horizons).
    """
    actual = future_values(rows, "log_variance", max(horizons))[:, [h - 1 for h in horizons]]
    error, is_train = actual - forecast, (rows["split"] == "train").to_numpy()
    groups = fit_groups(rows["ticker"], pool).items()
    return {group: np.nanmean(error[positions[is_train[positions]]], axis=0).tolist() for group, positions in groups}


def _fit_ewma(samples: Samples, horizons: Sequence[int]) -> dict[str, list[float]]:
    """Fit one number for each horizon, the mean error. Lambda is not fitted."""
    forecast = np.repeat(log_ewma(samples.rows)[:, None], len(horizons), axis=1)
    return mean_error(samples.rows, forecast, horizons, samples.preparation.pool)


def _forecast_ewma(errors: dict[str, list[float]], samples: Samples) -> Floats:
    return log_ewma(samples.rows)[:, None] + for_rows(errors, samples.rows["ticker"])


EWMA = Model("ewma", "variance", _fit_ewma, _forecast_ewma)


def _linear(name: str, terms: Callable[[pd.DataFrame], Floats]) -> Model:
    """Return a regression on these terms."""

    def fit(samples: Samples, horizons: Sequence[int]) -> Coefficients:
        return baselines.fit_least_squares(samples.rows, terms(samples.rows), horizons, samples.preparation.pool)

    def forecast(fitted: Coefficients, samples: Samples) -> Floats:
        return baselines.linear_forecast(terms(samples.rows), fitted, samples.rows["ticker"])

    return Model(name, "variance", fit, forecast)


HAR, LHAR = _linear("har", baselines.har_terms), _linear("lhar", lhar_terms)
