"""GJR-GARCH, a simple model of the variance in which losses and gains have different effects on the next variance."""

from collections.abc import Sequence
from itertools import accumulate
from typing import NamedTuple

import numpy as np
import pandas as pd

from pipeline.forecaster.preparation import ALL, for_rows
from pipeline.io.errors import UserError
from pipeline.models.model import Floats, Model, Samples
from pipeline.models.variance import log_returns, mean_error

PERCENT = 100  # the optimizer works best if returns are near 1


class Fit(NamedTuple):
    """The fitted numbers.

    parameters: by ticker: mean, omega, alpha, gamma, beta and the variance of the first session, for returns in
    percent; log_correction: is added to the log of the expected variance, by ticker or ALL, then by horizon.
    """

    parameters: dict[str, Floats]
    horizons: list[int]
    log_correction: dict[str, list[float]]


def fit(samples: Samples, horizons: Sequence[int]) -> Fit:
    """Fit GJR-GARCH(1,1) with Student t errors and a constant mean by maximum likelihood.

    v[t+1] = omega + (alpha + gamma [e[t] < 0]) e[t]^2 + beta v[t]

    Each ticker is fitted once, on its returns up to its last train origin.
    Source: Glosten, Jagannathan and Runkle (1993), "On the relation between the expected value and the volatility of
    the nominal excess return on stocks", Journal of Finance 48(5).
    Raises UserError with the name of the ticker if a fit fails.
    """
    rows = samples.rows
    returns, split, parameters = _percent_returns(rows), rows["split"].to_numpy(), {}
    for ticker, positions in rows.groupby("ticker", sort=False).indices.items():
        known = positions[np.isfinite(returns[positions])]
        train = known[: np.flatnonzero(split[known] == "train")[-1] + 1]
        parameters[str(ticker)] = _fit_ticker(returns[train], str(ticker))
    uncorrected = Fit(parameters, list(horizons), {ALL: [0.0] * len(horizons)})
    errors = mean_error(rows, forecast(uncorrected, samples), horizons, samples.preparation.pool)
    return uncorrected._replace(log_correction=errors)


def forecast(fitted: Fit, samples: Samples) -> Floats:
    """Forecast the log of the Garman-Klass variance: (rows, horizons). NaN at a ticker's first row and in gaps."""
    rows, max_horizon = samples.rows, max(fitted.horizons)
    returns, variance = _percent_returns(rows), np.full((len(rows), max_horizon), np.nan)
    for ticker, positions in rows.groupby("ticker", sort=False).indices.items():
        known = positions[np.isfinite(returns[positions])]
        variance[known] = _expected_variance(returns[known], fitted.parameters[str(ticker)], max_horizon)
    return np.log(variance[:, [h - 1 for h in fitted.horizons]]) + for_rows(fitted.log_correction, rows["ticker"])


def _percent_returns(rows: pd.DataFrame) -> Floats:
    """Return the log returns in percent, (rows,)."""
    return PERCENT * log_returns(rows, "gjr_garch").to_numpy(np.float64)


def _fit_ticker(train: Floats, ticker: str) -> Floats:
    """Return the parameters of one ticker in the order of Fit. train: its returns in percent."""
    from arch.univariate import GARCH, ConstantMean, StudentsT  # takes seconds to load

    model = ConstantMean(train, volatility=GARCH(p=1, o=1, q=1), distribution=StudentsT(), rescale=False)
    with np.errstate(all="ignore"):  # a failed fit is reported below, in one line
        fit = model.fit(disp="off", show_warning=False)
    start = fit.conditional_volatility[0] ** 2
    if fit.convergence_flag or not np.isfinite([*fit.params, start]).all():
        raise UserError(
            f"params.yaml: benchmark.models: found gjr_garch, whose fit fails for {ticker} on {len(train)} train "
            "returns; accepted: only tickers with more train returns (prepare.exclude_tickers), or other models"
        )
    return np.array([*fit.params.to_numpy(np.float64)[:5], float(start)])


def _expected_variance(returns: Floats, parameters: Floats, horizon: int) -> Floats:
    """Return the expected variance 1 ... horizon sessions after each return: (returns, horizon)."""
    mean, omega, alpha, gamma, beta, start = parameters
    error = returns - mean
    # The next variance without its last term, beta v[t].
    without_beta = omega + np.where(error < 0, alpha + gamma, alpha) * error**2
    expected = np.empty((len(returns), horizon))
    expected[:, 0] = list(accumulate(without_beta, lambda variance, new: new + beta * variance, initial=start))[1:]
    for h in range(1, horizon):  # losses and gains are equally likely, so gamma counts half
        expected[:, h] = omega + (alpha + gamma / 2 + beta) * expected[:, h - 1]
    return expected


GJR_GARCH = Model("gjr_garch", "variance", fit, forecast)
