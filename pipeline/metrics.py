"""reports/metrics.json: the network's measures beside the simple forecasts', and how the bands held."""

from typing import Any

import pandas as pd

from pipeline.results import Held, Line, held, lines, models, ways
from pipeline.slices import ALL
from pipeline.tables.bands import MEASURES as OF_BANDS
from pipeline.verdict import Verdict

ERRORS = ("mse", "rmse", "mae", "r2")
SKILLS = ("skill", "skill_low", "skill_high", "p_value", "skill_best", "p_best")
OF_TARGET = {
    "price": ("r2_return", "direction", "always_up", "correlation", "correlation_last"),
    "variance": ("qlike",),
}


def metrics(told: Verdict, scores: pd.DataFrame, bands: pd.DataFrame) -> dict[str, Any]:
    """{validation and test: {target: {h1: {measure: value, reference: {...}, ...}}}, models: {target: {model: {...}}},
    bands: {nominal, h1: {...}}, ways: {way: {...}}}.

    scores, bands: the tables of these names. Undefined measures are None.
    """
    report: dict[str, Any] = {}
    for split in ("validation", "test"):  # validation first, for DVC's tables keep the order
        report[split] = {target: {} for target in told.references}
        for line in lines(scores, told.references, told.subject, split):
            own = scores[(scores["split"] == split) & (scores["target"] == line.target)]
            report[split][line.target][f"h{line.horizon}"] = _cell(line, own)
    return {
        **report,
        "models": {target: _models(scores, target) for target in told.references},
        "bands": {"nominal": told.coverage, **{f"h{own.horizon}": _band(own) for own in held(bands, told.scale)}},
        "ways": {name: _plain(row, OF_BANDS) for name, row in ways(bands).items()},
    }


def _plain(row: pd.Series, names: tuple[str, ...]) -> dict[str, float | None]:
    return {name: None if pd.isna(row[name]) else float(row[name]) for name in names}


def _cell(line: Line, scores: pd.DataFrame) -> dict[str, Any]:
    """The network's measures at a horizon, the reference's, those of the simple model best on validation, and how far
    the members lie apart. scores: of this target and split.
    """
    network, others = line.network, (*ERRORS, OF_TARGET[line.target][0])
    at = (scores["ticker"] == network["ticker"]) & (scores["slice"] == ALL) & (scores["horizon"] == line.horizon)
    best = scores[at & (scores["model"] == network["best"])].iloc[0]
    cell: dict[str, Any] = _plain(network, ("n", *ERRORS, *SKILLS, *OF_TARGET[line.target]))
    cell["reference"] = {"model": line.reference.name, **_plain(line.reference, others)}
    cell["best"] = {"model": network["best"], **_plain(best, others)}
    if len(line.members):
        spread = ("mean", "std", "min", "max")
        skills = {str(number): None if pd.isna(skill) else float(skill) for number, skill in line.members.items()}
        cell["members"] = {**_plain(line.members.agg(list(spread)), spread), "skill": skills}
    return cell


def _models(scores: pd.DataFrame, target: str) -> dict[str, dict[str, float | None]]:
    tests = ("p_network", "p_qlike") if target == "variance" else ("p_network",)
    names = ("rmse", "r2", "skill", "p_value", *OF_TARGET[target], *tests)
    return {str(row["model"]): _plain(row, names) for _, row in models(scores, target).iterrows()}


def _band(own: Held) -> dict[str, Any]:
    """Of a horizon: the forecast's bands, in thirds by volatility too, those of constant width, and shared ones."""
    constant = {**_plain(own.constant, ("n", *OF_BANDS)), "thirds": own.constant_thirds}
    found = {**_plain(own.own, ("n", *OF_BANDS)), "thirds": own.thirds}
    return {**found, "constant": constant, "shared": _plain(own.shared, OF_BANDS)}
