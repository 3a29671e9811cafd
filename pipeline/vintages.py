"""Two downloads of the same prices compared: what a source has revised."""

import numpy as np
import pandas as pd

from pipeline.tables.prices import columns_of

KEY = ["ticker", "date"]


def revisions(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    """One row a ticker, by name: how many sessions are new, changed and vanished, and for each column the largest
    relative change |after / before - 1|, 0 where none; from or to a missing value, or from 0, is infinite.

    before, after: price tables. A column that only one of them has is left out.
    """
    columns = [name for name in columns_of(after) if name in columns_of(before)]
    joined = before.merge(after, how="outer", on=KEY, suffixes=("_before", "_after"), indicator="side")
    counts = {
        "new": joined["side"] == "right_only",
        "changed": pd.Series(False, joined.index),
        "vanished": joined["side"] == "left_only",
    }
    both, largest = joined["side"] == "both", {}
    for name in columns:
        old, new = joined[f"{name}_before"], joined[f"{name}_after"]
        differs = both & ~((old == new) | (old.isna() & new.isna()))
        counts["changed"] |= differs
        change = (new / old.mask(old == 0) - 1).abs().fillna(np.inf)
        largest[name] = change.where(differs, 0.0)
    tickers = joined["ticker"]
    found = pd.DataFrame(counts).groupby(tickers).sum().join(pd.DataFrame(largest).groupby(tickers).max())
    return found.reset_index()
