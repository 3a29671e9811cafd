"""What a table looks like: one module of columns and Arrow schema for each Parquet file."""

import pyarrow as pa

KEY = (("ticker", pa.string()), ("date", pa.timestamp("us")))
