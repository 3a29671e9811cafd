"""What `prepare` fitted on train, and how samples are made: data/preparation.json, as typed values."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.io.artifacts import Record
from pipeline.io.errors import UserError

ALL = "all tickers"
T = TypeVar("T")
Floats = NDArray[np.float64]

CLIP = 6.0  # standard deviations, for features

Kind = Literal["return", "level", "difference"]  # of a price
Scaling = Literal["standard", "minmax"]
Baseline = Literal["persistence", "drift", "seasonal_naive", "har", "none"]

# By ticker or ALL, then by horizon. persistence and seasonal_naive have none.
Coefficients = dict[str, list[list[float]]]


class Scaler(Record):
    """scaled = (value - center) / scale"""

    center: float
    """Subtracted first; in the value's units."""
    scale: float
    """Divided by then; in the value's units."""


class Target(Record):
    """How one target is made and scaled."""

    baseline: Baseline
    """The simple forecast it departs from."""
    coefficients: Coefficients
    """Of the baseline."""
    scalers: dict[str, list[Scaler]]
    """Of the departure from the baseline: by ticker or ALL, then by horizon."""

    def scalers_of(self, h: int) -> dict[str, Scaler]:
        """Those of a horizon: by ticker or ALL."""
        return {group: own[h - 1] for group, own in self.scalers.items()}


class Calendar(Record):
    """When a ticker has values."""

    name: str
    """An exchange's market identifier code, such as XNYS, or the step of an evenly spaced series, such as 1h."""
    step: str
    """What one step is called: session, hour, day, ..."""


class Preparation(Record):
    """All that is needed to make samples of prices that come later."""

    column: str
    """The column that is forecast."""
    target: Kind
    """What the network forecasts of it."""
    horizon: int
    """The farthest session that is forecast."""
    season_length: int
    """Steps in a season."""
    scaling: Scaling
    """The kind of scaling; features that are standardised are clipped."""
    ranged: bool
    """Whether the prices have open, high, low and close, of which variances are made."""
    features: dict[str, dict[str, Scaler]]
    """By ticker or ALL, then by name, in the network's order."""
    price: Target
    variance: Target | None
    """None where the variance is not forecast."""
    missing: dict[str, int]
    """How many values each feature lacked on train; they became 0 after scaling."""
    calendars: dict[str, Calendar]
    """By ticker or ALL."""
    units: dict[str, str]
    """Of the forecast column, by ticker; empty where unknown."""

    @property
    def names(self) -> list[str]:
        """The features, in the network's order."""
        return list(next(iter(self.features.values())))

    @property
    def targets(self) -> dict[str, Target]:
        """By name, those that are forecast."""
        return {"price": self.price} | ({"variance": self.variance} if self.variance else {})

    def kind(self, name: str) -> Kind | Literal["variance"]:
        """As what a target is forecast. name: price or variance."""
        return self.target if name == "price" else "variance"


def fitted(fits: Mapping[str, T], ticker: str) -> T:
    """What was fitted for a ticker, or for all of them. Raises UserError where nothing was."""
    if ticker in fits:
        return fits[ticker]
    if ALL in fits:
        return fits[ALL]
    raise UserError(f"{ticker}: found no scaler of its own; accepted: {', '.join(sorted(fits))}")


def by_row(fits: Mapping[str, Sequence[Any]], tickers: pd.Series) -> Floats:
    """The numbers that were fitted for each row's ticker: (rows, ...). Raises UserError as `fitted`."""
    at, names = pd.factorize(tickers)
    return np.array([fitted(fits, str(name)) for name in names], np.float64)[at]


def transform(values: Floats, scalers: Mapping[str, Scaler], tickers: pd.Series) -> Floats:
    """(value - center) / scale. values, tickers: (rows,); scalers: by ticker or ALL. Raises UserError as `fitted`."""
    center, scale = by_row({group: (own.center, own.scale) for group, own in scalers.items()}, tickers).T
    return (values - center) / scale


def inverse_transform(values: Floats, scalers: Mapping[str, Scaler], tickers: pd.Series) -> Floats:
    """The inverse of `transform`."""
    center, scale = by_row({group: (own.center, own.scale) for group, own in scalers.items()}, tickers).T
    return values * scale + center
