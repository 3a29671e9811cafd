"""One task of the backtest: fit on what was known before a year, and forecast this year.

A task is a pure function: the same arguments give the same forecasts, bit for bit, on every machine. It fits and
forecasts with the functions of the pipeline's stages.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa

from pipeline.forecaster import forecasts, inputs, samples
from pipeline.forecaster.preparation import Preparation
from pipeline.models import registry
from pipeline.models.model import Samples
from pipeline.models.variance import HAR
from pipeline.prepare.fitting import fit_transform
from pipeline.quality import Scraped
from studies.backtest.folds import Fold, rows_of_fold
from studies.backtest.params import Settings

NETWORK, REFIT, FIRST_HAR = "network", "network_refit", "har_first"
SCHEMA = pa.schema([("pooling", pa.string()), ("seed", pa.int32()), *forecasts.SCHEMA])


class Task(NamedTuple):
    """What is fitted in one task.

    pooling: as params.yaml names it; tickers: those of the task; fold: the year; first: the first fold of all;
    seed: of the network, or None for the simple models.
    """

    pooling: str
    tickers: tuple[str, ...]
    fold: Fold
    first: Fold
    seed: int | None


class Data(NamedTuple):
    """What all tasks share: the rows of all years, as from inputs.unscaled_rows, and the report of the scrape stage."""

    rows: pd.DataFrame
    scraped: Scraped


def tasks(settings: Settings, years: list[Fold], tickers: list[str]) -> list[Task]:
    """Return all tasks: those of the simple models, and those of the network with each seed."""
    params, made = settings.backtest, []
    for pooling in params.pooling:
        groups = [(ticker,) for ticker in tickers] if pooling == "alone" else [tuple(tickers)]
        for group in groups:
            for seed in (None, *params.seeds):
                made += [Task(pooling, group, fold, years[0], seed) for fold in years]
    return made


def forecasts_of(task: Task, data: Data, settings: Settings) -> pd.DataFrame:
    """Return the forecasts of the task's year: the columns of SCHEMA. Empty if no ticker has enough train samples."""
    pool = "by_ticker" if task.pooling == "by_ticker" else "together"
    settings = settings._replace(prepare=settings.prepare.model_copy(update={"pool": pool}))
    data = data._replace(rows=data.rows[data.rows["ticker"].isin(task.tickers)])
    make = simple_forecasts(task, data, settings) if task.seed is None else network_forecasts(task, data, settings)
    seed = -1 if task.seed is None else task.seed
    tables = [table.assign(pooling=task.pooling, seed=seed) for table in make]
    return pd.concat(tables)[SCHEMA.names] if tables else pd.DataFrame(columns=SCHEMA.names)


def prepared(fold: Fold, data: Data, settings: Settings, *, refit: bool) -> tuple[pd.DataFrame, Preparation] | None:
    """Return the samples of a fold and what was fitted on its train rows; None if there are none."""
    params = settings.prepare
    required = inputs.required_columns(params.target, variance=params.variance != "none")
    rows = rows_of_fold(data.rows, fold, required, refit=refit)
    if not len(rows):
        return None
    ranged = bool(rows["log_variance"].notna().any())
    return fit_transform(rows, params, data.scraped, ranged=ranged)


def simple_forecasts(task: Task, data: Data, settings: Settings) -> Iterator[pd.DataFrame]:
    """Yield the forecasts of the simple models, fitted on everything known before the year, and of FIRST_HAR.

    FIRST_HAR is HAR as it was fitted before the first year of all, for tickers that share one HAR.
    """
    made = prepared(task.fold, data, settings, refit=True)
    if made is None:
        return
    inputs = Samples(*made, settings.window)
    for name in settings.backtest.models:
        for model in registry.models_of(name, list(inputs.preparation.targets)):
            yield of_test(inputs.rows, registry.forecasts(model, inputs).astype({"model": str, "target": str}))
    if task.pooling == "together" and inputs.preparation.variance:
        first = prepared(task.first, data, settings, refit=True)
        if first:
            fitted = HAR.fit(Samples(*first, settings.window), range(1, inputs.preparation.horizon + 1))
            predicted = samples.by_horizon(inputs.rows, predicted=HAR.forecast(fitted, inputs))
            yield of_test(inputs.rows, predicted.assign(model=FIRST_HAR, target="variance"))


def network_forecasts(task: Task, data: Data, settings: Settings) -> Iterator[pd.DataFrame]:
    """Yield the forecasts of the network, and with `refit` those of REFIT.

    REFIT has its scaling, its HAR and its weights fitted on train and validation, for as many epochs as validation
    chose for the network.
    """
    from pipeline.forecaster import ensemble, network  # TensorFlow takes seconds to load
    from pipeline.train.fitting import fit_members

    assert task.seed is not None
    params = settings.train.model_copy(update={"members": 1, "seed": task.seed})
    epochs: dict[str, int] | None = None
    for name in (NETWORK, REFIT)[: 1 + settings.backtest.refit]:
        made = prepared(task.fold, data, settings, refit=name == REFIT)
        if made is None:
            return
        rows, preparation = made
        known = rows[rows[samples.date_column(1)] < task.fold.test].reset_index(drop=True)
        fits = list(fit_members(known, params, epochs=epochs))
        epochs = {
            target: int(history["val_loss"].argmin()) + 1 for target, _, _, history in fits if len(history)
        } or epochs
        members = {target: network.Ensemble([model]) for target, _, model, _ in fits}
        positions = samples.origins(rows, params.window)
        positions = positions[(rows["split"] == "test").to_numpy()[positions]]
        for target, by_model in ensemble.forecasts(members, rows, positions, preparation).items():
            predicted = samples.by_horizon(rows.iloc[positions], predicted=by_model[forecasts.NETWORK])
            yield of_test(rows, predicted.assign(model=name, target=target))


def of_test(rows: pd.DataFrame, predicted: pd.DataFrame) -> pd.DataFrame:
    """Return the forecasts from the test origins, with the ticker as text."""
    test = rows.loc[rows["split"] == "test", ["ticker", "date"]].rename(columns={"date": "origin"})
    predicted = predicted.astype({"ticker": str, "horizon": np.int32})
    return predicted.merge(test.astype({"ticker": str}), on=["ticker", "origin"])
