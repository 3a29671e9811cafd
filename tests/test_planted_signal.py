"""What can be forecast is found, and said to be; what cannot be is not."""

from pathlib import Path

import numpy as np
import pandas as pd

from pipeline.artifacts import read_json, read_record
from pipeline.verdict import Verdict
from tests.conftest import walk

TRAIN = {"cell": "dense", "units": [8], "window": 2, "learning_rate": 0.01, "epochs": 30, "members": 1}


def planted(strength: float, sessions: int = 1200) -> pd.DataFrame:
    """Prices whose next return is half told by today's volume, as far as `strength` goes: 1 half, 0 nothing."""
    rng = np.random.default_rng(0)
    signal = rng.normal(0, 1, sessions)
    told = 0.01 * strength * np.concatenate([[0.0], signal[:-1]])
    steps = (told[:, None] + rng.normal(0, 0.01, (sessions, 1))) / 20 + rng.normal(0, 0.0005, (sessions, 20))
    path = 100 * np.exp(np.cumsum(steps.ravel())).reshape(sessions, 20)
    opened = np.concatenate([[100.0], path[:-1, -1]])
    return pd.DataFrame({
        "ticker": "AAA",
        "date": pd.bdate_range("2001-01-01", periods=sessions).as_unit("us"),
        "open": opened,
        "high": np.maximum(path.max(axis=1), opened),
        "low": np.minimum(path.min(axis=1), opened),
        "close": path[:, -1],
        "adj_close": path[:, -1],
        "volume": np.exp(10 + signal),
        "dividends": np.nan,
        "splits": np.nan,
    })  # fmt: skip


def judged(folder: Path, strength: float) -> dict:
    walk(folder, planted(strength), "scrape", "prepare", "benchmark", "train", "predict", "evaluate", train=TRAIN)
    told = read_record(folder / "data/verdict.json", Verdict).sentences
    return {**read_json(folder / "reports/metrics.json"), "verdict": told}


def test_a_planted_signal_is_found(tmp_path: Path) -> None:
    found = judged(tmp_path, strength=1.0)
    price = found["test"]["price"]["h1"]
    assert price["skill"] > 0.3
    assert price["skill_low"] > 0.2
    assert price["direction"] > price["always_up"] + 0.1
    assert "the network beats persistence" in found["verdict"]["price"]
    assert abs(found["test"]["price"]["h2"]["skill"] - price["skill"]) > 0.1  # it tells the next session alone


def test_where_nothing_is_planted_nothing_is_found(tmp_path: Path) -> None:
    found = judged(tmp_path, strength=0.0)
    assert found["test"]["price"]["h1"]["skill"] < 0.02
    assert "beats" not in found["verdict"]["price"]
