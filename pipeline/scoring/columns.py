"""data/scores.parquet: one row is the score of a model for a target, split, horizon, ticker and slice.

`model` is `network` (the mean of its members), `network 1` ... (each member, where there are several), or a simple
model. `slice` is `all`, a year, or a tercile of the volatility known at the origin. Null is undefined.

`skill` and `p_value` compare with the baseline of the target. `best` is the simple model with the lowest MSE on
validation; `skill_against_best` and `p_value_against_best` compare with it, `p_value_against_network` with the network.
P-values are given for slice `all`; `skill_low` and `skill_high` for the network there. `r2_return` is the R² of log
returns for a price, of changes for any other value. `directional_accuracy` is the share of forecasts with the right
sign; `naive_directional_accuracy` is the share that "always up" would get. `qlike` is a loss of variance forecasts,
smaller is better; `qlike_p_value_against_network` compares it with the network's.
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
    "skill_against_best",
    "p_value_against_best",
    "p_value_against_network",
    "qlike",
    "qlike_p_value_against_network",
    "directional_accuracy",
    "naive_directional_accuracy",
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
TERCILES = ("low volatility", "middle volatility", "high volatility")
