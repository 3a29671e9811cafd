"""The network's members: their files, and what they forecast from its origins, each of them and their mean."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.forecaster import network, targets
from pipeline.forecaster import samples as table
from pipeline.forecaster.forecasts import NETWORK, member
from pipeline.forecaster.preparation import Preparation
from pipeline.io.artifacts import read_bytes

Floats = NDArray[np.float64]


def loaded(folder: Path) -> list[network.Model]:
    """The members whose files lie in a folder: 1.keras ... Raises UserError for one that is missing or no model."""
    network.make_deterministic()
    count = max(1, len(list(folder.glob("*.keras"))))
    files = [folder / f"{number}.keras" for number in range(1, count + 1)]
    return [network.loaded(str(path), read_bytes(path)) for path in files]


def forecasts(
    models: Sequence[network.Model], rows: pd.DataFrame, at: NDArray[np.intp], preparation: Preparation
) -> dict[str, dict[str, Floats]]:
    """By model, `network` and where there are several `network 1` ..., then by target: prices or log variances,
    (origins, horizon).

    rows: as inputs.prepared gives them; at: the origins, positions in rows. The mean is taken of the members' scaled
    outputs, and then brought back.
    """
    features = rows[[table.feature(name) for name in preparation.names]].to_numpy(np.float32)
    seen = table.windows(features, at, network.window_of(models[0]))
    scaled = [network.predict(model, seen) for model in models]
    answers = {NETWORK: {name: np.mean([own[name].astype(np.float64) for own in scaled], axis=0) for name in scaled[0]}}
    if len(models) > 1:
        answers |= {member(number): own for number, own in enumerate(scaled, 1)}
    origins, horizons = rows.iloc[at], range(1, preparation.horizon + 1)
    return {
        model: {
            target: targets.values(origins, own[target], preparation, target, horizons)
            for target in preparation.targets
        }
        for model, own in answers.items()
    }
