"""data/benchmark.parquet and data/forecasts.parquet: one row is what a model forecasts of a target at an origin.

`predicted` is a value of the forecast column where `target` is `price`, a log variance where it is `variance`. The
network is `network`, the mean of its members, and where there are several each of them: `network 1`, ...
"""

import pyarrow as pa

NETWORK = "network"
TITLES = {  # of the simple models, in a sentence
    "persistence": "persistence",
    "drift": "drift",
    "seasonal_naive": "the seasonal-naive forecast",
    "ewma": "EWMA",
    "har": "HAR",
    "har_yearly": "HAR refitted yearly",
    "lhar": "LHAR",
    "lhar_yearly": "LHAR refitted yearly",
    "gjr_garch": "GJR-GARCH",
    "ridge": "ridge regression",
    "boosting": "gradient boosting",
}

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
