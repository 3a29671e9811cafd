"""What the network forecasts from its origins: the mean of its members, and each of them."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.forecaster import departures, network
from pipeline.forecaster.preparation import Preparation
from pipeline.forecaster.windows import windows
from pipeline.tables import samples as table
from pipeline.tables.forecasts import NETWORK, member

Floats = NDArray[np.float64]


def forecasts(
    models: Sequence[network.Model], rows: pd.DataFrame, at: NDArray[np.intp], preparation: Preparation
) -> dict[str, dict[str, Floats]]:
    """By model, `network` and where there are several `network 1` ..., then by target: prices or log variances,
    (origins, horizon).

    rows: as samples.prepared gives them; at: the origins, positions in rows. The mean is taken of the members' scaled
    outputs, and then brought back.
    """
    seen = windows(
        rows[[table.feature(name) for name in preparation.names]].to_numpy(np.float32), at, network.window_of(models[0])
    )
    scaled = [network.answers(model, seen) for model in models]
    answers = {NETWORK: {name: np.mean([own[name].astype(np.float64) for own in scaled], axis=0) for name in scaled[0]}}
    if len(models) > 1:
        answers |= {member(number): own for number, own in enumerate(scaled, 1)}
    origins, horizons = rows.iloc[at], range(1, preparation.horizon + 1)
    return {
        model: {
            target: departures.values(origins, own[target], preparation, target, horizons)
            for target in preparation.targets
        }
        for model, own in answers.items()
    }
