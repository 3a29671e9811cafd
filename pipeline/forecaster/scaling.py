"""Scaling by numbers that were fitted before, and back."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.forecaster.preparation import Scaler, fitted

Floats = NDArray[np.float64]

CLIP = 6.0  # standard deviations, for features


def scaled(values: Floats, scalers: Mapping[str, Scaler], tickers: pd.Series) -> Floats:
    """(value - center) / scale. values, tickers: (rows,); scalers: by ticker or ALL. Raises UserError as `fitted`."""
    center, scale = _numbers(scalers, tickers)
    return (values - center) / scale


def unscaled(values: Floats, scalers: Mapping[str, Scaler], tickers: pd.Series) -> Floats:
    """The inverse of `scaled`."""
    center, scale = _numbers(scalers, tickers)
    return values * scale + center


def _numbers(scalers: Mapping[str, Scaler], tickers: pd.Series) -> tuple[Floats, Floats]:
    """Center and scale of each row."""
    at, names = pd.factorize(tickers)
    own = [fitted(scalers, str(name)) for name in names]
    return np.array([s.center for s in own])[at], np.array([s.scale for s in own])[at]
