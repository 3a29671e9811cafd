"""data/bands.parquet: one row is how well one way of making bands held on test, for a horizon, ticker and slice.

`scale` is what the bands are as wide as: `network` or a simple model's forecast of the variance, `current` volatility,
or `constant`; `calibrated` is on which half of validation: `later`, or `stopping`, which early stopping saw too.
`width` and `interval_score` are in percent of the last value of prices, in the value's units of anything else;
`kupiec`, `beta_binomial` (which allows for what calibration left to chance, for one ticker) and `christoffersen` are
p-values, one step ahead.
"""

import pyarrow as pa

MEASURES = ("coverage", "width", "interval_score", "kupiec", "beta_binomial", "christoffersen")

SCHEMA = pa.schema(
    [
        ("scale", pa.string()),
        ("calibrated", pa.string()),
        ("horizon", pa.int32()),
        ("ticker", pa.string()),
        ("slice", pa.string()),
        ("n", pa.int32()),
        *((name, pa.float64()) for name in MEASURES),
    ]
)
