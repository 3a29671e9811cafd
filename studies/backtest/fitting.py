"""One task of the backtest: fit on what was known before a year, and forecast this year.

A task is a pure function: the same arguments give the same forecasts, bit for bit. It fits and forecasts with the
functions of the pipeline's stages.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa

from pipeline.benchmark.params import Params as Benchmark
from pipeline.forecaster import samples
from pipeline.forecaster.forecasts import NETWORK
from pipeline.forecaster.forecasts import SCHEMA as FORECASTS
from pipeline.forecaster.preparation import Preparation
from pipeline.forecaster.targets import future_values
from pipeline.io.errors import UserError
from pipeline.io.params import FILE, load, load_all
from pipeline.models import registry
from pipeline.models.model import Samples
from pipeline.models.variance import HAR
from pipeline.prepare.fitting import fit_transform
from pipeline.prepare.params import Params as Prepare
from pipeline.quality import Scraped
from pipeline.train.params import Params as Train
from studies.backtest import SECTIONS
from studies.backtest.folds import Fold, rows_of_fold
from studies.backtest.params import BOOSTING, BOOSTING_TRAIN, FIRST_HAR, PIPELINE, REFIT, Params

SCHEMA = pa.schema([("pooling", pa.string()), ("seed", pa.int32()), *FORECASTS])
ACTUAL_SCHEMA = pa.schema(
    [
        ("ticker", pa.string()),
        ("origin", pa.timestamp("us")),
        ("horizon", pa.int32()),
        ("date", pa.timestamp("us")),
        ("year", pa.int32()),
        *((name, pa.float64()) for name in ("last", "volatility", "price", "variance")),
    ]
)


class Settings(NamedTuple):
    """Everything that a task needs to know, besides the prices."""

    backtest: Params
    prepare: Prepare
    train: Train
    window: int
    """The number of sessions that ridge and boosting see."""


def settings() -> Settings:
    """Read the parameters. Raises UserError with a line for each mistake."""
    backtest = load("backtest", Params, load_all(FILE, SECTIONS))
    pipeline: dict[str, Any] = load_all(PIPELINE)
    prepare = load("prepare", Prepare, pipeline)
    if prepare.variance == "none":
        raise UserError(f"{PIPELINE}: prepare.variance: found none; accepted by the backtest: har")
    features = [name for name in prepare.features if name not in backtest.exclude_features]
    return Settings(
        backtest=backtest,
        prepare=prepare.model_copy(update={"features": features}),
        train=load("train", Train, pipeline),
        window=load("benchmark", Benchmark, pipeline).window,
    )


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
    """What all tasks share: the rows of all years, as from inputs.unscaled_rows, the columns of them that need a value,
    and the report of the scrape stage."""

    rows: pd.DataFrame
    required: list[str]
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
    """Return the samples of a fold and what was fitted on its train rows; None if there is nothing to forecast."""
    rows = rows_of_fold(data.rows, fold, data.required, refit=refit)
    if not (rows["split"] == "test").any():
        return None
    ranged = bool(rows["log_variance"].notna().any())
    return fit_transform(rows, settings.prepare, data.scraped, ranged=ranged)


def simple_forecasts(task: Task, data: Data, settings: Settings) -> Iterator[pd.DataFrame]:
    """Yield the forecasts of the simple models, fitted on everything known before the year.

    BOOSTING_TRAIN is fitted on train only, as the network is. FIRST_HAR is HAR as it was fitted before the first year
    of all, for tickers that share one HAR.
    """
    made = prepared(task.fold, data, settings, refit=True)
    if made is None:
        return
    whole, names = Samples(*made, settings.window), settings.backtest.models
    for name in names:
        yield from forecasts_by(name, name, whole)
    if BOOSTING in names and (train := prepared(task.fold, data, settings, refit=False)):
        yield from forecasts_by(BOOSTING, BOOSTING_TRAIN, Samples(*train, settings.window))
    if task.pooling == "together" and (first := prepared(task.first, data, settings, refit=True)):
        fitted = HAR.fit(Samples(*first, settings.window), range(1, whole.preparation.horizon + 1))
        predicted = samples.by_horizon(whole.rows, predicted=HAR.forecast(fitted, whole))
        yield of_test(whole.rows, predicted.assign(model=FIRST_HAR, target="variance"))


def forecasts_by(model: str, name: str, fitted_on: Samples) -> Iterator[pd.DataFrame]:
    """Fit a simple model and yield its forecasts of each target under a name."""
    for each in registry.models_of(model, list(fitted_on.preparation.targets)):
        yield of_test(fitted_on.rows, registry.forecasts(each, fitted_on).assign(model=name, target=each.target))


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
            predicted = samples.by_horizon(rows.iloc[positions], predicted=by_model[NETWORK])
            yield of_test(rows, predicted.assign(model=name, target=target))


def of_test(rows: pd.DataFrame, predicted: pd.DataFrame) -> pd.DataFrame:
    """Return the forecasts from the test origins, with the ticker as text."""
    test = rows.loc[rows["split"] == "test", ["ticker", "date"]].rename(columns={"date": "origin"})
    predicted = predicted.astype({"ticker": str, "horizon": np.int32})
    return predicted.merge(test.astype({"ticker": str}), on=["ticker", "origin"])


def actual_values(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the actual values of each origin and horizon: the columns of ACTUAL_SCHEMA.

    rows: as from inputs.unscaled_rows. year: of the fold, which is that of the next session.
    """
    dates, horizon = samples.target_dates(rows), samples.horizon_of(rows)
    price, variance = (future_values(rows, name, horizon) for name in ("last", "log_variance"))
    table = samples.by_horizon(rows, date=dates, price=price, variance=variance)
    year = rows[samples.date_column(1)].dt.year.rename("year")
    table = table.join(rows[["last", "volatility"]]).join(year).astype({"ticker": str})
    return table.reset_index(drop=True)[ACTUAL_SCHEMA.names]
