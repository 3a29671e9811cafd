"""data/history.parquet: one row is an epoch of a member: losses on train and on the stopping half of validation."""

import pyarrow as pa


def schema(targets: list[str]) -> pa.Schema:
    """The losses of each head too, where there are several."""
    names = ["loss", "val_loss"]
    if len(targets) > 1:
        names += [f"{prefix}{name}_loss" for name in targets for prefix in ("", "val_")]
    losses = [(name, pa.float64()) for name in names]
    return pa.schema([("member", pa.int32()), ("epoch", pa.int32()), *losses])
