"""What can be forecast is found, and said to be; what cannot be is not."""

from pathlib import Path

import numpy as np
import pandas as pd

from pipeline.io.artifacts import read_json, read_record
from pipeline.scoring.verdict import Verdict
from tests.conftest import scores_on_test, walk
from tests.series import prices_of

TRAIN = {"cell": "dense", "units": [8], "window": 2, "learning_rate": 0.01, "epochs": 30, "members": 1}


def planted(strength: float, sessions: int = 1200) -> pd.DataFrame:
    """Prices whose next return is half told by today's volume, as far as `strength` goes: 1 half, 0 nothing."""
    rng = np.random.default_rng(0)
    signal = rng.normal(0, 1, sessions)
    told = 0.01 * strength * np.concatenate([[0.0], signal[:-1]])
    steps = (told[:, None] + rng.normal(0, 0.01, (sessions, 1))) / 20 + rng.normal(0, 0.0005, (sessions, 20))
    return prices_of("AAA", steps, np.exp(10 + signal))


def judged(folder: Path, strength: float) -> dict:
    walk(folder, planted(strength), "scrape", "prepare", "benchmark", "train", "predict", "evaluate", train=TRAIN)
    verdict = read_record(folder / "data/verdict.json", Verdict)
    return {**read_json(folder / "reports/metrics.json"), "outcome": verdict.nearest("price").outcome}


def test_a_planted_signal_is_found(tmp_path: Path) -> None:
    found = judged(tmp_path, strength=1.0)
    price = found["test"]["price"]["h1"]
    assert price["skill"] > 0.3
    network = scores_on_test(tmp_path, "price").loc["network"]
    assert network["skill_low"] > 0.2
    assert network["directional_accuracy"] > network["naive_directional_accuracy"] + 0.1
    assert found["outcome"] == "better"
    assert abs(found["test"]["price"]["h3"]["skill"] - price["skill"]) > 0.1  # it tells the next session alone


def test_where_nothing_is_planted_nothing_is_found(tmp_path: Path) -> None:
    found = judged(tmp_path, strength=0.0)
    assert found["test"]["price"]["h1"]["skill"] < 0.02
    assert found["outcome"] != "better"
