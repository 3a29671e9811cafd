"""Made scores and bands, whose numbers are told apart by looking at them."""

import pandas as pd

from pipeline.evaluate.intervals import MEASURES as OF_BANDS
from pipeline.forecaster.forecasts import NETWORK
from pipeline.scoring.columns import ALL, MEASURES, TERCILES
from pipeline.series import SeriesInfo

CLOSE = SeriesInfo("close", "USD", "session", priced=True)
BASELINES = {"price": "drift", "variance": "har"}

ROWS = [
    {**dict.fromkeys(MEASURES, 0.5), "model": model, "target": target, "split": split, "horizon": h, "ticker": "A",
     "slice": ALL, "n": 100, "best": "ridge", "mse": mse * h, "skill": skill, "p_value": p,
     "skill_against_best": -skill,
     "p_value_against_best": 0.8}
    for target, reference in BASELINES.items()
    for split in ("validation", "test")
    for h in (1, 2, 3)
    for model, mse, skill, p in ((NETWORK, 4.0, 0.1 * h, 0.01), (reference, 5.0, 0.0, 1.0), ("ridge", 3.0, 0.3, 0.2),
                                 ("network 1", 4.5, 0.05, 0.3), ("network 2", 4.7, 0.15, 0.3))
]  # fmt: skip
SCORES = pd.DataFrame(ROWS)
BANDS = pd.DataFrame([
    {**dict.fromkeys(OF_BANDS, 0.25), "method": scale, "horizon": h, "ticker": "A", "slice": part, "n": 99,
     "coverage": coverage}
    for scale, coverage, slices in ((NETWORK, 0.91, (ALL, *TERCILES)), ("constant", 0.95, (ALL,)))
    for h in (1, 2, 3)
    for part in slices
])  # fmt: skip
