"""A band is its scale times the quantile of its horizon and does not depend on other forecasts."""

import numpy as np
import pandas as pd
import pytest

from pipeline.forecaster.bands import Bands, half_widths, scale_from_change, scale_from_variance
from pipeline.forecaster.preparation import ALL
from pipeline.io.errors import UserError

LAST, LOGS = np.array([100.0, 50.0]), np.log([[1e-4, 3e-4], [4e-4, 5e-4]])


def test_the_scale_adds_up_the_variances_up_to_the_horizon() -> None:
    found = scale_from_variance(LAST, LOGS)
    np.testing.assert_allclose(found, [[1.0, 2.0], [1.0, 1.5]])
    np.testing.assert_array_equal(scale_from_variance(LAST[:1], LOGS[:1]), found[:1])


def test_changes_grow_with_the_root_of_the_horizon_and_what_never_moves_has_no_band() -> None:
    found = scale_from_change(np.array([2.0, 0.0]), 4)
    np.testing.assert_allclose(found[0], [2, 2 * np.sqrt(2), 2 * np.sqrt(3), 4])
    assert np.isnan(found[1]).all()


def test_each_ticker_takes_its_own_quantiles_or_those_of_all() -> None:
    scale, tickers = np.ones((2, 2)), pd.Series(["A", "B"])
    bands = Bands(coverage=0.9, method="network", quantiles={"A": [1.0, 2.0], ALL: [3.0, 4.0]})
    assert half_widths(scale, bands.quantiles, tickers).tolist() == [[1.0, 2.0], [3.0, 4.0]]
    alone = Bands(coverage=0.9, method="network", quantiles={"A": [1.0, 2.0]})
    with pytest.raises(UserError, match=r"^B: "):
        half_widths(scale, alone.quantiles, tickers)
