"""reports/metrics.json: the few numbers by which two states of the pipeline are compared."""

from typing import Any

import pandas as pd

from pipeline.scoring.results import held, lines
from pipeline.scoring.verdict import Verdict

MEASURES = ("mse", "r2", "skill", "p_value")


def metrics(told: Verdict, scores: pd.DataFrame, bands: pd.DataFrame) -> dict[str, Any]:
    """{validation and test: {target: {h1 and the farthest horizon: {measure: the network's}}}, interval: {coverage,
    score}}: the band's one step ahead on test. What is undefined is None; everything else is in the tables.

    scores, bands: data/scores.parquet, data/bands.parquet.
    """
    report: dict[str, Any] = {}
    for split in ("validation", "test"):  # validation first, for DVC's tables keep the order
        report[split] = {target: {} for target in told.references}
        for line in lines(scores, told.references, told.series, split):
            if line.horizon in (1, scores["horizon"].max()):
                report[split][line.target][f"h{line.horizon}"] = {name: _plain(line.network[name]) for name in MEASURES}
    own = held(bands, told.method)[0].own
    return {**report, "interval": {"coverage": _plain(own["coverage"]), "score": _plain(own["interval_score"])}}


def _plain(value: float) -> float | None:
    return None if pd.isna(value) else float(value)
