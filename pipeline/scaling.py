"""scikit-learn's scalers, fitted on train rows only, kept as two numbers each and inverted from these."""

from typing import Literal, TypedDict

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.preprocessing import MaxAbsScaler, MinMaxScaler, StandardScaler

Kind = Literal["standard", "minmax"]
Floats = NDArray[np.float64]

CLIP = 6.0  # standard deviations, for features


ALL = "all tickers"


class Scaler(TypedDict):
    """scaled = (value - center) / scale"""

    center: float
    scale: float


Scalers = dict[str, Scaler]  # by ticker, or one for ALL


def groups(tickers: pd.Series, *, alone: bool) -> NDArray[np.object_]:
    """Whose scaler each row takes: its ticker's own, or that of ALL. (rows,)"""
    return tickers.to_numpy(object) if alone else np.full(len(tickers), ALL, object)


def fitted(
    kind: Kind, values: Floats, train: NDArray[np.bool_], groups: NDArray[np.object_], *, departs: bool
) -> Scalers:
    """A scaler for each group, of its train rows; NaN ignored. values, train, groups: (rows,).

    standard: mean 0 and deviation 1; minmax: from 0 to 1. departs: 0 is to stay 0, so that a network which answers
    0 is the baseline: no mean is taken off, and minmax spans at most -1 to 1.
    """
    fit = _departure if departs else _whole
    own = pd.Series(values[train]).groupby(groups[train], sort=False)
    return {str(name): fit(kind, part.to_numpy()[:, None]) for name, part in own}


def _whole(kind: Kind, train: Floats) -> Scaler:
    if kind == "standard":
        standard = StandardScaler().fit(train)
        return Scaler(center=float(standard.mean_[0]), scale=float(standard.scale_[0]))
    minmax = MinMaxScaler().fit(train)
    return Scaler(center=float(minmax.data_min_[0]), scale=float(1 / minmax.scale_[0]))


def _departure(kind: Kind, train: Floats) -> Scaler:
    scaler = StandardScaler(with_mean=False) if kind == "standard" else MaxAbsScaler()
    return Scaler(center=0.0, scale=float(scaler.fit(train).scale_[0]))


def scaled(values: Floats, scalers: Scalers, groups: NDArray[np.object_]) -> Floats:
    center, scale = _numbers(scalers, groups)
    return (values - center) / scale


def unscaled(values: Floats, scalers: Scalers, groups: NDArray[np.object_]) -> Floats:
    center, scale = _numbers(scalers, groups)
    return values * scale + center


def _numbers(scalers: Scalers, groups: NDArray[np.object_]) -> tuple[Floats, Floats]:
    """Center and scale of each row."""
    at, known = pd.factorize(groups)
    own = [scalers[name] for name in known]
    return np.array([s["center"] for s in own])[at], np.array([s["scale"] for s in own])[at]
