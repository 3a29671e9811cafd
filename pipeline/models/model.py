"""The two types that all simple models share: their input (Samples) and their form (Model)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.forecaster.preparation import Preparation

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Samples:
    """The samples that a model is fitted on and forecasts from."""

    rows: pd.DataFrame
    """With the columns of forecaster/samples, sorted by ticker and date. A model is fitted on split `train` only."""
    preparation: Preparation
    """How the samples were made."""
    window: int
    """The number of sessions that ridge and boosting use."""


@dataclass(frozen=True)
class Model:
    """A simple model of one target."""

    name: str
    """The name in params.yaml."""
    target: str
    """price or variance. The variance is forecast as its logarithm."""
    fit: Callable[[Samples, Sequence[int]], Any]
    """(samples, horizons) -> fitted numbers, of any type. Raises UserError if the fit fails."""
    forecast: Callable[[Any, Samples], Floats]
    """(fitted numbers, samples) -> (rows, horizons): prices or log variances, NaN where there is no forecast."""
