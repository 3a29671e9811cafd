"""The docs name what exists, and the arithmetic of docs/method.md is right."""

import re
from importlib.util import find_spec

import numpy as np
import pandas as pd
import pytest
from scipy.integrate import quad
from scipy.stats import norm

from tests.imports import ROOT

METHOD = (ROOT / "docs/method.md").read_text()
DOCS = "".join(path.read_text() for path in sorted((ROOT / "docs").rglob("*.md")))
MAKEFILE = (ROOT / "Makefile").read_text()


@pytest.mark.parametrize(
    "path", sorted(set(re.findall(r"[`(]((?:docs|examples|pipeline|studies|tests)/[\w./-]+)[`)]", DOCS)))
)
def test_every_path_that_the_docs_name_exists(path: str) -> None:
    assert (ROOT / path).exists()


def test_every_study_that_the_docs_name_exists_and_make_studies_or_make_soak_runs_it() -> None:
    recipe = "\n".join(MAKEFILE.split(f"\n{target}:")[1].split("\n\n")[0] for target in ("studies", "soak"))
    modules = set(re.findall(r"`python -m (studies\.\w+)`", DOCS))
    assert modules
    for module in modules:
        assert f"python -m {module}\n" in f"{recipe}\n"
        assert find_spec(module)


def test_the_luck_of_the_best_of_k_candidates_is_the_mean_of_the_largest_of_k_normal_draws() -> None:
    candidates = re.search(r"^\| k candidates \|(.+)\|$", METHOD, re.MULTILINE)
    luck = re.search(r"^\| luck of the best \|(.+)\|$", METHOD, re.MULTILINE)
    assert candidates
    assert luck
    for k, stated in zip(candidates[1].split("|"), luck[1].split("|"), strict=True):
        mean, _ = quad(lambda x, k=int(k): x * k * norm.pdf(x) * norm.cdf(x) ** (k - 1), -10, 10)
        assert f"{mean:.2f} s" == stated.strip()


def test_the_open_of_the_sample_data_is_the_close_before_until_2005(sample_prices: pd.DataFrame) -> None:
    same = (sample_prices["open"] - sample_prices["close"].shift()).abs() < 0.01
    shares = same.groupby(sample_prices["date"].dt.year).mean()
    assert (shares.loc[:2005] > 0.9).all()
    assert shares.loc[2016:].max() < 0.3


def test_the_r2_of_persistence_is_that_of_the_sample_data(sample_prices: pd.DataFrame) -> None:
    text = " ".join(METHOD.split())
    stated = re.search(r"standard deviation is (\d+) points.+?is off by ([\d.]+) points", text)
    assert stated
    last, close = (sample_prices["close"].shift(by).to_numpy()[-755:] for by in (1, 0))
    deviation, error, returns = close.std(), np.sqrt(np.mean((close - last) ** 2)), np.log(close / last)
    assert stated.groups() == (f"{deviation:.0f}", f"{error:.1f}")
    assert f"({stated[2]} / {stated[1]})² = {1 - (error / deviation) ** 2:.3f}" in text
    assert f"that the same forecast implies is {1 - np.mean(returns**2) / returns.var():.3f}" in text
