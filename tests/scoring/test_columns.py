"""The table of scores holds what its columns promise, and nothing where they promise nothing."""

from pathlib import Path

import pandas as pd
import pytest

from pipeline.io.artifacts import read_table
from pipeline.scoring.columns import ALL, MEASURES, POOLED


@pytest.fixture(scope="module")
def table(walked: Path) -> pd.DataFrame:
    return read_table(walked / "data/scores.parquet")


def test_every_measure_is_known_of_some_row(table: pd.DataFrame) -> None:
    assert table[list(MEASURES)].notna().any().all()


def test_p_values_are_of_the_whole_and_bounds_of_the_networks_skill_there(table: pd.DataFrame) -> None:
    sliced = table[table["slice"] != ALL]
    assert (
        sliced[["p_value", "p_value_against_best", "p_value_against_network", "qlike_p_value_against_network"]]
        .isna()
        .all(axis=None)
    )
    bounded = table[table[["skill_low", "skill_high"]].notna().any(axis=1)]
    assert bounded[["model", "ticker", "slice"]].drop_duplicates().to_numpy().tolist() == [["network", POOLED, ALL]]


def test_each_target_has_its_own_measures(table: pd.DataFrame) -> None:
    price, variance = (table[table["target"] == name] for name in ("price", "variance"))
    assert price[["qlike", "qlike_p_value_against_network"]].isna().all(axis=None)
    assert variance[["r2_return", "directional_accuracy", "naive_directional_accuracy"]].isna().all(axis=None)
