"""data/benchmark.parquet and data/forecasts.parquet: one row is what a model forecasts of a target at an origin.

`predicted` is a value of the forecast column where `target` is `price`, a log variance where it is `variance`. The
network is `network`, the mean of its members, and where there are several each of them: `network 1`, ...
"""

import pyarrow as pa

NETWORK = "network"

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


def member(number: int | str) -> str:
    """What one of the networks is called."""
    return f"{NETWORK} {number}"
