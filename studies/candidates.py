"""Features that were tried and are no part of the pipeline: each a named function of one ticker's price table.

They enter as raw columns of a file, beside the prices, so that the stages are those of the pipeline. As there, all are
causal and free of the price's level; g is log Garman-Klass variance, g22 its mean over 22 sessions, sigma =
exp(g22 / 2), r the log return of the close. NaN where unknown.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from pipeline.artifacts import write_table
from pipeline.forecaster.volatility import FLOOR, MONTH, log_variance, volatility
from pipeline.tables import KEY
from pipeline.tables import prices as prices_table

COLUMNS = (*prices_table.PRICES, "volume")


def _g(prices: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    g = log_variance(prices)
    return g, g.rolling(MONTH).mean()


def _sigma(prices: pd.DataFrame) -> pd.Series:
    return volatility(log_variance(prices))


def _returns(prices: pd.DataFrame, sessions: int = 1) -> pd.Series:
    log = np.log(prices["close"])
    return log - log.shift(sessions)


def _gap(prices: pd.DataFrame) -> pd.Series:
    return np.log(prices["open"] / prices["close"].shift())


def _log(variance: pd.Series) -> pd.Series:
    return np.log(variance.clip(lower=FLOOR))


def variance_pair(prices: pd.DataFrame) -> pd.Series:
    """g2 - g22"""
    g, month = _g(prices)
    return g.rolling(2).mean() - month


def variance_fortnight(prices: pd.DataFrame) -> pd.Series:
    """g10 - g22"""
    g, month = _g(prices)
    return g.rolling(10).mean() - month


def variance_decayed(prices: pd.DataFrame) -> pd.Series:
    """G's exponentially weighted mean, decay 0.94 as in RiskMetrics (1996), less g22."""
    g, month = _g(prices)
    return g.ewm(alpha=0.06).mean() - month


def variance_highest(prices: pd.DataFrame) -> pd.Series:
    """The month's highest g less g22."""
    g, month = _g(prices)
    return g.rolling(MONTH).max() - month


def variance_spread(prices: pd.DataFrame) -> pd.Series:
    """The standard deviation of g over a month."""
    g, _ = _g(prices)
    return g.rolling(MONTH).std()


def week_down(prices: pd.DataFrame) -> pd.Series:
    """min(r5 / sigma, 0): Corsi and Reno (2012), "Discrete-time volatility forecasting with persistent leverage effect
    and the link with continuous-time volatility modeling", Journal of Business & Economic Statistics 30(3).
    """
    return (_returns(prices, 5) / _sigma(prices)).clip(upper=0)


def month_down(prices: pd.DataFrame) -> pd.Series:
    """min(r22 / sigma, 0), as week_down."""
    return (_returns(prices, MONTH) / _sigma(prices)).clip(upper=0)


def return_size(prices: pd.DataFrame) -> pd.Series:
    """|r| / sigma"""
    return _returns(prices).abs() / _sigma(prices)


def return_variance(prices: pd.DataFrame) -> pd.Series:
    """The logarithm of r^2 less g22"""
    return _log(_returns(prices) ** 2) - _g(prices)[1]


def month_variance(prices: pd.DataFrame) -> pd.Series:
    """The logarithm of the month's mean of r^2, less g22: what the sessions' ranges leave out."""
    return _log((_returns(prices) ** 2).rolling(MONTH).mean()) - _g(prices)[1]


def gap(prices: pd.DataFrame) -> pd.Series:
    """log(open / close before) / sigma"""
    return _gap(prices) / _sigma(prices)


def gap_size(prices: pd.DataFrame) -> pd.Series:
    """|log(open / close before)| / sigma"""
    return _gap(prices).abs() / _sigma(prices)


def rogers_satchell(prices: pd.DataFrame) -> pd.Series:
    """Log variance by Rogers and Satchell (1991), "Estimating variance from high, low and closing prices", Annals of
    Applied Probability 1(4), less g22.
    """
    log = np.log(prices[["open", "high", "low", "close"]])
    high, low = log["high"], log["low"]
    variance = (high - log["close"]) * (high - log["open"]) + (low - log["close"]) * (low - log["open"])
    return _log(variance) - _g(prices)[1]


def parkinson(prices: pd.DataFrame) -> pd.Series:
    """Log variance by Parkinson (1980), "The extreme value method for estimating the variance of the rate of return",
    Journal of Business 53(1), over a week, less g22.
    """
    variance = np.log(prices["high"] / prices["low"]) ** 2 / (4 * np.log(2))
    return _log(variance.rolling(5).mean()) - _g(prices)[1]


def skew(prices: pd.DataFrame) -> pd.Series:
    """The realised skewness of a month: mean r^3 / (mean r^2)^1.5, Amaya et al. (2015), "Does realized skewness
    predict the cross-section of equity returns?", Journal of Financial Economics 118(1), of daily returns.
    """
    r = _returns(prices)
    return (r**3).rolling(MONTH).mean() / (r**2).rolling(MONTH).mean() ** 1.5


def signed_variance(prices: pd.DataFrame) -> pd.Series:
    """The sign of r times (g - g22)."""
    g, month = _g(prices)
    return np.sign(_returns(prices)) * (g - month)


def volume_week(prices: pd.DataFrame) -> pd.Series:
    """Log volume's mean over a week less that over a month; zero volume is missing."""
    log = np.log(prices["volume"].where(prices["volume"] > 0))
    return log.rolling(5, min_periods=1).mean() - log.rolling(MONTH, min_periods=1).mean()


def monday(prices: pd.DataFrame) -> pd.Series:
    """Whether the session is one before a weekend: the next one is a Monday's."""
    return (prices["date"].dt.day_of_week == 4).astype("float64")


def weekday(prices: pd.DataFrame) -> pd.Series:
    """0 on Mondays to 4 on Fridays."""
    return prices["date"].dt.day_of_week.astype("float64")


def _on(day: int) -> Callable[[pd.DataFrame], pd.Series]:
    """Whether the session is on this day of the week, 0 for Monday."""
    return lambda prices: (prices["date"].dt.day_of_week == day).astype("float64")


WEEKDAYS = ("on_monday", "on_tuesday", "on_wednesday", "on_thursday", "on_friday")

CANDIDATES: dict[str, Callable[[pd.DataFrame], pd.Series]] = {
    function.__name__: function
    for function in (
        variance_pair,
        variance_fortnight,
        variance_decayed,
        variance_highest,
        variance_spread,
        week_down,
        month_down,
        return_size,
        return_variance,
        month_variance,
        gap,
        gap_size,
        rogers_satchell,
        parkinson,
        skew,
        signed_variance,
        volume_week,
        monday,
        weekday,
    )
} | {name: _on(day) for day, name in enumerate(WEEKDAYS)}
# Section scrape of params.yaml for the file that `write` writes.
SCRAPE: dict[str, Any] = {
    "source": "file",
    "path": "data/raw/candidates.parquet",
    "ticker": "",
    "dates": ["date"],
    "date_format": "%Y-%m-%d",
    "columns": {name: name for name in ("ticker", *COLUMNS, *CANDIDATES)},
    "unit": "points",
    "delimiter": ",",
    "decimal": ".",
    "thousands": "",
    "signs": "",
    "missing": [],
    "calendar": "XNYS",
    "max_missing": 0.0,
    "repair": "none",
}


def write(folder: Path, prices: pd.DataFrame) -> None:
    """The prices of one ticker and all candidates, where SCRAPE finds them."""
    table = prices[["ticker", "date", *COLUMNS]].assign(**{name: values(prices) for name, values in CANDIDATES.items()})
    schema = pa.schema([*KEY, *((name, pa.float64()) for name in (*COLUMNS, *CANDIDATES))])
    write_table(folder / SCRAPE["path"], table, schema)
