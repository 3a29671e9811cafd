"""data/scores.parquet: one row is how well a model did on a target, split, horizon, ticker and slice.

Models are `network`, the mean of its members; `network 1` ... where there are several; and the simple models. Slices
are `all`, a year, and thirds by the volatility known at the origin. `skill` and `p_value` are against the model the
target is judged against, `skill_best` and `p_best` against `best`, the simple model best on validation, `p_network`
against the network; p-values are of slice `all`, the bounds of skill of the network's there. `r2_return` is of log
returns of prices, of changes of anything else; `direction` is beside `always_up`; `qlike` is of the variance, and
`p_qlike` against the network's. Null where undefined.
"""

import pyarrow as pa

POOLED = "all tickers"

MEASURES = (
    "mse",
    "rmse",
    "mae",
    "r2",
    "r2_return",
    "skill",
    "skill_low",
    "skill_high",
    "p_value",
    "skill_best",
    "p_best",
    "p_network",
    "qlike",
    "p_qlike",
    "direction",
    "always_up",
)

SCHEMA = pa.schema(
    [
        ("model", pa.string()),
        ("target", pa.string()),
        ("split", pa.string()),
        ("horizon", pa.int32()),
        ("ticker", pa.string()),
        ("slice", pa.string()),
        ("n", pa.int32()),
        ("best", pa.string()),
        *((name, pa.float64()) for name in MEASURES),
    ]
)

ALL = "all"
THIRDS = ("low volatility", "middle volatility", "high volatility")
