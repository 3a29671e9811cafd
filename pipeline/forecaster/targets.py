"""What is forecast of a price: the target a horizon ahead, and the way back to the price."""

from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Kind = Literal["return", "level", "difference"]  # of a price
Target = Literal["return", "level", "difference", "variance"]
Floats = NDArray[np.float64]


def ahead(rows: pd.DataFrame, column: str, horizon: int) -> Floats:
    """A column's values h = 1 ... horizon sessions later: (rows, horizon) float64, NaN beyond a ticker's end.

    rows: sorted by ticker and date.
    """
    own = rows.groupby("ticker", sort=False)[column]
    return np.column_stack([own.shift(-h).to_numpy(np.float64) for h in range(1, horizon + 1)])


def target(kind: Kind, price: Floats, last: Floats, volatility: Floats) -> Floats:
    """A future price as a target. price: (rows, horizon); last, volatility: (rows,), at the origin.

    return: log(price / last) / volatility; level: the price; difference: price - last.
    """
    match kind:
        case "return":
            return np.log(price / last[:, None]) / volatility[:, None]
        case "level":
            return price
        case "difference":
            return price - last[:, None]


def price(kind: Kind, target: Floats, last: Floats, volatility: Floats) -> Floats:
    """The inverse of `target`: a target, (rows, horizon), as a price."""
    match kind:
        case "return":
            return last[:, None] * np.exp(target * volatility[:, None])
        case "level":
            return target
        case "difference":
            return target + last[:, None]
