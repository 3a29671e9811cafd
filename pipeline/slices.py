"""Which forecasts are scored by themselves: a year's, and those made when volatility was low, middle or high."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

ALL = "all"
THIRDS = ("low volatility", "middle volatility", "high volatility")


def thirds(rows: pd.DataFrame, volatility: pd.Series) -> pd.Series:
    """Each row's third, 0 to 2, by volatility among the rows of its ticker and split; NaN where it has none."""
    share = volatility.groupby(rows["ticker"] + "\n" + rows["split"]).rank(method="first", pct=True)
    return np.ceil(share * 3) - 1


def slices(
    years: NDArray[np.int32], thirds: NDArray[np.float64], *, sliced: bool
) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    """All forecasts; then, if `sliced`, by name each year's and each third's that has any. Gives which, (forecasts,).

    years: of the days forecast, (forecasts,); thirds: as `thirds` gives them for the origins, (forecasts,).
    """
    yield ALL, np.ones(len(years), dtype=bool)
    if sliced:
        for year in np.unique(years):
            yield str(year), years == year
        for third, name in enumerate(THIRDS):
            if (chosen := thirds == third).any():
                yield name, chosen
