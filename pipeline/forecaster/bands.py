"""The band around a forecast. Its calibrated quantiles are stored in data/bands.json."""

from collections.abc import Mapping
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.forecaster.preparation import for_rows
from pipeline.io.artifacts import Record

Floats = NDArray[np.float64]


class Bands(Record):
    """The numbers that make a band: half its width = the quantile of the horizon x the scale of the forecast."""

    coverage: float
    """The share of actual values that the band should contain, between 0 and 1."""
    method: Literal["network", "current"]
    """What the scale is made from: the network's variance forecast, or the current size of the changes."""
    quantiles: dict[str, list[float]]
    """The quantiles of |error| / scale: by ticker or ALL, then by horizon."""


def scale_from_variance(last: Floats, log_variances: Floats) -> Floats:
    """Return the expected size of the price move by a variance forecast: (origins, horizon).

    scale[h] = last x sqrt(sum over i = 1 ... h of exp(log_variances[i]))

    last: (origins,); log_variances: (origins, horizon).
    """
    return _nan_unless_positive(last[:, None] * np.sqrt(np.exp(log_variances).cumsum(axis=1)))


def scale_from_change(change: Floats, horizon: int) -> Floats:
    """Return the expected size of the move if the steps stay as large as they are now: (origins, horizon).

    scale[h] = change x sqrt(h)

    change: of one step, as targets.typical_change returns it, (origins,).
    """
    return _nan_unless_positive(change[:, None] * np.sqrt(np.arange(1, horizon + 1)))


def _nan_unless_positive(scale: Floats) -> Floats:
    """Replace zeros by NaN: a series that does not move has no band."""
    return np.where(scale > 0, scale, np.nan)


def half_widths(scale: Floats, quantiles: Mapping[str, list[float]], tickers: pd.Series) -> Floats:
    """Return half the width of each band, in the units of the value: (origins, horizon).

    scale: (origins, horizon); quantiles: as `Bands` has them; tickers: (origins,).
    """
    return scale * for_rows(quantiles, tickers)
