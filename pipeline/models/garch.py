"""The variance by GJR-GARCH: losses and gains of a session feed the next ones' variance, each with its own weight."""

from collections.abc import Sequence
from itertools import accumulate
from typing import NamedTuple

import numpy as np
import pandas as pd

from pipeline.io.errors import UserError
from pipeline.models.model import Floats, Model, Samples
from pipeline.models.variance import mean_error, returns

PERCENT = 100  # the optimizer works well where returns are near 1


class Fit(NamedTuple):
    """parameters: by ticker mean, omega, alpha, gamma, beta and the first session's variance, of returns in percent;
    added: to the log of the expected variance, (horizons,).
    """

    parameters: dict[str, Floats]
    horizons: list[int]
    added: Floats


def fit(samples: Samples, horizons: Sequence[int]) -> Fit:
    """GJR-GARCH(1,1) with Student t errors and a constant mean, by maximum likelihood: once for each ticker, on its
    returns up to its last train origin.

    Glosten, Jagannathan and Runkle (1993), "On the relation between the expected value and the volatility of the
    nominal excess return on stocks", Journal of Finance 48(5):
    v[t+1] = omega + (alpha + gamma [e[t] < 0]) e[t]^2 + beta v[t].
    Raises UserError, naming the ticker, for a fit that fails.
    """
    rows = samples.rows
    earned, split, parameters = _earned(rows), rows["split"].to_numpy(), {}
    for ticker, own in rows.groupby("ticker", sort=False).indices.items():
        known = own[np.isfinite(earned[own])]
        train = known[: np.flatnonzero(split[known] == "train")[-1] + 1]
        parameters[str(ticker)] = _fitted(earned[train], str(ticker))
    nothing = Fit(parameters, list(horizons), np.zeros(len(horizons)))
    return nothing._replace(added=mean_error(rows, forecast(nothing, samples), horizons))


def forecast(fitted: Fit, samples: Samples) -> Floats:
    """The log of the expected variance, filtered through all rows, on the scale of log Garman-Klass variance. NaN at a
    ticker's first row and in gaps.
    """
    rows, farthest = samples.rows, max(fitted.horizons)
    earned, found = _earned(rows), np.full((len(rows), farthest), np.nan)
    for ticker, own in rows.groupby("ticker", sort=False).indices.items():
        known = own[np.isfinite(earned[own])]
        found[known] = _expected(earned[known], fitted.parameters[str(ticker)], farthest)
    return np.log(found[:, [h - 1 for h in fitted.horizons]]) + fitted.added


def _earned(rows: pd.DataFrame) -> Floats:
    """Returns in percent, (rows,)."""
    return PERCENT * returns(rows, "gjr_garch").to_numpy(np.float64)


def _fitted(train: Floats, ticker: str) -> Floats:
    """As in Fit."""
    from arch.univariate import GARCH, ConstantMean, StudentsT  # takes seconds to load

    model = ConstantMean(train, volatility=GARCH(p=1, o=1, q=1), distribution=StudentsT(), rescale=False)
    with np.errstate(all="ignore"):  # what goes wrong is told in one line
        fit = model.fit(disp="off", show_warning=False)
    start = fit.conditional_volatility[0] ** 2
    if fit.convergence_flag or not np.isfinite([*fit.params, start]).all():
        raise UserError(
            f"params.yaml: benchmark.models: found gjr_garch, whose fit fails for {ticker} on {len(train)} train "
            "returns; accepted: tickers with more of them (prepare.exclude_tickers), or other models"
        )
    return np.array([*fit.params.to_numpy(np.float64)[:5], float(start)])


def _expected(earned: Floats, parameters: Floats, horizon: int) -> Floats:
    """The expected variance h = 1 ... horizon sessions after each return: (returns, horizon)."""
    mean, omega, alpha, gamma, beta, start = parameters
    error = earned - mean
    news = omega + np.where(error < 0, alpha + gamma, alpha) * error**2
    expected = np.empty((len(earned), horizon))
    expected[:, 0] = list(accumulate(news, lambda variance, own: own + beta * variance, initial=start))[1:]
    for h in range(1, horizon):  # a loss is as likely as a gain
        expected[:, h] = omega + (alpha + gamma / 2 + beta) * expected[:, h - 1]
    return expected


GJR_GARCH = Model("gjr_garch", "variance", fit, forecast)
