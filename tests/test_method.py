"""docs/method.md names what exists, and their arithmetic is right."""

import re

import numpy as np
import pandas as pd
import pytest
from scipy.integrate import quad
from scipy.stats import norm

from tests.imports import ROOT

METHOD = (ROOT / "docs/method.md").read_text()
BOTH = METHOD + "".join((ROOT / f"docs/{name}.md").read_text() for name in ("choices", "results"))
MAKEFILE = (ROOT / "Makefile").read_text()


@pytest.mark.parametrize(
    "path", sorted(set(re.findall(r"[`(]((?:docs|examples|pipeline|studies)/[\w./-]+)[`)]", BOTH)))
)
def test_every_path_exists(path: str) -> None:
    assert (ROOT / path).exists() or (ROOT / "docs" / path).exists()


def test_every_command_exists_and_is_made_by_bench() -> None:
    bench = MAKEFILE.split("\nbench:")[1].split("\n\n")[0]
    modules = set(re.findall(r"`python -m (studies\.\w+)`", BOTH))
    assert modules
    for module in modules:
        assert f"python -m {module}\n" in f"{bench}\n"
        assert (ROOT / f"{module.replace('.', '/')}.py").exists()


def test_the_flattery_of_the_best_of_many_is_that_of_normal_draws() -> None:
    counts = re.search(r"^\| k candidates \|(.+)\|$", METHOD, re.MULTILINE)
    told = re.search(r"^\| flattery \|(.+)\|$", METHOD, re.MULTILINE)
    assert counts
    assert told
    for k, flattery in zip(counts[1].split("|"), told[1].split("|"), strict=True):
        mean, _ = quad(lambda x, k=int(k): x * k * norm.pdf(x) * norm.cdf(x) ** (k - 1), -10, 10)
        assert f"{mean:.2f} s" == flattery.strip()


def test_what_a_forget_gate_at_keras_start_leaves() -> None:
    gate = 1 / (1 + np.exp(-1))
    assert f"f = {gate:.2f}, where Keras starts, 30 steps leave {gate:.2f}^30 < 0.0001" in METHOD.replace("\n", " ")
    assert gate**30 < 0.0001


def test_the_open_of_the_sample_is_the_close_before_until_2005(sample_prices: pd.DataFrame) -> None:
    same = (sample_prices["open"] - sample_prices["close"].shift()).abs() < 0.01
    shares = same.groupby(sample_prices["date"].dt.year).mean()
    assert (shares.loc[:2005] > 0.9).all()
    assert shares.loc[2016:].max() < 0.3


def test_the_r2_of_persistence_follows_from_the_two_numbers_told() -> None:
    found = re.search(r"standard deviation is (\d+) points.+?is off by ([\d.]+) points", METHOD, re.DOTALL)
    assert found
    spread, error = float(found[1]), float(found[2])
    assert f"({found[2]} / {found[1]})² = {1 - (error / spread) ** 2:.3f}" in METHOD
