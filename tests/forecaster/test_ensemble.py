"""The network's forecast is the mean of its members."""

from pathlib import Path

import numpy as np

from pipeline.io.artifacts import read_table


def test_the_network_is_the_unscaled_mean_of_its_members_outputs(walked: Path) -> None:
    found = read_table(walked / "data/forecasts.parquet")
    wide = found.pivot_table("predicted", ["target", "ticker", "origin", "horizon"], "model")
    variance, price = wide.loc["variance"], wide.loc["price"]
    np.testing.assert_allclose(variance["network"], variance[["network 1", "network 2"]].mean(axis=1), rtol=1e-12)
    log = np.log(price)  # a return is linear in the scaled output
    np.testing.assert_allclose(log["network"], log[["network 1", "network 2"]].mean(axis=1), rtol=1e-12)
    assert not (price["network"] == price[["network 1", "network 2"]].mean(axis=1)).all()
