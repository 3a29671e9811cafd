"""reports/metrics.json: the few numbers by which two runs of the pipeline are compared."""

from typing import Any

import pandas as pd

from pipeline.scoring.results import band_results, scores_by_horizon
from pipeline.scoring.verdict import Verdict

MEASURES = ("mse", "r2", "skill", "p_value")


def metrics(verdict: Verdict, scores: pd.DataFrame, bands: pd.DataFrame) -> dict[str, Any]:
    """Return at most 34 numbers: {split: {target: {horizon: {measure: number}}}, interval: {coverage, score}}.

    They are the network's, at the nearest and the farthest horizon; `interval` is the band's one step ahead on test.
    None is undefined. All other numbers are in the tables.

    scores, bands: data/scores.parquet, data/bands.parquet.
    """
    report: dict[str, Any] = {}
    for split in ("validation", "test"):  # validation first: DVC's tables keep the order
        report[split] = {target: {} for target in verdict.baselines}
        for each in scores_by_horizon(scores, verdict.baselines, verdict.series, split):
            if each.horizon in (1, scores["horizon"].max()):
                numbers = {name: _plain(each.network[name]) for name in MEASURES}
                report[split][each.target][f"h{each.horizon}"] = numbers
    nearest = band_results(bands, verdict.band_method)[0].band
    return {**report, "interval": {"coverage": _plain(nearest["coverage"]), "score": _plain(nearest["interval_score"])}}


def _plain(value: float) -> float | None:
    return None if pd.isna(value) else float(value)
