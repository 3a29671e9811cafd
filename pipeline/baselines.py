"""The simple forecasts a network must be compared with, from its own origins; whatever is fitted sees train only, but
for har_yearly, which walks forward.

Train starts where the look-back of the chosen features is complete, so other features may fit other coefficients.

Each takes the rows (at least ticker, split, last, log_variance, in order; har_yearly also date_h), a horizon and the
steps in a season, and gives (rows, horizon) float64: prices, or log variances; NaN where its look-back is incomplete.
"""

from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.errors import UserError
from pipeline.tables import rows as table
from pipeline.targets import ahead
from pipeline.volatility import DECAY, MONTH

Floats = NDArray[np.float64]


def persistence(rows: pd.DataFrame, horizon: int, season: int) -> Floats:
    """The price stays as it is."""
    return np.repeat(rows["last"].to_numpy(np.float64)[:, None], horizon, axis=1)


def drift(rows: pd.DataFrame, horizon: int, season: int) -> Floats:
    """The price goes on by its mean change over train: Hyndman and Athanasopoulos, "Forecasting: principles and
    practice", 3rd ed., section 5.2, fitted once instead of at each origin.
    """
    at = rows.groupby("ticker").cumcount()  # gaps are steps too
    train = rows.assign(at=at)[rows["split"] == "train"].groupby("ticker")[["last", "at"]]
    change = train.last() - train.first()
    slope = change["last"] / change["at"]
    steps = np.arange(1, horizon + 1)
    return persistence(rows, horizon, season) + rows["ticker"].map(slope).to_numpy(np.float64)[:, None] * steps


def seasonal_naive(rows: pd.DataFrame, horizon: int, season: int) -> Floats:
    """The price is what it last was at the same place in the season: Hyndman and Athanasopoulos, section 5.2."""
    own = rows.groupby("ticker", sort=False)["last"]
    ahead = [
        own.transform(lambda last, h=h: seasons(last, season).shift(-h % season)).to_numpy(np.float64)
        for h in range(1, horizon + 1)
    ]
    return np.column_stack(ahead)


def seasons(last: pd.Series, season: int) -> pd.Series:
    """One ticker's values, each gap filled with the last value known at the same place in the season."""
    return last.groupby(np.arange(len(last)) % season).ffill()


def ewma(rows: pd.DataFrame, horizon: int, season: int) -> Floats:
    """The exponentially weighted mean of Garman-Klass variance: J.P. Morgan and Reuters (1996), "RiskMetrics -
    technical document", 4th ed., section 5.2, with lambda = DECAY: v[t] = lambda v[t-1] + (1 - lambda) x[t], begun at
    the ticker's first value; its log, the same for all horizons, as `unbiased` has it. Lambda is theirs; one number a
    horizon is fitted, once, on train.
    """
    variance = np.exp(rows["log_variance"]).groupby(rows["ticker"], sort=False)
    mean = variance.transform(lambda own: own.ewm(alpha=1 - DECAY, adjust=False, ignore_na=True).mean())
    return unbiased(rows, np.repeat(np.log(mean.to_numpy(np.float64))[:, None], horizon, axis=1))


def unbiased(rows: pd.DataFrame, forecast: Floats) -> Floats:
    """A forecast of log variance, (rows, horizon), brought to the scale of log Garman-Klass variance: its mean error
    over train, one number a horizon, pooled over tickers, is added. A log of a mean is not the mean of a log.
    """
    error = ahead(rows, "log_variance", forecast.shape[1]) - forecast
    return forecast + np.nanmean(error[(rows["split"] == "train").to_numpy()], axis=0)


def har(rows: pd.DataFrame, horizon: int, season: int) -> Floats:
    """The heterogeneous autoregression of Corsi (2009), "A simple approximate long-memory model of realized
    volatility", Journal of Financial Econometrics 7(2), on log variance: ordinary least squares on
    its means over a session, a week and a month, one fit for each horizon, pooled over tickers, once on train.
    """
    return _trained(rows, _means(rows, "log_variance"), horizon)


def har_yearly(rows: pd.DataFrame, horizon: int, season: int) -> Floats:
    """`har`, fitted again at the start of each calendar year after that of the last train origin: on train and on
    every other sample whose target's date lies before 1 January, one fit for each horizon; the train fit until then.
    """
    terms, future = _with_constant(_means(rows, "log_variance")), ahead(rows, "log_variance", horizon)
    forecast, split = har(rows, horizon, season), rows["split"]
    years, known = rows["date"].dt.year, np.isfinite(terms).all(axis=1) & (split != "warmup").to_numpy()
    trained = known & (split == "train").to_numpy() & np.isfinite(future).all(axis=1)
    for year in sorted(years[years > years[trained].max()].unique()):
        at = (years == year).to_numpy()
        for h in range(1, horizon + 1):
            past = known & (rows[table.date(h)] < pd.Timestamp(year, 1, 1)).to_numpy()
            seen = trained | past & np.isfinite(future[:, h - 1])
            forecast[at, h - 1] = terms[at] @ _coefficients(terms[seen], future[seen, h - 1])
    return forecast


def lhar(rows: pd.DataFrame, horizon: int, season: int) -> Floats:
    """HAR with leverage, of Corsi and Renò (2012), "Discrete-time volatility forecasting with persistent leverage
    effect and the link with continuous-time volatility modeling", Journal of Business & Economic Statistics 30(3),
    without its jumps: `har`'s terms and the negative parts of the mean log returns of `last` over the same spans, for
    losses raise the variance more than gains do. Ordinary least squares, one fit for each horizon, pooled over
    tickers, once on train.
    """
    losses = np.minimum(_means(rows.assign(earned=returns(rows, "lhar").fillna(0.0)), "earned"), 0)
    return _trained(rows, np.column_stack([_means(rows, "log_variance"), losses]), horizon)


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


def _means(rows: pd.DataFrame, column: str) -> Floats:
    """A column's means over a session, a week and a month: (rows, 3)."""
    own = rows.groupby("ticker", sort=False)[column]
    spans = [own.transform(lambda values, n=n: values.rolling(n).mean()) for n in (1, 5, MONTH)]
    return np.column_stack([span.to_numpy(np.float64) for span in spans])


def _trained(rows: pd.DataFrame, regressors: Floats, horizon: int) -> Floats:
    """The forecast of log variance that is linear in the regressors, (rows, k), by least squares on train."""
    terms, future = _with_constant(regressors), ahead(rows, "log_variance", horizon)
    train = (rows["split"] == "train").to_numpy() & np.isfinite(terms).all(axis=1) & np.isfinite(future).all(axis=1)
    return terms @ _coefficients(terms[train], future[train])


def _with_constant(regressors: Floats) -> Floats:
    return np.column_stack([np.ones(len(regressors)), regressors])


def _coefficients(terms: Floats, future: Floats) -> Floats:
    """Of ordinary least squares."""
    return np.asarray(np.linalg.lstsq(terms, future)[0], np.float64)


# name: what it forecasts, and how
BASELINES: dict[str, tuple[str, Callable[[pd.DataFrame, int, int], Floats]]] = {
    "persistence": ("price", persistence),
    "drift": ("price", drift),
    "seasonal_naive": ("price", seasonal_naive),
    "ewma": ("variance", ewma),
    "har": ("variance", har),
    "har_yearly": ("variance", har_yearly),
    "lhar": ("variance", lhar),
}
