"""scikit-learn's scalers, fitted on train rows only, kept as two numbers each."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.preprocessing import MaxAbsScaler, MinMaxScaler, StandardScaler

from pipeline.forecaster.preparation import ALL, Scaler
from pipeline.forecaster.scaling import Floats


def groups(tickers: pd.Series, *, alone: bool) -> NDArray[np.object_]:
    """Whose scaler each row takes: its ticker's own, or that of ALL. (rows,)"""
    return tickers.to_numpy(object) if alone else np.full(len(tickers), ALL, object)


def fit(
    kind: str, values: Floats, train: NDArray[np.bool_], groups: NDArray[np.object_], *, departs: bool
) -> dict[str, Scaler]:
    """A scaler for each group, of its train rows; NaN ignored. values, train, groups: (rows,).

    kind: standard, to mean 0 and deviation 1, or minmax, to 0 ... 1. departs: 0 is to stay 0, so that a network which
    answers 0 is the baseline: no mean is taken off, and minmax spans at most -1 to 1.
    """
    fit = _departure if departs else _whole
    own = pd.Series(values[train]).groupby(groups[train], sort=False)
    return {str(name): fit(kind, part.to_numpy()[:, None]) for name, part in own}


def _whole(kind: str, train: Floats) -> Scaler:
    if kind == "standard":
        standard = StandardScaler().fit(train)
        return Scaler(center=float(standard.mean_[0]), scale=float(standard.scale_[0]))
    minmax = MinMaxScaler().fit(train)
    return Scaler(center=float(minmax.data_min_[0]), scale=float(1 / minmax.scale_[0]))


def _departure(kind: str, train: Floats) -> Scaler:
    scaler = StandardScaler(with_mean=False) if kind == "standard" else MaxAbsScaler()
    return Scaler(center=0.0, scale=float(scaler.fit(train).scale_[0]))
