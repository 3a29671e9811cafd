"""The table of the cells: measured as others measure, told as it was found, made of the example alone."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import mean_squared_error, r2_score

from studies import cells
from tests.conftest import committed
from tests.imports import ROOT
from tests.series import made_prices

METHOD = (ROOT / "docs/method.md").read_text()
DOCS = (ROOT / "docs/cells.md").read_text()


@pytest.fixture(scope="module")
def figures() -> pd.DataFrame:
    return pd.read_csv(cells.FIGURES).astype(cells.TYPES)


def test_the_docs_tell_the_table_that_was_measured(figures: pd.DataFrame) -> None:
    assert f"\n{cells.told(figures)}\n" in DOCS


def test_every_network_and_seed_has_its_line_after_persistence(figures: pd.DataFrame) -> None:
    expected = [(cell, cells.reads(cell, both), seed) for cell, both in cells.NETWORKS for seed in range(cells.SEEDS)]
    assert list(figures.loc[1:, ["cell", "reads", "seed"]].itertuples(index=False, name=None)) == expected
    assert figures.loc[0, "cell"] == "persistence"


def test_measured_agrees_with_scikit_learn() -> None:
    close = made_prices("AAA", 301, seed=0)["close"]
    last, actual = close[:-1].to_numpy(), close[1:].to_numpy()
    predicted = pd.Series(0.7 * last + 30)
    split = pd.Series(["validation"] * 200 + ["test"] * 100)
    found = cells.measured(split, pd.Series(actual), predicted, pd.Series(last))
    for part in ("validation", "test"):
        at = (split == part).to_numpy()
        own, forecast, before = actual[at], predicted[at], last[at]
        assert found[f"{part}_r2"] == pytest.approx(r2_score(own, forecast))
        returns = np.log(own / before), np.log(forecast / before)
        assert found[f"{part}_return_r2"] == pytest.approx(r2_score(*returns))
        times = mean_squared_error(own, forecast) / mean_squared_error(own, before)
        assert found[f"{part}_times_persistence"] == pytest.approx(times)


def test_persistence_measured_again_is_what_the_docs_tell(figures: pd.DataFrame, sample_prices: pd.DataFrame) -> None:
    close = sample_prices["close"].to_numpy()[-756:]
    assert figures.loc[0, "test_r2"] == round(r2_score(close[1:], close[:-1]), cells.DIGITS)
    assert figures.loc[0, "test_times_persistence"] == 1
    for part in ("validation", "test"):
        level, returns = figures.loc[0, [f"{part}_r2", f"{part}_return_r2"]]
        assert f"| {part} | {level:.4f} | {returns:.4f} |" in METHOD
    assert f"is off by {mean_squared_error(close[1:], close[:-1]) ** 0.5:.1f} points" in METHOD
    assert f"standard deviation is {close[1:].std():.0f} points" in METHOD.replace("\n", " ")


def test_the_levels_of_test_lie_beyond_those_of_train(sample_prices: pd.DataFrame) -> None:
    close = sample_prices["close"].to_numpy()
    train, test = close[: -2 * 755], close[-755:]
    said = f"highest close of train is {train.max():.0f}, the lowest of test {test.min():.0f}"
    assert said in DOCS.replace("\n", " ")


def test_the_example_is_the_level_alone() -> None:
    """What the docs say of it; the study takes it as it is committed."""
    example = committed("examples/classic.yaml")
    for words in ("target: level", "baseline: none", "scaling: minmax", "window: 60", "variance: none"):
        assert words in example


@pytest.mark.slow
def test_a_fit_made_again_gives_the_line_of_the_table(
    figures: pd.DataFrame, tmp_path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The quickest network's."""
    monkeypatch.chdir(tmp_path)
    again = cells.fitted(*cells.prepared(), cell="dense", bidirectional=False, seed=0)
    line = figures[(figures["cell"] == "dense") & (figures["seed"] == 0)]
    assert cells.told(cells.table([again])) == cells.told(line)
