"""reports/metrics.json: the network's measures beside the simple forecast's, and the verdict."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import pandas as pd

from pipeline import verdict
from pipeline.scores import NETWORK, POOLED
from pipeline.subject import Subject
from pipeline.tables.scores import MEASURES


def metrics(scores: pd.DataFrame, references: dict[str, str], subject: Subject) -> dict[str, Any]:
    """{subject, tickers, verdict: {target: sentence}, split: {target: {h1: {measure: value, reference: {...}}}}}.

    scores: tables/scores, of one ticker or pooled; references: the model each target is judged against.
    Undefined measures are None.
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
        target: verdict.sentence(named(target, subject), reference, subject.step, report["test"][target]["h1"])
        for target, reference in references.items()
    }
    return {
        **report,
        "subject": asdict(subject),
        "tickers": int(scores.loc[scores["ticker"] != POOLED, "ticker"].nunique()),
    }


def named(target: str, subject: Subject) -> str:
    """A target in words."""
    return {"price": subject.name, "variance": "log variance"}[target]


def caption(metrics: dict[str, Any]) -> str:
    """What the test scores are, in words."""
    step, count = metrics["subject"]["step"], metrics["tickers"]
    unit = "its own current volatility or typical change"
    pooled = f"; {count} tickers, each {metrics['subject']['name']} in {unit}" if count > 1 else ""
    return f"The network on test, beside the simple forecast of the same {step}s{pooled}"


def lines(metrics: dict[str, Any]) -> Iterator[tuple[str, int, str, dict[str, float | None], dict[str, float | None]]]:
    """The test scores by line: target in words, horizon, reference, the network's measures, the reference's."""
    subject = Subject(**metrics["subject"])
    for target, horizons in metrics["test"].items():
        for horizon, own in horizons.items():
            reference = next(name for name, value in own.items() if isinstance(value, dict))
            yield named(target, subject), int(horizon.removeprefix("h")), reference, own, own[reference]
