"""The variance by GJR-GARCH: losses and gains of a session feed the next ones' variance, each with its own weight."""

from itertools import accumulate

import numpy as np
import pandas as pd
from arch.univariate import GARCH, ConstantMean, StudentsT
from numpy.typing import NDArray

from pipeline.baselines import returns, unbiased
from pipeline.errors import UserError

Floats = NDArray[np.float64]

PERCENT = 100  # the optimizer works well where returns are near 1


def gjr_garch(rows: pd.DataFrame, horizon: int) -> Floats:
    """The log variance by GJR-GARCH(1,1) with Student t errors and a constant mean: (rows, horizon) float64.

    Glosten, Jagannathan and Runkle (1993), "On the relation between the expected value and the volatility of the
    nominal excess return on stocks", Journal of Finance 48(5):
    v[t+1] = omega + (alpha + gamma [e[t] < 0]) e[t]^2 + beta v[t].
    Fitted once for each ticker, by maximum likelihood, on its returns up to its last train origin; filtered through all
    its rows with these parameters. The log of the expected variance is brought to the scale of log Garman-Klass
    variance by `unbiased`. NaN at a ticker's first row and in gaps.

    rows: at least ticker, split, last, log_variance, in order. Raises UserError, naming the ticker, for a fit that
    fails.
    """
    earned, split = PERCENT * returns(rows, "gjr_garch").to_numpy(np.float64), rows["split"].to_numpy()
    forecast = np.full((len(rows), horizon), np.nan)
    for ticker, own in rows.groupby("ticker", sort=False).indices.items():
        known = own[np.isfinite(earned[own])]
        train = known[: np.flatnonzero(split[known] == "train")[-1] + 1]
        parameters, start = _fitted(earned[train], str(ticker))
        forecast[known] = _expected(earned[known], parameters, start, horizon)
    return unbiased(rows, np.log(forecast))


def _fitted(train: Floats, ticker: str) -> tuple[Floats, float]:
    """Mean, omega, alpha, gamma and beta, and the variance of the first session, of returns in percent."""
    model = ConstantMean(train, volatility=GARCH(p=1, o=1, q=1), distribution=StudentsT(), rescale=False)
    with np.errstate(all="ignore"):  # what goes wrong is told in one line
        fit = model.fit(disp="off", show_warning=False)
    start = fit.conditional_volatility[0] ** 2
    if fit.convergence_flag or not np.isfinite([*fit.params, start]).all():
        raise UserError(
            f"params.yaml: benchmark.models: found gjr_garch, whose fit fails for {ticker} on {len(train)} train "
            "returns; accepted: tickers with more of them (prepare.leave_out), or other models"
        )
    return fit.params.to_numpy(np.float64)[:5], float(start)


def _expected(earned: Floats, parameters: Floats, start: float, horizon: int) -> Floats:
    """The expected variance h = 1 ... horizon sessions after each return: (returns, horizon)."""
    mean, omega, alpha, gamma, beta = parameters
    error = earned - mean
    news = omega + np.where(error < 0, alpha + gamma, alpha) * error**2
    expected = np.empty((len(earned), horizon))
    expected[:, 0] = list(accumulate(news, lambda variance, own: own + beta * variance, initial=start))[1:]
    for h in range(1, horizon):  # a loss is as likely as a gain
        expected[:, h] = omega + (alpha + gamma / 2 + beta) * expected[:, h - 1]
    return expected
