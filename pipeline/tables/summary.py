"""data/summary.parquet: one row is a ticker: its span, its missing sessions, its returns or values in numbers."""

import pyarrow as pa

PRICED = ("annual_return", "annual_volatility", "largest_drawdown", "skew", "excess_kurtosis")
OTHER = ("mean", "deviation", "minimum", "maximum", "skew", "excess_kurtosis")


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
        ]
    )
