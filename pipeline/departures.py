"""From scaled departures, as a network or a regressor answers them, back to prices and log variances."""

from typing import Any

import numpy as np
import pandas as pd

from pipeline import scaling, targets
from pipeline.tables import rows as table


def values(rows: pd.DataFrame, answers: targets.Floats, scaler: dict[str, Any], name: str) -> targets.Floats:
    """What answers at some rows say of a target, in prices or log variances: (rows, horizon) float64.

    rows: of tables/rows; answers: the scaled departures, (rows, horizon); scaler: data/scaler.json; name: price or
    variance. The baseline at each row and the unscaled departure from it; a price is then made of the price target.
    """
    forecast = np.empty(answers.shape)
    for h in range(1, answers.shape[1] + 1):
        own = scaler["scalers"][name][table.target(name, h)]
        groups = scaling.groups(rows["ticker"], alone=scaling.ALL not in own)
        departure = scaling.unscaled(answers[:, h - 1].astype(np.float64), own, groups)
        forecast[:, h - 1] = rows[table.baseline(name, h)].to_numpy() + departure
    if name == "price":
        return targets.price(scaler["target"], forecast, rows["last"].to_numpy(), rows["volatility"].to_numpy())
    return forecast
