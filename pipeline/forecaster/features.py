"""The features of a price table. A row uses its own session and earlier ones of its ticker, never later ones.

A raw column is used as it is. No other feature depends on how high the price is. In the formulas:
- g is the log Garman-Klass variance of a session (column `log_variance`), and g5, g22, ... are its means over 5, 22,
  ... sessions.
- sigma = exp(g22 / 2) is the current volatility (column `volatility`).
- r is the log return of the forecast column, and r5, r22 are its log returns over 5 and 22 sessions.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from pipeline.forecaster.targets import MONTH, trailing_mean
from pipeline.io.errors import UserError
from pipeline.prices import value_columns


@dataclass(frozen=True)
class Feature:
    """How a feature is computed, and from what.

    values: (prices, name of the forecast column) -> one value for each row, NaN where unknown. The prices are those of
    one ticker after the other, each in order.
    """

    values: Callable[[pd.DataFrame, str], pd.Series]
    lookback: int  # how many earlier sessions a row needs
    columns: tuple[str, ...] = ("log_variance",)  # the columns that the price table must have
    optional_lookback: int = 0  # earlier sessions that it uses if there are enough; 0 means `lookback`

    @property
    def max_lookback(self) -> int:
        """The number of earlier sessions that a value can depend on."""
        return max(self.lookback, self.optional_lookback)


def _mean(prices: pd.DataFrame, sessions: int, min_sessions: int | None = None) -> pd.Series:
    """Return g5, g22, ...: the mean of g over the last sessions."""
    return trailing_mean(prices["log_variance"], prices["ticker"], sessions, min_sessions)


def variance_session(prices: pd.DataFrame, column: str) -> pd.Series:
    """Return g - g22: is this session more volatile than its month?"""
    return prices["log_variance"] - _mean(prices, MONTH)


def variance_week(prices: pd.DataFrame, column: str) -> pd.Series:
    """Return g5 - g22: is this week more volatile than its month?"""
    return _mean(prices, 5) - _mean(prices, MONTH)


def variance_quarter(prices: pd.DataFrame, column: str) -> pd.Series:
    """Return g22 - g66: is this month more volatile than its quarter?"""
    return _mean(prices, MONTH) - _mean(prices, 66)


def variance_year(prices: pd.DataFrame, column: str) -> pd.Series:
    """Return g66 - g250: is this quarter more volatile than its year? g250 may use fewer sessions, but at least 66."""
    return _mean(prices, 66) - _mean(prices, 250, min_sessions=66)


def return_over(prices: pd.DataFrame, column: str, sessions: int) -> pd.Series:
    """Return the log return over some sessions, divided by sigma: r / sigma, r5 / sigma, r22 / sigma."""
    log = np.log(prices[column])
    return (log - log.groupby(prices["ticker"]).shift(sessions)) / prices["volatility"]


def return_down(prices: pd.DataFrame, column: str) -> pd.Series:
    """Return min(r / sigma, 0): losses increase the variance more than gains do."""
    return return_over(prices, column, 1).clip(upper=0)


def high_low(prices: pd.DataFrame, column: str) -> pd.Series:
    """Return log(log(high / low)) - g22 / 2: the log range, compared with the month's volatility. NaN if high = low."""
    log_range = np.log(prices["high"] / prices["low"])
    return np.log(log_range.where(log_range > 0)) - _mean(prices, MONTH) / 2


def close_location(prices: pd.DataFrame, column: str) -> pd.Series:
    """Return ((close - low) - (high - close)) / (high - low): 1 at the high, -1 at the low, 0 where high = low."""
    high, low, close = prices["high"], prices["low"], prices["close"]
    location = ((close - low) - (high - close)) / (high - low).where(high > low)
    return location.mask(high == low, 0.0)


def volume_month(prices: pd.DataFrame, column: str) -> pd.Series:
    """Return log volume minus its mean over 22 sessions. A volume of zero counts as missing."""
    log = np.log(prices["volume"].where(prices["volume"] > 0))
    return log - trailing_mean(log, prices["ticker"], MONTH, min_sessions=1)


def december(prices: pd.DataFrame, column: str) -> pd.Series:
    """Return 1 in the second half of December, when few people trade, and 0 otherwise."""
    date = prices["date"]
    return ((date.dt.month == 12) & (date.dt.day >= 15)).astype("float64")


FEATURES = {
    "variance_session": Feature(variance_session, MONTH - 1),
    "variance_week": Feature(variance_week, MONTH - 1),
    "variance_quarter": Feature(variance_quarter, 65),
    "variance_year": Feature(variance_year, 65, optional_lookback=249),
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
    """Return how many earlier sessions a row needs for all of these features. A raw column needs none."""
    return max([0, *(FEATURES[name].lookback for name in names if name in FEATURES)])


def uses_returns(target: str, names: list[str]) -> bool:
    """Say whether the target or any of these features is a return. Returns need values above zero."""
    return target == "return" or any(name.startswith("return_") for name in names)


def feature_table(prices: pd.DataFrame, names: list[str], column: str) -> pd.DataFrame:
    """Compute these features: float64, one row for each session, one column for each name.

    prices: as from inputs.with_variance, one ticker after the other. A name that is not in FEATURES is one of its other
    columns.
    Raises UserError for an unknown name, or for a feature whose columns are missing.
    """
    raw_columns = [name for name in value_columns(prices) if name not in ("log_variance", "volatility")]
    computable = [name for name, feature in FEATURES.items() if set(feature.columns) <= set(prices.columns)]
    accepted = [*computable, *raw_columns]
    for name in names:
        if name not in accepted:
            raise UserError(f"params.yaml: prepare.features: found {name!r}; accepted here: {', '.join(accepted)}")
    values = {name: prices[name] if name in raw_columns else FEATURES[name].values(prices, column) for name in names}
    return pd.DataFrame(values, index=prices.index)
