"""scikit-learn's scalers, fitted on train rows only, kept as two numbers each and inverted from these."""

from typing import Literal, TypedDict

import numpy as np
from numpy.typing import NDArray
from sklearn.preprocessing import MaxAbsScaler, MinMaxScaler, StandardScaler

Kind = Literal["standard", "minmax"]
Floats = NDArray[np.float64]

CLIP = 6.0  # standard deviations, for features


class Scaler(TypedDict):
    """scaled = (value - center) / scale"""

    center: float
    scale: float


def fitted(kind: Kind, train: Floats) -> Scaler:
    """standard: mean 0 and deviation 1 over train; minmax: train spans 0 to 1. train: (rows,), NaN ignored."""
    if kind == "standard":
        standard = StandardScaler().fit(train[:, None])
        return Scaler(center=float(standard.mean_[0]), scale=float(standard.scale_[0]))
    minmax = MinMaxScaler().fit(train[:, None])
    return Scaler(center=float(minmax.data_min_[0]), scale=float(1 / minmax.scale_[0]))


def fitted_departure(kind: Kind, train: Floats) -> Scaler:
    """As `fitted`, but 0 stays 0, so that a network which answers 0 is the baseline: minmax spans at most -1 to 1."""
    scaler = StandardScaler(with_mean=False) if kind == "standard" else MaxAbsScaler()
    return Scaler(center=0.0, scale=float(scaler.fit(train[:, None]).scale_[0]))


def scaled(values: Floats, scaler: Scaler) -> Floats:
    return (values - scaler["center"]) / scaler["scale"]


def unscaled(values: Floats, scaler: Scaler) -> Floats:
    return values * scaler["scale"] + scaler["center"]
