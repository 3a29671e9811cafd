"""The rows of the score and band tables that readers are shown, in order: of the only ticker, or of all together."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.forecaster.forecasts import NETWORK, member
from pipeline.forecaster.preparation import Preparation
from pipeline.prices import PRICES
from pipeline.scoring.columns import ALL, POOLED, TERCILES
from pipeline.series import SeriesInfo


class HorizonScores(NamedTuple):
    """The scores for one target at one horizon: rows of data/scores.parquet.

    title: the target in words; models: a row for each model; members: the skill of each, by number.
    """

    target: str
    title: str
    horizon: int
    network: pd.Series
    baseline: pd.Series
    models: pd.DataFrame
    members: pd.Series


class BandResult(NamedTuple):
    """How often the bands contained the actual value at one horizon on test: rows of data/bands.parquet.

    terciles: the coverage by tercile of the volatility known at the origin; tercile_error: the largest standard error
    of these; constant: of bands of constant width.
    """

    horizon: int
    band: pd.Series
    terciles: dict[str, float]
    tercile_error: float
    constant: pd.Series
    constant_terciles: dict[str, float]


def overall(table: pd.DataFrame) -> str:
    """Return the ticker whose rows stand for the whole table: POOLED, or the only one."""
    return POOLED if POOLED in set(table["ticker"]) else str(table["ticker"].iloc[0])


def target_title(target: str, series: SeriesInfo) -> str:
    """Return the name of a target for readers."""
    return {"price": series.name, "variance": "log variance"}[target]


def scores_by_horizon(
    scores: pd.DataFrame, baselines: dict[str, str], series: SeriesInfo, split: str = "test"
) -> Iterator[HorizonScores]:
    """Yield the scores for each target and horizon.

    scores: data/scores.parquet; baselines: by target, the model that the network is judged against.
    """
    rows = scores[(scores["ticker"] == overall(scores)) & (scores["slice"] == ALL) & (scores["split"] == split)]
    for target, baseline in baselines.items():
        for horizon, part in rows[rows["target"] == target].groupby("horizon"):
            models = part.set_index("model")
            skills = models.loc[models.index.str.startswith(member("")), "skill"]
            members = skills.rename(lambda name: name.removeprefix(member("")))
            title, network = target_title(target, series), models.loc[NETWORK]
            yield HorizonScores(target, title, int(horizon), network, models.loc[baseline], models, members)


def band_results(bands: pd.DataFrame, method: str) -> list[BandResult]:
    """Return the results by horizon. bands: data/bands.parquet; method: the one that the forecaster uses."""
    results = []
    for horizon, part in bands[bands["ticker"] == overall(bands)].groupby("horizon"):
        rows = part.set_index(["method", "slice"])
        terciles, constant_terciles = (
            {name: float(rows.loc[(each, name), "coverage"]) for name in TERCILES if (each, name) in rows.index}
            for each in (method, "constant")
        )
        band, constant = rows.loc[method, ALL], rows.loc["constant", ALL]
        error = float(part.loc[part["slice"].isin(TERCILES) & (part["method"] == method), "standard_error"].max())
        results.append(BandResult(int(horizon), band, terciles, error, constant, constant_terciles))
    return results


def series_of(preparation: Preparation, *tickers: str) -> SeriesInfo:
    """Return what is forecast of these tickers, or of all. Several have a unit only if they agree on it."""
    units = {preparation.units.get(name, "") for name in tickers or preparation.units}
    unit = units.pop() if len(units) == 1 else ""
    (step,) = {calendar.step for calendar in preparation.calendars.values()}
    return SeriesInfo(preparation.column, unit, step, preparation.column in PRICES)


def skill(mse: NDArray[np.float64], baseline_mse: float) -> NDArray[np.float64]:
    """Return the skill of several models, (models,); NaN where the baseline has no error.

    skill = 1 - MSE / MSE of the baseline (Murphy 1988, "Skill scores based on the mean square error", Monthly Weather
    Review 116).
    """
    return 1 - mse / baseline_mse if baseline_mse else np.full(len(mse), np.nan)


def skills(scores: pd.DataFrame, baselines: dict[str, str], series: SeriesInfo) -> pd.DataFrame:
    """Return the network's skill on test with its bounds, a row for each target and horizon."""
    names = ["skill", "skill_low", "skill_high"]
    rows = [[each.title, each.horizon, *each.network[names]] for each in scores_by_horizon(scores, baselines, series)]
    return pd.DataFrame(rows, columns=["target", "horizon", *names])


def last_forecast(predictions: pd.DataFrame) -> pd.DataFrame:
    """Return each ticker's forecasts from its last origin, with their volatility."""
    rows = predictions[predictions["origin"] == predictions.groupby("ticker")["origin"].transform("max")]
    return rows.assign(volatility=np.exp(rows["variance_predicted"] / 2))
