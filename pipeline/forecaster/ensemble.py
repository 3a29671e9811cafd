"""The members of the network: load their files, and forecast with each of them and with their mean."""

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


def load_members(folder: Path) -> network.Ensemble:
    """Load the members from the files 1.keras, 2.keras, ... of a folder.

    Raises UserError if a file is missing or is not a model.
    """
    network.make_deterministic()
    count = max(1, len(list(folder.glob("*.keras"))))
    files = [folder / f"{number}.keras" for number in range(1, count + 1)]
    return network.Ensemble([network.model_from_bytes(str(path), read_bytes(path)) for path in files])


def forecasts(
    members: network.Ensemble, rows: pd.DataFrame, positions: NDArray[np.intp], preparation: Preparation
) -> dict[str, dict[str, Floats]]:
    """Forecast with the members and with their mean, named `network`: by model, then by target, (origins, horizon).

    The values are prices or log variances. The scaled outputs of the members are averaged first and unscaled then. If
    there are several members, each has its own forecasts too, named `network 1`, `network 2`, ...
    rows: as inputs.prepared_rows returns them; positions: of the origins in rows.
    """
    features = rows[[feature_column(name) for name in preparation.feature_names]].to_numpy(np.float32)
    outputs = members.predict(features, positions)
    mean = {name: np.mean([output[name].astype(np.float64) for output in outputs], axis=0) for name in outputs[0]}
    scaled_by_model = {NETWORK: mean}
    if len(outputs) > 1:
        scaled_by_model |= {member(number): output for number, output in enumerate(outputs, 1)}
    origins, horizons = rows.iloc[positions], range(1, preparation.horizon + 1)
    return {
        model: {
            target: unscaled_forecasts(origins, scaled[target], preparation, target, horizons)
            for target in preparation.targets
        }
        for model, scaled in scaled_by_model.items()
    }
