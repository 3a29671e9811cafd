"""The metrics of a run: at most 30 names, in the sections that the MLflow page shows."""

from collections.abc import Iterator
from typing import Any

import pandas as pd

from pipeline.forecaster.forecasts import NETWORK
from pipeline.scoring.columns import ALL
from pipeline.scoring.results import overall

Logged = tuple[str, float, int]  # name, value, step


def metrics(report: dict[str, Any], scores: pd.DataFrame, history: pd.DataFrame) -> list[Logged]:
    """Return all metrics. report, scores, history: metrics.json, scores.parquet and history.parquet."""
    return [*one_session_ahead(report), *by_horizon(scores), *by_epoch(history)]


def one_session_ahead(report: dict[str, Any]) -> Iterator[Logged]:
    """Yield validation/variance_skill, ..., test/price_r2, test/coverage and test/interval_score.

    The variance and its skill come first: MLflow opens its charts on the first metric.
    """
    for split in ("validation", "test"):
        for target in ("variance", "price"):
            scores = report[split].get(target, {}).get("h1", {})
            for name in ("skill", "p_value", "mse", "r2"):
                if scores.get(name) is not None:
                    yield f"{split}/{target}_{name}", scores[name], 0
    for name, shown in {"coverage": "coverage", "score": "interval_score"}.items():
        if report["interval"][name] is not None:
            yield f"test/{shown}", report["interval"][name], 0


def by_horizon(scores: pd.DataFrame) -> Iterator[Logged]:
    """Yield the network's skill by split and target. The step is the number of sessions ahead."""
    rows = scores[(scores["ticker"] == overall(scores)) & (scores["slice"] == ALL) & (scores["model"] == NETWORK)]
    for row in rows.dropna(subset="skill").itertuples():
        yield f"horizon/{row.split}_{row.target}_skill", float(row.skill), int(row.horizon)


def by_epoch(history: pd.DataFrame) -> Iterator[Logged]:
    """Yield the losses of each target: the mean of the members that still train. The step is the epoch."""
    means = history.groupby(["target", "epoch"])[["loss", "val_loss"]].mean()
    for (target, epoch), losses in means.iterrows():
        yield from ((f"epoch/{target}_{name}", float(value), int(epoch)) for name, value in losses.items())
