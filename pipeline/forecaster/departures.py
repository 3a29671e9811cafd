"""From scaled departures, as a network or a regressor answers them, back to prices and log variances."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from pipeline.forecaster import scaling, targets
from pipeline.forecaster.preparation import Preparation
from pipeline.tables import samples as table


def values(
    rows: pd.DataFrame, answers: targets.Floats, preparation: Preparation, name: str, horizons: Sequence[int]
) -> targets.Floats:
    """What answers at some rows say of a target, in prices or log variances: (rows, horizons) float64.

    rows: of tables/samples; answers: the scaled departures, (rows, horizons); name: price or variance. The baseline at
    each row and the unscaled departure from it; a price is then made of the price target.
    """
    forecast, fit = np.empty(answers.shape), preparation.targets[name]
    for column, h in enumerate(horizons):
        departure = scaling.unscaled(answers[:, column].astype(np.float64), fit.scalers_of(h), rows["ticker"])
        forecast[:, column] = rows[table.baseline(name, h)].to_numpy() + departure
    if name == "price":
        return targets.price(preparation.target, forecast, rows["last"].to_numpy(), rows["volatility"].to_numpy())
    return forecast
