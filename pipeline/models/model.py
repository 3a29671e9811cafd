"""What every simple model is: a name, what it forecasts, how it is fitted and how it forecasts."""

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
    """What a model is fitted on, and forecasts from."""

    rows: pd.DataFrame
    """Of forecaster/samples, sorted by ticker and date. Those of split `train` are to be fitted on."""
    preparation: Preparation
    """How they were made."""
    window: int
    """Sessions that ridge and boosting see."""


@dataclass(frozen=True)
class Model:
    """A simple model of one target."""

    name: str
    """As params.yaml has it."""
    target: str
    """price, or variance: the logarithm of it."""
    fit: Callable[[Samples, Sequence[int]], Any]
    """(samples, horizons) -> what was fitted on them. Raises UserError where it cannot be."""
    forecast: Callable[[Any, Samples], Floats]
    """(what was fitted, samples) -> (rows, horizons): prices or log variances, NaN where it has none."""
