"""Fewer points than a line has, that look like it (the only module that imports tsdownsample)."""

import numpy as np
import pandas as pd
from tsdownsample import LTTBDownsampler


def line(rows: pd.DataFrame, value: str, most: int) -> pd.DataFrame:
    """At most `most` values, at least 3, by largest triangle three buckets (Steinarsson 2013, "Downsampling Time Series
    for Visual Representation", University of Iceland); all where they are no more.

    rows: in order; value: the column drawn. Rows without it go, but for one more in each gap wide enough to be seen.
    """
    if len(rows) <= most:
        return rows
    null = rows[value].isna().to_numpy()
    known = np.flatnonzero(~null)
    chosen = known
    if len(known) > most:
        chosen = known[LTTBDownsampler().downsample(rows[value].to_numpy(np.float64)[known], n_out=most).astype(int)]
    run = np.cumsum(np.diff(null.astype(int), prepend=0) != 0)
    seen = null & (np.bincount(run)[run] > len(rows) / most) & (np.diff(run, prepend=-1) != 0)
    return rows.iloc[np.union1d(chosen, np.flatnonzero(seen))]


def evenly(rows: pd.DataFrame, most: int) -> pd.DataFrame:
    """At most `most` rows, at equal distances from the first to the last."""
    if len(rows) <= most:
        return rows
    return rows.iloc[np.linspace(0, len(rows) - 1, most).round().astype(int)]
