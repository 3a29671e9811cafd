"""data/predictions.parquet: one row is the network's forecast for a session; actuals are null in the future.

`actual` and `predicted` are values of the forecast column; `lower` and `upper` bound the band, null where nothing is
known of its width; `spread` is the members' standard deviation, null where there is one; `variance_*` are log
Garman-Klass variances, null where the variance is not forecast.
"""

import pyarrow as pa

SCHEMA = pa.schema(
    [
        ("ticker", pa.string()),
        ("origin", pa.timestamp("us")),
        ("horizon", pa.int32()),
        ("date", pa.timestamp("us")),
        ("split", pa.string()),
        ("last", pa.float64()),
        ("actual", pa.float64()),
        ("predicted", pa.float64()),
        ("lower", pa.float64()),
        ("upper", pa.float64()),
        ("spread", pa.float64()),
        ("variance_actual", pa.float64()),
        ("variance_predicted", pa.float64()),
    ]
)
