"""A ticker's prices in numbers: returns, drawdown, autocorrelations."""

import numpy as np
import pandas as pd
from statsmodels.tsa.stattools import acf


def returns(prices: pd.DataFrame) -> pd.Series:
    """Log return of each session's close; NaN at the first."""
    return np.log(prices["close"]).diff()


def summary(prices: pd.DataFrame, missing_sessions: int) -> dict[str, object]:
    """One row of tables/summary, for one ticker's prices in order.

    Annual figures are of log returns, at the ticker's own number of sessions a year.
    """
    own, first, last = returns(prices).dropna(), prices["date"].iloc[0], prices["date"].iloc[-1]
    yearly = len(own) / ((last - first) / pd.Timedelta(days=365.25))
    return {
        "ticker": prices["ticker"].iloc[0],
        "sessions": len(prices),
        "first": first,
        "last": last,
        "missing_sessions": missing_sessions,
        "annual_return": own.mean() * yearly,
        "annual_volatility": own.std() * np.sqrt(yearly),
        "skew": own.skew(),
        "excess_kurtosis": own.kurt(),
        "largest_drawdown": (prices["close"] / prices["close"].cummax() - 1).min(),
    }


def autocorrelations(returns: pd.Series, lags: int) -> pd.DataFrame:
    """Of returns and of their squares: lag, returns, squared; lags 1 to `lags`, fewer where there are fewer returns."""
    own = returns.dropna().to_numpy()
    lags = min(lags, len(own) - 1)
    return pd.DataFrame(
        {
            "lag": np.arange(1, lags + 1),
            "returns": acf(own, nlags=lags)[1:],
            "squared": acf(own**2, nlags=lags)[1:],
        }
    )
