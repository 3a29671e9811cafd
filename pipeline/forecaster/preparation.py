"""What `prepare` fitted on train, and how it made the samples. It is stored in data/preparation.json."""

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

MAX_DEVIATIONS = 6.0  # standardised features are clipped to this many standard deviations

Kind = Literal["return", "level", "difference"]  # how a price becomes a target
Scaling = Literal["standard", "minmax"]
Pool = Literal["by_ticker", "together"]  # whose rows scalers, HAR and the like are fitted on
Baseline = Literal["persistence", "drift", "seasonal_naive", "har", "none"]

# By ticker or ALL, then by horizon. persistence and seasonal_naive have no coefficients.
Coefficients = dict[str, list[list[float]]]


class Scaler(Record):
    """The numbers of scaled = (value - center) / scale. Both are in the units of the value."""

    center: float
    scale: float


class Target(Record):
    """How one target is made and scaled."""

    baseline: Baseline
    """The forecast that is subtracted from the target."""
    coefficients: Coefficients
    """The fitted numbers of the baseline."""
    scalers: dict[str, list[Scaler]]
    """The scalers of target minus baseline: by ticker or ALL, then by horizon."""

    def scalers_of(self, h: int) -> dict[str, Scaler]:
        """Return the scalers of one horizon: by ticker or ALL."""
        return {group: scalers[h - 1] for group, scalers in self.scalers.items()}


class Calendar(Record):
    """The dates at which a ticker has values."""

    name: str
    """The market identifier code of an exchange, such as XNYS, or the step of an evenly spaced series, such as 1h."""
    step: str
    """The word for one step: session, hour, day, ..."""


class Preparation(Record):
    """Everything that is needed to make samples from new prices."""

    column: str
    """The column that is forecast."""
    target: Kind
    """The form in which the network forecasts it."""
    horizon: int
    """The number of steps that are forecast."""
    season_length: int
    """The number of steps in a season."""
    scaling: Scaling
    """The kind of scaling. Standardised features are also clipped to MAX_DEVIATIONS."""
    pool: Pool
    """Whether scalers, linear regressions of the variance and bands are fitted by ticker or on all tickers together."""
    ranged: bool
    """Whether the prices have open, high, low and close, from which variances are computed."""
    features: dict[str, dict[str, Scaler]]
    """The scalers of the features: by ticker or ALL, then by name, in the order of the network's inputs."""
    price: Target
    variance: Target | None
    """None if the variance is not forecast."""
    missing: dict[str, int]
    """The number of missing values of each feature on train. They are 0 after scaling."""
    calendars: dict[str, Calendar]
    """The calendars: by ticker or ALL."""
    units: dict[str, str]
    """The unit of the forecast column by ticker, empty if unknown."""

    @property
    def feature_names(self) -> list[str]:
        """The features, in the order of the network's inputs."""
        return list(next(iter(self.features.values())))

    @property
    def targets(self) -> dict[str, Target]:
        """The targets that are forecast, by name."""
        return {"price": self.price} | ({"variance": self.variance} if self.variance else {})

    def target_kind(self, name: str) -> Kind | Literal["variance"]:
        """Return the form in which a target is forecast. name: price or variance."""
        return self.target if name == "price" else "variance"


def fit_groups(tickers: pd.Series, pool: Pool) -> dict[str, NDArray[np.intp]]:
    """Return the positions of the rows that numbers are fitted on: of each ticker, or of ALL. tickers: (rows,)."""
    if pool == "together":
        return {ALL: np.arange(len(tickers))}
    return {str(name): positions for name, positions in tickers.groupby(tickers, sort=False).indices.items()}


def for_ticker(fits: Mapping[str, T], ticker: str) -> T:
    """Return what was fitted for a ticker, or for ALL if there is nothing. Raises UserError if both are missing."""
    if ticker in fits:
        return fits[ticker]
    if ALL in fits:
        return fits[ALL]
    raise UserError(f"{ticker}: found no fitted numbers for this ticker; accepted: {', '.join(sorted(fits))}")


def for_rows(fits: Mapping[str, Sequence[Any]], tickers: pd.Series) -> Floats:
    """Return the numbers fitted for each row's ticker: (rows, ...). Raises UserError as `for_ticker` does."""
    positions, names = pd.factorize(tickers)
    return np.array([for_ticker(fits, str(name)) for name in names], np.float64)[positions]


def transform(values: Floats, scalers: Mapping[str, Scaler], tickers: pd.Series) -> Floats:
    """Return (value - center) / scale. values, tickers: (rows,); scalers: by ticker or ALL.

    Raises UserError as `for_ticker` does.
    """
    center, scale = _center_and_scale(scalers, tickers)
    return (values - center) / scale


def inverse_transform(values: Floats, scalers: Mapping[str, Scaler], tickers: pd.Series) -> Floats:
    """Return value x scale + center: the inverse of `transform`."""
    center, scale = _center_and_scale(scalers, tickers)
    return values * scale + center


def _center_and_scale(scalers: Mapping[str, Scaler], tickers: pd.Series) -> Floats:
    """Return the center and the scale for each row: (2, rows)."""
    return for_rows({group: (scaler.center, scaler.scale) for group, scaler in scalers.items()}, tickers).T
