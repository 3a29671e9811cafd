"""data/summary.parquet: one row is a ticker: its span, its missing sessions, its returns in numbers."""

import pyarrow as pa

NUMBERS = ("annual_return", "annual_volatility", "skew", "excess_kurtosis", "largest_drawdown")

SCHEMA = pa.schema(
    [
        ("ticker", pa.string()),
        ("sessions", pa.int32()),
        ("first", pa.timestamp("us")),
        ("last", pa.timestamp("us")),
        ("missing_sessions", pa.int32()),
        *((name, pa.float64()) for name in NUMBERS),
    ]
)
