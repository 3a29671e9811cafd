"""A ticker's series in numbers, data/summary.parquet: one row is a ticker.

`adf` and `kpss` are p-values of the log of prices, of anything else as it is, `stationarity` what they say together;
`ljung_box` is of returns or values at lags 1 to 22, `ljung_box_squares` of their squares about the mean.
"""

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from arch.unitroot import ADF, KPSS
from arch.utility.exceptions import InfeasibleTestException

from pipeline.report.autocorrelation import ljung_box

PRICED = ("annual_return", "annual_volatility", "largest_drawdown")
OTHER = ("mean", "deviation", "minimum", "maximum")
DIGITS = 12  # of a return: what lies beyond them is rounding
LAGS = 22  # of the Ljung-Box test: a month of sessions
MIN_VALUES = 30  # to test whether a series is stationary
LEVEL = 0.05  # of significance

# (ADF rejects, KPSS rejects) -> what that says. ADF's null hypothesis is a unit root, KPSS's a constant level.
WORDS = {
    (True, False): "stationary",
    (False, True): "wanders (unit root)",
    (True, True): "unclear: both reject",
    (False, False): "unclear: neither rejects",
}


def schema(*, priced: bool) -> pa.Schema:
    """Of prices, or of another series."""
    return pa.schema(
        [
            ("ticker", pa.string()),
            ("sessions", pa.int32()),
            ("first", pa.timestamp("us")),
            ("last", pa.timestamp("us")),
            ("missing_sessions", pa.int32()),
            *((name, pa.float64()) for name in (PRICED if priced else OTHER)),
            *((name, pa.float64()) for name in ("skew", "excess_kurtosis", "adf", "kpss")),
            ("stationarity", pa.string()),
            *((name, pa.float64()) for name in ("ljung_box", "ljung_box_squares")),
        ]
    )


def measured(values: pd.Series, *, priced: bool) -> pd.Series:
    """What is looked at step by step: log returns of prices, NaN at the first; anything else as it is."""
    return np.log(values).diff().round(DIGITS) if priced else values


def summary(dates: pd.Series, values: pd.Series, *, priced: bool) -> dict[str, Any]:
    """The numbers of data/summary.parquet, for one ticker's values in order, at even steps, any missing.

    Moments are of what is measured from one known value to the next, Ljung-Box tests of what is between neighbours
    alone. Annual figures are of log returns, at the ticker's own number of sessions a year.
    """
    steps = measured(values, priced=priced)
    known = values.dropna()
    first, last = dates[known.index[0]], dates[known.index[-1]]
    own = measured(known, priced=priced).dropna()
    if priced:
        yearly = len(own) / ((last - first) / pd.Timedelta(days=365.25)) if len(own) else np.nan
        numbers = {
            "annual_return": own.mean() * yearly,
            "annual_volatility": own.std() * np.sqrt(yearly),
            "largest_drawdown": (known / known.cummax() - 1).min(),
        }
    else:
        numbers = {"mean": own.mean(), "deviation": own.std(), "minimum": own.min(), "maximum": own.max()}
    adf, kpss = stationarity_tests(np.log(known) if priced else known)
    return {
        "sessions": len(known),
        "first": first,
        "last": last,
        **numbers,
        "skew": own.skew(),
        "excess_kurtosis": own.kurt(),
        "adf": adf,
        "kpss": kpss,
        "stationarity": stationarity_words(adf, kpss),
        "ljung_box": ljung_box(steps, LAGS),
        "ljung_box_squares": ljung_box((steps - steps.mean()) ** 2, LAGS),
    }


def stationarity_tests(values: pd.Series) -> tuple[float, float]:
    """P-values of the augmented Dickey-Fuller test (Said and Dickey 1984, lags by AIC) and of KPSS (Kwiatkowski,
    Phillips, Schmidt and Shin 1992, with 12 (n / 100)^(1/4) lags), both with a constant.

    values: in order; what is missing is passed over. NaN where they are fewer than MIN_VALUES or hardly change.
    """
    own = values.dropna().to_numpy(np.float64)
    if len(own) < MIN_VALUES or np.ptp(own) == 0:
        return np.nan, np.nan
    try:
        return float(ADF(own).pvalue), float(KPSS(own, lags=-1).pvalue)
    except InfeasibleTestException:  # values stand still for so long that lags cannot be told apart
        return np.nan, np.nan


def stationarity_words(adf: float, kpss: float) -> str:
    """What both tests say together at LEVEL; empty where they are not known."""
    return "" if np.isnan(adf) else WORDS[adf < LEVEL, kpss < LEVEL]
