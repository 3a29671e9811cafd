"""Bands over the whole pipeline: on 20 simulated series they hold as often as they promise."""

from pathlib import Path

import numpy as np
import pytest

from pipeline.artifacts import read_json
from tests.conftest import walk
from tests.series import made_prices

pytestmark = pytest.mark.slow

TRAIN = {"cell": "dense", "units": [8], "window": 2, "learning_rate": 0.003, "epochs": 8, "members": 1}


def test_on_20_garch_series_the_mean_coverage_is_within_a_point_of_90_percent(tmp_path: Path) -> None:
    found: dict[str, list[float]] = {"h1": [], "h3": []}
    for seed in range(20):
        folder = tmp_path / str(seed)
        stages = ("scrape", "prepare", "benchmark", "train", "predict", "evaluate")
        walk(folder, made_prices("AAA", 4000, seed), *stages, train=TRAIN)
        bands = read_json(folder / "reports/metrics.json")["bands"]
        for horizon, held in found.items():
            held.append(bands[horizon]["coverage"])
    for horizon, held in found.items():
        print(f"{horizon}: mean {np.mean(held):.4f}, from {min(held):.3f} to {max(held):.3f}")
        assert np.mean(held) == pytest.approx(0.9, abs=0.01), horizon
        assert min(held) > 0.8
