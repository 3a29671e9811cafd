"""How sure a skill is, by resampling days (the only module that imports arch's bootstrap)."""

import numpy as np
from arch.bootstrap import StationaryBootstrap, optimal_block_length
from numpy.typing import NDArray

Floats = NDArray[np.float64]

REPETITIONS = 1000
LEVEL = 0.95
SEED = 0


def skill_interval(own: Floats, rival: Floats, horizon: int) -> tuple[float, float]:
    """The LEVEL percentile interval of 1 - mean(own) / mean(rival), from REPETITIONS resamplings of whole days.

    own, rival: each day's squared error of the forecast and of the one it is compared with, in order, (days,). The
    stationary bootstrap of Politis and Romano (1994), Journal of the American Statistical Association 89(428), with
    the mean block of Patton, Politis and White (2009), Econometric Reviews 28(4), for the losses' difference, at least
    the horizon. NaN for fewer than 10 days or a rival without error.
    """
    if len(own) < 10 or not rival.any():
        return float("nan"), float("nan")
    difference = own - rival
    best = float(optimal_block_length(difference)["stationary"].iloc[0]) if np.ptp(difference) else 1.0
    block = int(np.ceil(min(max(best, horizon), len(own)))) if np.isfinite(best) else horizon
    days = StationaryBootstrap(block, np.column_stack([own, rival]), seed=np.random.default_rng(SEED))
    interval = days.conf_int(_skill, REPETITIONS, method="percentile", size=LEVEL)
    return float(interval[0, 0]), float(interval[1, 0])


def _skill(losses: Floats) -> Floats:
    own, rival = losses.mean(axis=0)
    return np.array([1 - own / rival])
