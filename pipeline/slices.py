"""Which forecasts are scored by themselves: a year's, and those made when volatility was low, middle or high."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

ALL = "all"
THIRDS = ("low volatility", "middle volatility", "high volatility")


def thirds(rows: pd.DataFrame, volatility: pd.Series) -> pd.Series:
    """Each row's third, 0 to 2, by volatility among the rows of its ticker and split; NaN where it has none."""
    share = volatility.groupby(rows["ticker"] + "\n" + rows["split"]).rank(method="first", pct=True)
    return np.ceil(share * 3) - 1


def slices(forecasts: pd.DataFrame, *, sliced: bool) -> Iterator[tuple[str, pd.DataFrame]]:
    """All forecasts; then, if `sliced`, by name each year's and each third's that has any.

    forecasts: at least date, the day forecast, and third, as `thirds` gives it for the origin.
    """
    yield ALL, forecasts
    if sliced:
        years = forecasts["date"].dt.year.to_numpy()
        for year in np.unique(years):
            yield str(year), forecasts[years == year]
        for third, name in enumerate(THIRDS):
            if (at := (forecasts["third"] == third).to_numpy()).any():
                yield name, forecasts[at]
