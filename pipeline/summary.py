"""A ticker's series in numbers: returns and drawdown of prices, spread of anything else, autocorrelations."""

from typing import Any

import numpy as np
import pandas as pd
from statsmodels.tsa.stattools import acf


def measured(values: pd.Series, *, priced: bool) -> pd.Series:
    """What is looked at step by step: log returns of prices, NaN at the first; anything else as it is."""
    return np.log(values).diff() if priced else values


def summary(dates: pd.Series, values: pd.Series, *, priced: bool) -> dict[str, Any]:
    """The numbers of tables/summary, for one ticker's values in order, none missing.

    Annual figures are of log returns, at the ticker's own number of sessions a year.
    """
    own = measured(values, priced=priced).dropna()
    numbers = {"sessions": len(values), "first": dates.iloc[0], "last": dates.iloc[-1]}
    if priced:
        yearly = len(own) / ((dates.iloc[-1] - dates.iloc[0]) / pd.Timedelta(days=365.25)) if len(own) else np.nan
        numbers |= {"annual_return": own.mean() * yearly, "annual_volatility": own.std() * np.sqrt(yearly)}
        numbers |= {"largest_drawdown": (values / values.cummax() - 1).min()}
    else:
        numbers |= {"mean": own.mean(), "deviation": own.std(), "minimum": own.min(), "maximum": own.max()}
    return {**numbers, "skew": own.skew(), "excess_kurtosis": own.kurt()}


def autocorrelations(values: pd.Series, lags: int, *, priced: bool) -> pd.DataFrame:
    """At lags 1 to `lags`, fewer where there are fewer values: lag, returns and their squares; or values and changes.

    values: as `measured` gives them; what is missing is passed over (statsmodels, "conservative").
    """
    pair = {"returns": values, "squared returns": values**2} if priced else {"values": values, "changes": values.diff()}
    lags = max(min(lags, int(values.count()) - 2), 0)
    found = {
        name: acf(own.iloc[1:].to_numpy(np.float64), nlags=lags, missing="conservative")[1:]
        for name, own in pair.items()
    }
    return pd.DataFrame({"lag": np.arange(1, lags + 1), **found})
