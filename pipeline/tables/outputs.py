"""data/outputs.parquet: one row is what one member's heads answer for a horizon of an origin, still scaled."""

import pyarrow as pa


def schema(targets: list[str]) -> pa.Schema:
    """One float32 column for each target's head."""
    key = [("member", pa.int32()), ("ticker", pa.string()), ("origin", pa.timestamp("us")), ("horizon", pa.int32())]
    return pa.schema(key + [(name, pa.float32()) for name in targets])
