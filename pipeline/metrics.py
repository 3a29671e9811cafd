"""reports/metrics.json: the network's measures beside the simple forecast's, and the verdict."""

from collections.abc import Iterator
from typing import Any

import pandas as pd

from pipeline import verdict
from pipeline.scores import NETWORK, POOLED
from pipeline.tables.scores import MEASURES

SUBJECTS = {"variance": "log variance"}  # the price goes by its column's name


def metrics(scores: pd.DataFrame, references: dict[str, str], column: str) -> dict[str, Any]:
    """{verdict: {target: sentence}, split: {target: {h1: {measure: value, reference: {measure: value}}}}}.

    scores: tables/scores, of one ticker or pooled; references: the model each target is judged against;
    column: the name of what is forecast. Undefined measures are None.
    """
    ticker = POOLED if POOLED in set(scores["ticker"]) else scores["ticker"].iloc[0]
    chosen = scores[scores["ticker"] == ticker].set_index(["split", "target", "horizon", "model"]).sort_index()

    def plain(at: tuple[str, str, int, str], names: tuple[str, ...]) -> dict[str, float | None]:
        return {name: None if pd.isna(value) else float(value) for name, value in chosen.loc[at, list(names)].items()}

    report: dict[str, Any] = {split: {target: {} for target in references} for split in ("validation", "test")}
    for split, target, h, model in chosen.index:
        if model == NETWORK and split in report:
            rival = plain((split, target, h, references[target]), ("mse", "rmse", "mae", "r2"))
            own = plain((split, target, h, NETWORK), ("n", *MEASURES))
            report[split][target][f"h{h}"] = {**own, references[target]: rival}
    report["verdict"] = {
        target: verdict.sentence(SUBJECTS.get(target, column), reference, report["test"][target]["h1"])
        for target, reference in references.items()
    }
    return report


def lines(metrics: dict[str, Any]) -> Iterator[tuple[str, int, str, dict[str, float | None], dict[str, float | None]]]:
    """The test scores by line: target, horizon, reference, the network's measures, the reference's."""
    for target, horizons in metrics["test"].items():
        for horizon, own in horizons.items():
            reference = next(name for name, value in own.items() if isinstance(value, dict))
            yield target, int(horizon.removeprefix("h")), reference, own, own[reference]
