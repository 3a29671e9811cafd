from pathlib import Path

import numpy as np
import pytest

from pipeline.artifacts import read_table
from studies.candidates import CANDIDATES, COLUMNS, SCRAPE, write
from tests.series import made_prices

PRICES = made_prices("AAA", 400, seed=0)


@pytest.mark.parametrize("name", CANDIDATES)
def test_changing_tomorrow_does_not_change_today(name: str) -> None:
    changed = PRICES.copy()
    changed.loc[200:, list(COLUMNS)] *= [1.1, 1.5, 0.5, 1.2, 1, 3]
    before, after = (CANDIDATES[name](prices).iloc[:200] for prices in (PRICES, changed))
    np.testing.assert_array_equal(before, after)


@pytest.mark.parametrize("name", CANDIDATES)
def test_the_level_does_not_matter_and_values_are_known_after_the_longest_look_back(name: str) -> None:
    scaled = PRICES.assign(**{column: PRICES[column] * 7 for column in ("open", "high", "low", "close")})
    before, after = (CANDIDATES[name](prices).iloc[65:] for prices in (PRICES, scaled))
    np.testing.assert_allclose(before, after, rtol=1e-6, atol=1e-8)
    assert np.isfinite(before).all()


def test_they_are_written_where_the_params_look_for_them(tmp_path: Path) -> None:
    write(tmp_path, PRICES)
    found = read_table(tmp_path / SCRAPE["path"])
    assert set(SCRAPE["columns"].values()) == set(found.columns) - {"date"}
    np.testing.assert_array_equal(found["weekday"], PRICES["date"].dt.day_of_week)
