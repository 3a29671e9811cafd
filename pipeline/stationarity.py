"""Whether a series has a unit root or a constant level (the only module that imports arch.unitroot)."""

import numpy as np
import pandas as pd
from arch.unitroot import ADF, KPSS
from arch.utility.exceptions import InfeasibleTestException

ENOUGH = 30  # values
LEVEL = 0.05  # of significance

# (ADF rejects, KPSS rejects) -> what that says. ADF's null hypothesis is a unit root, KPSS's a constant level.
WORDS = {
    (True, False): "stationary",
    (False, True): "wanders (unit root)",
    (True, True): "unclear: both reject",
    (False, False): "unclear: neither rejects",
}


def p_values(values: pd.Series) -> tuple[float, float]:
    """P-values of the augmented Dickey-Fuller test (Said and Dickey 1984, lags by AIC) and of KPSS (Kwiatkowski,
    Phillips, Schmidt and Shin 1992, with 12 (n / 100)^(1/4) lags), both with a constant; NaN where values are fewer
    than ENOUGH or hardly change.

    values: in order; what is missing is passed over.
    """
    own = values.dropna().to_numpy(np.float64)
    if len(own) < ENOUGH or np.ptp(own) == 0:
        return np.nan, np.nan
    try:
        return float(ADF(own).pvalue), float(KPSS(own, lags=-1).pvalue)
    except InfeasibleTestException:  # values stand still for so long that lags cannot be told apart
        return np.nan, np.nan


def words(adf: float, kpss: float) -> str:
    """What both tests say together at LEVEL; empty where they are not known."""
    return "" if np.isnan(adf) else WORDS[adf < LEVEL, kpss < LEVEL]
