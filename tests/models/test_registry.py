"""Every simple model of the registry keeps the same rules."""

import numpy as np
import pandas as pd
import pytest

from pipeline.forecaster import samples as table
from pipeline.models import registry
from pipeline.scoring.summary import TITLES
from tests.conftest import forecast_of, samples_of


@pytest.mark.parametrize("name", [name for name in registry.NAMES if name not in ("ridge", "boosting")])
def test_a_forecast_depends_only_on_train_and_earlier_rows(name: str, two_tickers_rows: pd.DataFrame) -> None:
    first = two_tickers_rows.loc[two_tickers_rows["split"].isin(["validation", "test"]), "date"].min()
    before = (two_tickers_rows["date"] <= first).to_numpy()
    changed = two_tickers_rows.copy()
    changed.loc[~before, ["last", "log_variance"]] *= 1.7
    clean, other = (forecast_of(name, rows, 3) for rows in (two_tickers_rows, changed))
    assert clean[before].tobytes() == other[before].tobytes()
    assert clean[~before].tobytes() != other[~before].tobytes()


def test_every_name_has_a_title_and_each_of_its_models_another_target() -> None:
    assert set(TITLES) == set(registry.NAMES)
    for name in registry.NAMES:
        targets = [model.target for model in registry.models_of(name, list(table.TARGETS))]
        assert len(set(targets)) == len(targets)
        assert set(targets) <= set(table.TARGETS)


@pytest.mark.parametrize("name", ["persistence", "drift", "seasonal_naive", "ewma", "har", "lhar", "gjr_garch"])
def test_a_model_fitted_for_some_horizons_forecasts_the_same_as_one_for_all(
    name: str, two_tickers_rows: pd.DataFrame
) -> None:
    (model,), samples = registry.models_of(name, ["price", "variance"]), samples_of(two_tickers_rows)
    every, some = (model.forecast(model.fit(samples, steps), samples) for steps in ([1, 2, 3], [3, 1]))
    np.testing.assert_array_equal(some, every[:, [2, 0]])
