"""The sample data: the S&P 500 index from 1999-01-04 to 2018-12-31, 5,031 real sessions from the package arch."""

from importlib.metadata import distribution

import pandas as pd

from pipeline.prices import SourceData

TICKER = "S&P 500"


def prices() -> SourceData:
    """Read the sample data. It has no dividends and splits."""
    # The package is located but not imported, because it would load statsmodels for seconds.
    table = pd.read_csv(str(distribution("arch").locate_file("arch/data/sp500/sp500.csv.gz")))
    table.columns = [name.lower().replace(" ", "_") for name in table.columns]
    dates = pd.to_datetime(table["date"], format="%m/%d/%Y").astype("datetime64[us]")
    return SourceData(table.assign(date=dates, ticker=TICKER), units={TICKER: "points"})
