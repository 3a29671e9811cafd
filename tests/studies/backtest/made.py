"""A small backtest: two made tickers, the second one younger, two years."""

from typing import Any

import pandas as pd

from pipeline.forecaster import inputs
from pipeline.prepare.params import Params as Prepare
from pipeline.quality import Scraped
from pipeline.train.params import Params as Train
from studies.backtest.fitting import Data, Settings
from studies.backtest.folds import Fold, folds
from studies.backtest.params import Params
from tests.conftest import CALENDARS, FEATURES, SMALL, file_params
from tests.series import made_prices, made_report

REQUIRED = ["last", "log_variance", "volatility"]
BACKTEST: dict[str, Any] = {
    "first_year": 2004,
    "train_years": "expanding",
    "validation_years": 1,
    "pooling": ["together"],
    "refit": True,
    "seeds": [0],
    "models": ["persistence", "har", "ridge", "boosting"],
    "exclude_features": [],
}


def prices() -> pd.DataFrame:
    """Return three years and more of two tickers."""
    younger = made_prices("BBB", 900, seed=2)
    younger["date"] += pd.Timedelta(days=280)
    return pd.concat([made_prices("AAA", 1100, seed=1), younger], ignore_index=True)


def file_source(path: str) -> dict[str, Any]:
    """Return section scrape for the prices as a CSV file."""
    columns = ("ticker", "open", "high", "low", "close", "adj_close", "volume")
    return file_params(path=path, columns={name: name for name in columns})


def settings(**changes: Any) -> Settings:
    """Return the parameters of a small backtest, with changes of its own section."""
    prepare, train = Prepare.model_validate(SMALL["prepare"]), Train.model_validate(SMALL["train"])
    return Settings(Params.model_validate({**BACKTEST, **changes}), prepare, train, window=5)


def data(table: pd.DataFrame) -> Data:
    """Return what the tasks share."""
    rows = inputs.unscaled_rows(table, "close", FEATURES, CALENDARS, 3, 5, REQUIRED)
    scraped = Scraped(
        source="file",
        step="session",
        column="close",
        tickers={name: made_report(calendar="24/5") for name in ("AAA", "BBB")},
    )
    return Data(rows, REQUIRED, scraped)


def years(rows: pd.DataFrame, chosen: Settings) -> list[Fold]:
    params = chosen.backtest
    return folds(rows["date"], params.first_year, params.train_years, params.validation_years)
