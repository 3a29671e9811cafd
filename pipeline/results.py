"""Which rows of the scores and of the bands are shown, in the order they are shown in: of one ticker, or pooled."""

from collections.abc import Iterator
from typing import NamedTuple

import pandas as pd

from pipeline.forecaster.preparation import Preparation
from pipeline.slices import ALL, THIRDS
from pipeline.subject import Subject
from pipeline.tables.bands import MEASURES
from pipeline.tables.forecasts import NETWORK, member
from pipeline.tables.prices import PRICES
from pipeline.tables.scores import POOLED
from pipeline.verdict import Verdict

SHARED = ": stopping half"  # where calibration takes it


class Line(NamedTuple):
    """The scores of a target at a horizon: rows of tables/scores.

    title: the target in words; members: the skill of each where there are several, by number.
    """

    target: str
    title: str
    horizon: int
    network: pd.Series
    reference: pd.Series
    members: pd.Series


class Held(NamedTuple):
    """How the bands held at a horizon on test: rows of tables/bands.

    own: the forecast's; thirds: the coverage of these by volatility at the origin, of those thirds that have any;
    constant, constant_thirds: of bands of constant width; shared: of bands calibrated on the half of validation that
    early stopping saw, NaN where that is too short.
    """

    horizon: int
    own: pd.Series
    thirds: dict[str, float]
    constant: pd.Series
    constant_thirds: dict[str, float]
    shared: pd.Series


def whole(table: pd.DataFrame) -> str:
    """Under which name all tickers of a table stand together: the only one's, or POOLED."""
    return POOLED if POOLED in set(table["ticker"]) else str(table["ticker"].iloc[0])


def named(target: str, subject: Subject) -> str:
    """A target in words."""
    return {"price": subject.name, "variance": "log variance"}[target]


def lines(scores: pd.DataFrame, references: dict[str, str], subject: Subject, split: str = "test") -> Iterator[Line]:
    """scores: tables/scores; references: by target, the model that it is judged against."""
    own = scores[(scores["ticker"] == whole(scores)) & (scores["slice"] == ALL) & (scores["split"] == split)]
    for target, reference in references.items():
        for horizon, part in own[own["target"] == target].groupby("horizon"):
            models = part.set_index("model")
            skills = models.loc[models.index.str.startswith(member("")), "skill"]
            members = skills.rename(lambda name: name.removeprefix(member("")))
            title = named(target, subject)
            yield Line(target, title, int(horizon), models.loc[NETWORK], models.loc[reference], members)


def models(scores: pd.DataFrame, target: str) -> pd.DataFrame:
    """Every model one step ahead on test, the best first, without the network's members. scores: tables/scores."""
    own = scores[(scores["ticker"] == whole(scores)) & (scores["slice"] == ALL) & (scores["split"] == "test")]
    own = own[(own["target"] == target) & (own["horizon"] == 1) & ~own["model"].str.startswith(member(""))]
    return own.sort_values(["mse", "model"])


def held(bands: pd.DataFrame, scale: str) -> list[Held]:
    """By horizon. bands: tables/bands; scale: what the forecast's bands follow."""
    own = bands[bands["ticker"] == whole(bands)]
    later, found = own[own["calibrated"] == "later"], []
    for horizon in sorted(own["horizon"].unique()):
        at = later[later["horizon"] == horizon].set_index(["scale", "slice"])
        stopping = (own["horizon"] == horizon) & (own["calibrated"] == "stopping") & (own["slice"] == ALL)
        shared = own[stopping].set_index("scale").reindex([scale])[list(MEASURES)].iloc[0]
        thirds, others = (
            {part: float(at.loc[(way, part), "coverage"]) for part in THIRDS if (way, part) in at.index}
            for way in (scale, "constant")
        )
        found.append(Held(int(horizon), at.loc[scale, ALL], thirds, at.loc["constant", ALL], others, shared))
    return found


def ways(bands: pd.DataFrame) -> dict[str, pd.Series]:
    """Every way of making bands one step ahead, the best first: as wide as what, and calibrated on which half."""
    own = bands[(bands["ticker"] == whole(bands)) & (bands["horizon"] == 1) & (bands["slice"] == ALL)]
    own = own.sort_values(["interval_score", "scale"])
    names = own["scale"].where(own["calibrated"] == "later", own["scale"] + SHARED)
    return {str(name): row for name, (_, row) in zip(names, own.iterrows(), strict=True)}


def subject_of(preparation: Preparation, *tickers: str) -> Subject:
    """What is forecast of these tickers, or of all; several have a unit where they agree on it."""
    units = {preparation.units.get(name, "") for name in tickers or preparation.units}
    unit = units.pop() if len(units) == 1 else ""
    (step,) = {calendar.step for calendar in preparation.calendars.values()}
    return Subject(preparation.column, unit, step, preparation.column in PRICES)


def caption(told: Verdict) -> str:
    """What the test scores are, in words."""
    unit = "its own current volatility or typical change"
    pooled = f"; {told.tickers} tickers, each {told.subject.name} in {unit}" if told.tickers > 1 else ""
    return f"The network on test, beside the simple forecast of the same {told.subject.step}s{pooled}"


def percent(share: float) -> str:
    """90%, 99.5%."""
    return f"{100 * share:g}%"


def skills(scores: pd.DataFrame, references: dict[str, str], subject: Subject) -> pd.DataFrame:
    """The network's skill on test with its bounds, a row for each target and horizon."""
    names = ["skill", "skill_low", "skill_high"]
    rows = [[line.title, line.horizon, *line.network[names]] for line in lines(scores, references, subject)]
    return pd.DataFrame(rows, columns=["target", "horizon", *names])
