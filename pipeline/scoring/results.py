"""Which rows of the scores and of the bands are shown, in the order they are shown in: of one ticker, or pooled."""

from collections.abc import Iterator
from typing import NamedTuple

import pandas as pd

from pipeline.forecaster.forecasts import NETWORK, member
from pipeline.forecaster.preparation import Preparation
from pipeline.prices import PRICES
from pipeline.scoring.columns import ALL, POOLED, TERCILES
from pipeline.series import SeriesInfo


class Line(NamedTuple):
    """The scores of a target at a horizon: rows of data/scores.parquet.

    title: the target in words; members: the skill of each where there are several, by number.
    """

    target: str
    title: str
    horizon: int
    network: pd.Series
    reference: pd.Series
    members: pd.Series


class Held(NamedTuple):
    """How the bands held at a horizon on test: rows of data/bands.parquet.

    own: the forecast's; terciles: the coverage of these by volatility at the origin, of those terciles that have any;
    constant, constant_terciles: of bands of constant width.
    """

    horizon: int
    own: pd.Series
    terciles: dict[str, float]
    constant: pd.Series
    constant_terciles: dict[str, float]


def whole(table: pd.DataFrame) -> str:
    """Under which name all tickers of a table stand together: the only one's, or POOLED."""
    return POOLED if POOLED in set(table["ticker"]) else str(table["ticker"].iloc[0])


def named(target: str, series: SeriesInfo) -> str:
    """A target in words."""
    return {"price": series.name, "variance": "log variance"}[target]


def lines(scores: pd.DataFrame, references: dict[str, str], series: SeriesInfo, split: str = "test") -> Iterator[Line]:
    """scores: data/scores.parquet; references: by target, the model that it is judged against."""
    own = scores[(scores["ticker"] == whole(scores)) & (scores["slice"] == ALL) & (scores["split"] == split)]
    for target, reference in references.items():
        for horizon, part in own[own["target"] == target].groupby("horizon"):
            models = part.set_index("model")
            skills = models.loc[models.index.str.startswith(member("")), "skill"]
            members = skills.rename(lambda name: name.removeprefix(member("")))
            title = named(target, series)
            yield Line(target, title, int(horizon), models.loc[NETWORK], models.loc[reference], members)


def held(bands: pd.DataFrame, method: str) -> list[Held]:
    """By horizon. bands: data/bands.parquet; method: what the forecast's bands follow."""
    own = bands[bands["ticker"] == whole(bands)]
    found = []
    for horizon, part in own.groupby("horizon"):
        at = part.set_index(["method", "slice"])
        terciles, others = (
            {part: float(at.loc[(method_of, part), "coverage"]) for part in TERCILES if (method_of, part) in at.index}
            for method_of in (method, "constant")
        )
        found.append(Held(int(horizon), at.loc[method, ALL], terciles, at.loc["constant", ALL], others))
    return found


def series_of(preparation: Preparation, *tickers: str) -> SeriesInfo:
    """What is forecast of these tickers, or of all; several have a unit where they agree on it."""
    units = {preparation.units.get(name, "") for name in tickers or preparation.units}
    unit = units.pop() if len(units) == 1 else ""
    (step,) = {calendar.step for calendar in preparation.calendars.values()}
    return SeriesInfo(preparation.column, unit, step, preparation.column in PRICES)


def skills(scores: pd.DataFrame, references: dict[str, str], series: SeriesInfo) -> pd.DataFrame:
    """The network's skill on test with its bounds, a row for each target and horizon."""
    names = ["skill", "skill_low", "skill_high"]
    rows = [[line.title, line.horizon, *line.network[names]] for line in lines(scores, references, series)]
    return pd.DataFrame(rows, columns=["target", "horizon", *names])
