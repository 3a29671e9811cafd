"""The sample data has 5,031 real sessions of the S&P 500, and arch is not imported to read it."""

import pandas as pd

from pipeline.prices import NUMBERS
from tests.commands import python


def test_the_sample_is_the_sp500_of_twenty_years(sample_prices: pd.DataFrame) -> None:
    assert len(sample_prices) == 5031
    assert sample_prices["date"].is_monotonic_increasing
    assert [f"{date:%Y-%m-%d}" for date in sample_prices["date"].iloc[[0, -1]]] == ["1999-01-04", "2018-12-31"]
    assert sample_prices.set_index("date").loc["2008-10-13", "close"] == 1003.349976  # +11.6 %, the largest rise
    assert set(sample_prices.columns) == {"ticker", "date", *NUMBERS}
    assert sample_prices[["dividends", "splits"]].isna().all(axis=None)  # the file does not say


def test_arch_is_not_loaded() -> None:
    code = "import sys; from pipeline.scrape import sample; sample.prices(); sys.exit('arch' in sys.modules)"
    assert python(code).returncode == 0
