"""data/baselines.parquet: one row is a simple model's forecast of a target, in prices or log variance."""

import pyarrow as pa

SCHEMA = pa.schema(
    [
        ("model", pa.string()),
        ("target", pa.string()),
        ("ticker", pa.string()),
        ("origin", pa.timestamp("us")),
        ("horizon", pa.int32()),
        ("predicted", pa.float64()),
    ]
)
