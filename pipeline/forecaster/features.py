"""Causal features of one ticker's price table: a row sees its own session and earlier ones, never later ones.

All but the raw columns are free of the price's level. g is log Garman-Klass variance, g22 its mean over 22
sessions, sigma = exp(g22 / 2) the current volatility, r the log return of the column that is forecast. Price tables
come with their `log_variance`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from pipeline.forecaster.targets import MONTH, volatility
from pipeline.io.errors import UserError
from pipeline.prices import value_columns


@dataclass(frozen=True)
class Feature:
    """values: (prices of one ticker, name of the forecast column) -> one value a row, NaN where unknown."""

    values: Callable[[pd.DataFrame, str], pd.Series]
    lookback: int  # earlier sessions that a row needs
    needs: tuple[str, ...] = ("log_variance",)  # columns
    most: int = 0  # earlier sessions that a row sees, where that may be more

    @property
    def reach(self) -> int:
        """How many earlier sessions a row's value may depend on."""
        return max(self.lookback, self.most)


def _mean(g: pd.Series, sessions: int) -> pd.Series:
    return g.rolling(sessions).mean()


def variance_session(prices: pd.DataFrame, column: str) -> pd.Series:
    """G - g22: is this session wilder than its month?"""
    g = prices["log_variance"]
    return g - _mean(g, MONTH)


def variance_week(prices: pd.DataFrame, column: str) -> pd.Series:
    """g5 - g22: is this week wilder than its month?"""
    g = prices["log_variance"]
    return _mean(g, 5) - _mean(g, MONTH)


def variance_quarter(prices: pd.DataFrame, column: str) -> pd.Series:
    """g22 - g66: is this month wilder than its quarter?"""
    g = prices["log_variance"]
    return _mean(g, MONTH) - _mean(g, 66)


def variance_year(prices: pd.DataFrame, column: str) -> pd.Series:
    """G66 - g250: is this quarter wilder than its year? Of as many of the 250 sessions as there are."""
    g = prices["log_variance"]
    return _mean(g, 66) - g.rolling(250, min_periods=66).mean()


def return_over(prices: pd.DataFrame, column: str, sessions: int) -> pd.Series:
    """Log return over that many sessions, in current volatilities: r / sigma, r5 / sigma, r22 / sigma."""
    log = np.log(prices[column])
    return (log - log.shift(sessions)) / volatility(prices["log_variance"])


def return_down(prices: pd.DataFrame, column: str) -> pd.Series:
    """min(r / sigma, 0): losses raise the variance more than gains do."""
    return return_over(prices, column, 1).clip(upper=0)


def high_low(prices: pd.DataFrame, column: str) -> pd.Series:
    """log(log(high / low)) - g22 / 2: the session's range against its month; missing where high = low."""
    span = np.log(prices["high"] / prices["low"])
    return np.log(span.where(span > 0)) - _mean(prices["log_variance"], MONTH) / 2


def close_location(prices: pd.DataFrame, column: str) -> pd.Series:
    """((close - low) - (high - close)) / (high - low): 1 at the high, -1 at the low, 0 where high = low."""
    high, low, close = prices["high"], prices["low"], prices["close"]
    location = ((close - low) - (high - close)) / (high - low).where(high > low)
    return location.mask(high == low, 0.0)


def volume_month(prices: pd.DataFrame, column: str) -> pd.Series:
    """Log volume against its mean over 22 sessions; zero volume is missing."""
    log = np.log(prices["volume"].where(prices["volume"] > 0))
    return log - log.rolling(MONTH, min_periods=1).mean()


def december(prices: pd.DataFrame, column: str) -> pd.Series:
    """1 in the second half of December, when little is traded, else 0."""
    date = prices["date"]
    return ((date.dt.month == 12) & (date.dt.day >= 15)).astype("float64")


FEATURES = {
    "variance_session": Feature(variance_session, MONTH - 1),
    "variance_week": Feature(variance_week, MONTH - 1),
    "variance_quarter": Feature(variance_quarter, 65),
    "variance_year": Feature(variance_year, 65, most=249),
    "return_session": Feature(partial(return_over, sessions=1), MONTH - 1),
    "return_down": Feature(return_down, MONTH - 1),
    "return_week": Feature(partial(return_over, sessions=5), MONTH - 1),
    "return_month": Feature(partial(return_over, sessions=MONTH), MONTH),
    "high_low": Feature(high_low, MONTH - 1),
    "close_location": Feature(close_location, 0),
    "volume_month": Feature(volume_month, MONTH - 1, ("volume",)),
    "december": Feature(december, 0, ("date",)),
}


def lookback(names: list[str]) -> int:
    """How many earlier sessions a row needs for all of these features; a raw column needs none."""
    return max([0, *(FEATURES[name].lookback for name in names if name in FEATURES)])


def take_returns(target: str, names: list[str]) -> bool:
    """Whether a target or any of these features is a return, for which the forecast column must be above zero."""
    return target == "return" or any(name.startswith("return_") for name in names)


def features(prices: pd.DataFrame, names: list[str], column: str) -> pd.DataFrame:
    """These features of one ticker's price table: float64, one row a session, one column a name.

    A name that is not in FEATURES is a raw column: what the classic notebooks feed their networks.
    Raises UserError for an unknown name, or one whose columns are not there.
    """
    raw = [name for name in value_columns(prices) if name != "log_variance"]
    possible = [name for name, feature in FEATURES.items() if set(feature.needs) <= set(prices.columns)]
    for name in names:
        if name not in [*possible, *raw]:
            raise UserError(
                f"params.yaml: prepare.features: found {name!r}; accepted here: {', '.join([*possible, *raw])}"
            )
    values = {name: prices[name] if name in raw else FEATURES[name].values(prices, column) for name in names}
    return pd.DataFrame(values, index=prices.index)
