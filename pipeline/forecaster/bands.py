"""The band around a forecast, with quantiles that were calibrated before: data/bands.json, as typed values."""

from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.forecaster.preparation import by_row
from pipeline.io.artifacts import Record

Floats = NDArray[np.float64]


class Bands(Record):
    """half the width = the quantile of the horizon x the scale of the forecast"""

    coverage: float
    """The share of values that the band is to hold, between 0 and 1."""
    method: Literal["network", "current"]
    """What the width follows: the network's forecast of the variance, or how much the series moves now."""
    quantiles: dict[str, list[float]]
    """Of |error| / scale: by ticker or ALL, then by horizon."""


def by_variance(last: Floats, log_variances: Floats) -> Floats:
    """How much the price may move by a forecast of its variance: last x the root of the sum over i = 1 ... h of
    exp(log variance forecast for i). last: (origins,); log_variances, and what is given: (origins, horizon).
    """
    return _positive(last[:, None] * np.sqrt(np.exp(log_variances).cumsum(axis=1)))


def by_change(change: Floats, horizon: int) -> Floats:
    """How much the value may move when its steps stay as large as they are: change x the root of h.

    change: of one step, as targets.change gives it, (origins,); what is given: (origins, horizon).
    """
    return _positive(change[:, None] * np.sqrt(np.arange(1, horizon + 1)))


def _positive(scale: Floats) -> Floats:
    """NaN where nothing moves: there is no band."""
    return np.where(scale > 0, scale, np.nan)


def half_widths(scale: Floats, bands: Bands, tickers: pd.Series) -> Floats:
    """Half the width of each band, (origins, horizon), in the value's units. scale: so too; tickers: (origins,)."""
    return scale * by_row(bands.quantiles, tickers)
