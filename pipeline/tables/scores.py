"""data/scores.parquet: one row is how well a model did on a target, split, horizon and ticker."""

import pyarrow as pa

MEASURES = ("mse", "rmse", "mae", "r2", "skill", "p_value")

SCHEMA = pa.schema(
    [
        ("model", pa.string()),
        ("target", pa.string()),
        ("split", pa.string()),
        ("horizon", pa.int32()),
        ("ticker", pa.string()),
        ("n", pa.int32()),
        *((name, pa.float64()) for name in MEASURES),
    ]
)
