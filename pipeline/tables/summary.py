"""data/summary.parquet: one row is a ticker: its span, its missing sessions, its returns or values in numbers.

`adf` and `kpss` are p-values of the log of prices, of anything else as it is, `stationarity` what they say together;
`ljung_box` is of returns or values at lags 1 to 22, `ljung_box_squares` of their squares about the mean.
"""

import pyarrow as pa

PRICED = ("annual_return", "annual_volatility", "largest_drawdown")
OTHER = ("mean", "deviation", "minimum", "maximum")


def schema(*, priced: bool) -> pa.Schema:
    """Of prices, or of another series."""
    return pa.schema(
        [
            ("ticker", pa.string()),
            ("sessions", pa.int32()),
            ("first", pa.timestamp("us")),
            ("last", pa.timestamp("us")),
            ("missing_sessions", pa.int32()),
            *((name, pa.float64()) for name in (PRICED if priced else OTHER)),
            ("skew", pa.float64()),
            ("excess_kurtosis", pa.float64()),
            ("adf", pa.float64()),
            ("kpss", pa.float64()),
            ("stationarity", pa.string()),
            ("ljung_box", pa.float64()),
            ("ljung_box_squares", pa.float64()),
        ]
    )
