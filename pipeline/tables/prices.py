"""data/prices.parquet: one row is a session of a ticker, sorted by both; null is what the source does not say."""

import pyarrow as pa

from pipeline.tables import KEY

OHLC = ("open", "high", "low", "close")
NUMBERS = (*OHLC, "adj_close", "volume", "dividends", "splits")

SCHEMA = pa.schema([*KEY, *((name, pa.float64()) for name in NUMBERS)])
