"""A state of the pipeline: its parameters, measures and losses by name, and one digest for all that made it."""

import hashlib
import json
from collections.abc import Iterator
from typing import Any

import pandas as pd


def digest(content: bytes) -> str:
    """SHA-256, in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def state(params: dict[str, Any], files: dict[str, bytes]) -> str:
    """The digest of parameters and of artifacts, by path: the same wherever and whenever they were made."""
    contents = {path: digest(content) for path, content in files.items()}
    return digest(json.dumps([params, contents], sort_keys=True).encode())


def flat(values: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Nested values by their path, as `dvc metrics` and `dvc params` name them: test.price.h1.mse."""
    for key, value in values.items():
        if isinstance(value, dict):
            yield from flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def epochs(history: pd.DataFrame) -> Iterator[dict[str, float]]:
    """Each epoch's losses by name, over all members that got so far; named by member where there are several.

    history: tables/history.
    """
    several = history["member"].nunique() > 1
    for _, rows in history.groupby("epoch"):
        yield {
            f"member_{row['member']:.0f}.{name}" if several else name: row[name]
            for _, row in rows.iterrows()
            for name in history.columns.drop(["member", "epoch"])
        }
