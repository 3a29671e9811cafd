"""The summary of each ticker, data/summary.parquet: one row is a ticker.

`adf` and `kpss` are p-values of two tests of stationarity, on the log of prices or on other values as they are;
`stationarity` is what they say together. `ljung_box` tests the autocorrelations of returns or values at lags 1 to 22,
`ljung_box_squares` those of their squares about the mean.
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
DIGITS = 12  # of a return; later digits are rounding errors
LAGS = 22  # of the Ljung-Box test: a month of sessions
MIN_VALUES = 30  # to test whether a series is stationary
LEVEL = 0.05  # of significance

# By whether ADF rejects and whether KPSS rejects. The null hypothesis of ADF is a unit root, of KPSS a level.
STATIONARITY = {
    (True, False): "stationary",
    (False, True): "wanders (unit root)",
    (True, True): "unclear: both reject",
    (False, False): "unclear: neither rejects",
}


def schema(*, priced: bool) -> pa.Schema:
    """Return the schema for prices, or for another series."""
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


def quantities(values: pd.Series, *, priced: bool) -> pd.Series:
    """Return what the statistics are about: log returns of prices (NaN at the first), other values as they are."""
    return np.log(values).diff().round(DIGITS) if priced else values


def summary(dates: pd.Series, values: pd.Series, *, priced: bool) -> dict[str, Any]:
    """Return one ticker's numbers of data/summary.parquet.

    Moments use the step from each known value to the next known one. Ljung-Box tests use only steps between neighbours.
    Annual numbers come from log returns, at the ticker's own number of sessions a year. values: in order, at even
    steps, with missing ones or without.
    """
    steps = quantities(values, priced=priced)
    known = values.dropna()
    first, last = dates[known.index[0]], dates[known.index[-1]]
    moves = quantities(known, priced=priced).dropna()
    if priced:
        yearly = len(moves) / ((last - first) / pd.Timedelta(days=365.25)) if len(moves) else np.nan
        numbers = {
            "annual_return": moves.mean() * yearly,
            "annual_volatility": moves.std() * np.sqrt(yearly),
            "largest_drawdown": (known / known.cummax() - 1).min(),
        }
    else:
        numbers = {"mean": moves.mean(), "deviation": moves.std(), "minimum": moves.min(), "maximum": moves.max()}
    adf, kpss = stationarity_tests(np.log(known) if priced else known)
    return {
        "sessions": len(known),
        "first": first,
        "last": last,
        **numbers,
        "skew": moves.skew(),
        "excess_kurtosis": moves.kurt(),
        "adf": adf,
        "kpss": kpss,
        "stationarity": stationarity_words(adf, kpss),
        "ljung_box": ljung_box(steps, LAGS),
        "ljung_box_squares": ljung_box((steps - steps.mean()) ** 2, LAGS),
    }


def stationarity_tests(values: pd.Series) -> tuple[float, float]:
    """Return the p-values of two tests of stationarity: ADF and KPSS, both with a constant.

    ADF is the augmented Dickey-Fuller test (Said and Dickey 1984), with lags by AIC. KPSS is the test of Kwiatkowski,
    Phillips, Schmidt and Shin (1992), with 12 (n / 100)^(1/4) lags. NaN for fewer than MIN_VALUES values, or for values
    that hardly change. values: in order; missing ones are left out.
    """
    known = values.dropna().to_numpy(np.float64)
    if len(known) < MIN_VALUES or np.ptp(known) == 0:
        return np.nan, np.nan
    try:
        return float(ADF(known).pvalue), float(KPSS(known, lags=-1).pvalue)
    except InfeasibleTestException:  # too many equal values in a row
        return np.nan, np.nan


def stationarity_words(adf: float, kpss: float) -> str:
    """Return what both tests say together at LEVEL; empty if they are undefined."""
    return "" if np.isnan(adf) else STATIONARITY[adf < LEVEL, kpss < LEVEL]
