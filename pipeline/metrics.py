"""reports/metrics.json: the network's measures beside the simple forecasts', how the bands held, and the verdict."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import pandas as pd

from pipeline import verdict
from pipeline.slices import ALL, THIRDS
from pipeline.subject import Subject
from pipeline.tables.bands import MEASURES as OF_BANDS
from pipeline.tables.forecasts import NETWORK, member
from pipeline.tables.scores import POOLED

ERRORS = ("mse", "rmse", "mae", "r2")
SKILLS = ("skill", "skill_low", "skill_high", "p_value", "skill_best", "p_best")
OF_TARGET = {
    "price": ("r2_return", "direction", "always_up", "correlation", "correlation_last"),
    "variance": ("qlike",),
}

SHARED = ": stopping half"  # where calibration takes it

Cell = dict[str, Any]


def metrics(
    scores: pd.DataFrame, bands: pd.DataFrame, references: dict[str, str], subject: Subject, scale: str, coverage: float
) -> dict[str, Any]:
    """{validation and test: {target: {h1: {measure: value, reference: {...}, ...}}}, models: {target: {model: {...}}},
    bands: {nominal, scale, h1: {...}}, ways: {way: {...}}, verdict: {target: sentence}, subject, tickers}.

    scores, bands: the tables of these names, of one ticker or pooled; references: the model each target is judged
    against; scale: what the forecast's bands are as wide as. Undefined measures are None.
    """
    ticker = POOLED if POOLED in set(scores["ticker"]) else scores["ticker"].iloc[0]
    chosen = scores[(scores["ticker"] == ticker) & (scores["slice"] == ALL)]
    report: dict[str, Any] = {
        split: {target: _horizons(chosen, split, target, reference) for target, reference in references.items()}
        for split in ("validation", "test")
    }
    nearest = {target: report["test"][target]["h1"] for target in references}
    sentences = {
        target: verdict.sentence(named(target, subject), reference, subject.step, nearest[target])
        for target, reference in references.items()
    }
    sentences["simpler"] = verdict.simpler({named(target, subject): found for target, found in nearest.items()})
    return {
        **report,  # validation first, for DVC's tables keep the order
        "models": {target: _models(chosen, target) for target in references},
        "bands": {"nominal": coverage, "scale": scale, **_bands(bands[bands["ticker"] == ticker], scale)},
        "ways": _ways(bands[bands["ticker"] == ticker]),
        "verdict": sentences,
        "subject": asdict(subject),
        "tickers": int(scores.loc[scores["ticker"] != POOLED, "ticker"].nunique()),
    }


def _plain(row: pd.Series, names: tuple[str, ...]) -> dict[str, float | None]:
    return {name: None if pd.isna(row[name]) else float(row[name]) for name in names}


def _horizons(scores: pd.DataFrame, split: str, target: str, reference: str) -> dict[str, Cell]:
    """By horizon the network's measures, the reference's, those of the simple model best on validation, and how far
    the members lie apart.
    """
    own = scores[(scores["split"] == split) & (scores["target"] == target)]
    found: dict[str, Cell] = {}
    for horizon in sorted(own["horizon"].unique()):
        models = own[own["horizon"] == horizon].set_index("model")
        network, best = models.loc[NETWORK], str(models.loc[NETWORK, "best"])
        others = (*ERRORS, OF_TARGET[target][0])
        cell: Cell = _plain(network, ("n", *ERRORS, *SKILLS, *OF_TARGET[target]))
        cell["reference"] = {"model": reference, **_plain(models.loc[reference], others)}
        cell["best"] = {"model": best, **_plain(models.loc[best], others)}
        members = models[models.index.str.startswith(member(""))]["skill"]
        if len(members):
            cell["members"] = {
                **_plain(members.agg(["mean", "std", "min", "max"]), ("mean", "std", "min", "max")),
                "skill": {
                    name.removeprefix(member("")): None if pd.isna(skill) else float(skill)
                    for name, skill in members.items()
                },
            }
        found[f"h{horizon}"] = cell
    return found


def _models(scores: pd.DataFrame, target: str) -> dict[str, Cell]:
    """Every model on test, one step ahead, the best first; the network's members are told of by their spread."""
    own = scores[(scores["split"] == "test") & (scores["target"] == target) & (scores["horizon"] == 1)]
    own = own[~own["model"].str.startswith(member(""))].sort_values(["mse", "model"])
    tests = ("p_network", "p_qlike") if target == "variance" else ("p_network",)
    names = ("rmse", "r2", "skill", "p_value", *OF_TARGET[target], *tests)
    return {str(row["model"]): _plain(row, names) for _, row in own.iterrows()}


def _bands(bands: pd.DataFrame, scale: str) -> dict[str, Cell]:
    """By horizon how the forecast's bands held, in thirds by volatility too; beside bands of constant width, and
    bands calibrated on the half of validation that early stopping saw.
    """
    later, found = bands[bands["calibrated"] == "later"], {}
    for horizon in sorted(bands["horizon"].unique()):
        at = later[later["horizon"] == horizon].set_index(["scale", "slice"])
        shared = bands[(bands["horizon"] == horizon) & (bands["calibrated"] == "stopping") & (bands["slice"] == ALL)]
        cell: Cell = {}
        for name, way in {"": scale, "constant": "constant"}.items():
            own: Cell = _plain(at.loc[way, ALL], ("n", *OF_BANDS))
            own["thirds"] = {part: float(at.loc[(way, part), "coverage"]) for part in THIRDS if (way, part) in at.index}
            cell |= {name: own} if name else own
        cell["shared"] = _plain(shared.set_index("scale").reindex([scale]).iloc[0], OF_BANDS)
        found[f"h{horizon}"] = cell
    return found


def _ways(bands: pd.DataFrame) -> dict[str, Cell]:
    """Every way of making bands one step ahead, the best first: as wide as what, and calibrated on which half."""
    own = bands[(bands["horizon"] == 1) & (bands["slice"] == ALL)].sort_values(["interval_score", "scale"])
    names = own["scale"].where(own["calibrated"] == "later", own["scale"] + SHARED)
    return {str(name): _plain(row, OF_BANDS) for name, (_, row) in zip(names, own.iterrows(), strict=True)}


def named(target: str, subject: Subject) -> str:
    """A target in words."""
    return {"price": subject.name, "variance": "log variance"}[target]


def caption(metrics: dict[str, Any]) -> str:
    """What the test scores are, in words."""
    step, count = metrics["subject"]["step"], metrics["tickers"]
    unit = "its own current volatility or typical change"
    pooled = f"; {count} tickers, each {metrics['subject']['name']} in {unit}" if count > 1 else ""
    return f"The network on test, beside the simple forecast of the same {step}s{pooled}"


def band(metrics: dict[str, Any]) -> str:
    """How the bands held one step ahead, in a sentence."""
    bands, step = metrics["bands"], metrics["subject"]["step"]
    found = bands["h1"]
    thirds = ", ".join(f"{share:.1%} in {name}" for name, share in found["thirds"].items())
    constant = found["constant"]
    others = ", ".join(f"{share:.1%}" for share in constant["thirds"].values())
    return (
        f"The {percent(bands['nominal'])} band one {step} ahead held {found['coverage']:.1%} of {found['n']:.0f} test "
        f"values{f' ({thirds})' if thirds else ''}, with an interval score of {found['interval_score']:.4g}; a band of "
        f"constant width {constant['coverage']:.1%}{f' ({others})' if others else ''}, with "
        f"{constant['interval_score']:.4g}."
    )


def percent(share: float) -> str:
    """90%, 99.5%."""
    return f"{100 * share:g}%"


def lines(metrics: dict[str, Any]) -> Iterator[tuple[str, int, Cell]]:
    """The test scores by line: target in words, horizon, the network's measures."""
    subject = Subject(**metrics["subject"])
    for target, horizons in metrics["test"].items():
        for horizon, own in horizons.items():
            yield named(target, subject), int(horizon.removeprefix("h")), own


def skills(metrics: dict[str, Any]) -> pd.DataFrame:
    """The network's skill on test with its bounds, a row for each target and horizon."""
    names = ["skill", "skill_low", "skill_high"]
    rows = [[target, horizon, *(own[name] for name in names)] for target, horizon, own in lines(metrics)]
    return pd.DataFrame(rows, columns=["target", "horizon", *names])
