"""A ticker's series in numbers: returns and drawdown of prices, spread of anything else, and what tests say of it."""

from typing import Any

import numpy as np
import pandas as pd

from pipeline import stationarity
from pipeline.correlations import ljung_box

DIGITS = 12  # of a return: what lies beyond them is rounding
LAGS = 22  # of the Ljung-Box test: a month of sessions


def measured(values: pd.Series, *, priced: bool) -> pd.Series:
    """What is looked at step by step: log returns of prices, NaN at the first; anything else as it is."""
    return np.log(values).diff().round(DIGITS) if priced else values


def leveled(values: pd.Series, *, priced: bool) -> pd.Series:
    """What may wander: the log of prices, anything else as it is."""
    return np.log(values) if priced else values


def summary(dates: pd.Series, values: pd.Series, *, priced: bool) -> dict[str, Any]:
    """The numbers of tables/summary, for one ticker's values in order, at even steps.

    Annual figures are of log returns, at the ticker's own number of sessions a year.
    """
    known = values.notna()
    whole, dates, values = values, dates[known], values[known]
    own = measured(values, priced=priced).dropna()
    numbers = {"sessions": len(values), "first": dates.iloc[0], "last": dates.iloc[-1]}
    if priced:
        yearly = len(own) / ((dates.iloc[-1] - dates.iloc[0]) / pd.Timedelta(days=365.25)) if len(own) else np.nan
        numbers |= {"annual_return": own.mean() * yearly, "annual_volatility": own.std() * np.sqrt(yearly)}
        numbers |= {"largest_drawdown": (values / values.cummax() - 1).min()}
    else:
        numbers |= {"mean": own.mean(), "deviation": own.std(), "minimum": own.min(), "maximum": own.max()}
    adf, kpss = stationarity.p_values(leveled(values, priced=priced))
    spaced = measured(whole, priced=priced)
    return {
        **numbers,
        "skew": own.skew(),
        "excess_kurtosis": own.kurt(),
        "adf": adf,
        "kpss": kpss,
        "stationarity": stationarity.words(adf, kpss),
        "ljung_box": ljung_box(spaced, LAGS),
        "ljung_box_squares": ljung_box((spaced - spaced.mean()) ** 2, LAGS),
    }
