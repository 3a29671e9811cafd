"""The columns of data/benchmark.parquet and data/forecasts.parquet: the forecasts of all models.

One row is the forecast of one model for one target, origin and horizon. `predicted` is a value of the forecast column
if `target` is `price`, and a log variance if it is `variance`. Model `network` is the mean of the members. If there are
several members, each has its own rows too: `network 1`, `network 2`, ... All other models are simple ones.
"""

import pyarrow as pa

NETWORK = "network"
COMBINATION = "combination"  # of the network and another model; evaluate makes it

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
    """Return the name of one member."""
    return f"{NETWORK} {number}"


def is_simple(model: str) -> bool:
    """Return whether a model has nothing of the network."""
    return model not in (NETWORK, COMBINATION) and not model.startswith(member(""))
