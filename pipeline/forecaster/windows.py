"""Which rows make one input window: index arithmetic."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray


def origins(tickers: NDArray[np.str_], complete: NDArray[np.bool_], window: int) -> NDArray[np.intp]:
    """The rows at which a window may end: it and the window - 1 rows before are complete and of one ticker.

    tickers, complete: (rows,), sorted by ticker and date.
    """
    # A row that is not complete opens a stretch of its own, in which it counts for nothing.
    stretch = pd.Series(complete).groupby([tickers, np.cumsum(~complete)], sort=False)
    return np.flatnonzero(stretch.cumsum() >= window)


def windows(features: NDArray[np.float32], origins: NDArray[np.intp], window: int) -> NDArray[np.float32]:
    """(rows, features) float32 and the row each window ends at -> (windows, window, features) float32."""
    return features[origins[:, None] + np.arange(1 - window, 1)]
