"""The networks of each target: load their files, and forecast with each of them and with their mean."""

from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.forecaster import network
from pipeline.forecaster.forecasts import NETWORK, member
from pipeline.forecaster.preparation import Preparation
from pipeline.forecaster.samples import feature_column
from pipeline.forecaster.targets import unscaled_forecasts
from pipeline.io.artifacts import read_bytes

Floats = NDArray[np.float64]


def load_members(folder: Path, preparation: Preparation) -> dict[str, network.Ensemble]:
    """Load the networks of each target from the files price/1.keras, price/2.keras, ... of a folder.

    Raises UserError if a file is missing or is not a model.
    """
    network.make_deterministic()
    members = {}
    for target in preparation.targets:
        count = max(1, len(list((folder / target).glob("*.keras"))))
        files = [folder / target / f"{number}.keras" for number in range(1, count + 1)]
        members[target] = network.Ensemble([network.model_from_bytes(str(path), read_bytes(path)) for path in files])
    return members


def forecasts(
    members: dict[str, network.Ensemble], rows: pd.DataFrame, positions: NDArray[np.intp], preparation: Preparation
) -> dict[str, dict[str, Floats]]:
    """Forecast each target with its networks and with their mean, named `network`: by target, then by model.

    Each forecast is (origins, horizon), prices or log variances. The scaled outputs of the members are averaged first
    and unscaled then. If there are several members, each has its own forecasts too, `network 1`, `network 2`, ...
    rows: as inputs.prepared_rows returns them; positions: of the origins in rows.
    """
    features = rows[[feature_column(name) for name in preparation.feature_names]].to_numpy(np.float32)
    origins, horizons = rows.iloc[positions], range(1, preparation.horizon + 1)
    by_target: dict[str, dict[str, Floats]] = {}
    for target, networks in members.items():
        outputs = networks.predict(features, positions).astype(np.float64)
        scaled = {NETWORK: outputs.mean(axis=0)}
        if len(outputs) > 1:
            scaled |= {member(number): output for number, output in enumerate(outputs, 1)}
        by_target[target] = {
            model: unscaled_forecasts(origins, output, preparation, target, horizons)
            for model, output in scaled.items()
        }
    return by_target
