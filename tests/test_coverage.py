"""Bands over the whole pipeline: on 20 simulated series they hold as often as they promise."""

from pathlib import Path

import pandas as pd
import pytest

from pipeline.io.artifacts import read_table
from tests.conftest import walk
from tests.series import made_prices

pytestmark = pytest.mark.slow

TRAIN = {"cell": "dense", "units": [8], "window": 2, "learning_rate": 0.003, "epochs": 8, "members": 1}


def test_on_20_garch_series_the_mean_coverage_is_within_a_point_of_90_percent(tmp_path: Path) -> None:
    found = []
    for seed in range(20):
        folder = tmp_path / str(seed)
        stages = ("scrape", "prepare", "benchmark", "train", "predict", "evaluate")
        walk(folder, made_prices("AAA", 4000, seed), *stages, train=TRAIN)
        bands = read_table(folder / "data/bands.parquet").query("method == 'network' and slice == 'all'")
        found.append(bands.set_index("horizon")["coverage"])
    for horizon, held in pd.DataFrame(found).items():
        print(f"h{horizon}: mean {held.mean():.4f}, from {held.min():.3f} to {held.max():.3f}")
        assert held.mean() == pytest.approx(0.9, abs=0.01), horizon
        assert held.min() > 0.8
