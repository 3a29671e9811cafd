"""What other seeds come to, and what the README says of the classic notebook, on the sample."""

from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from pipeline.io.artifacts import read_json, read_record
from pipeline.scoring.verdict import Verdict
from pipeline.scrape import sample
from tests.conftest import committed, scores_on_test, walk
from tests.imports import ROOT

pytestmark = pytest.mark.slow

README = (ROOT / "README.md").read_text()


@pytest.fixture(scope="module")
def evaluated(tmp_path_factory: pytest.TempPathFactory):
    """The metrics of a params file of the repository with another seed."""

    def metrics(name: str, seed: int, **sections: dict[str, Any]) -> dict[str, Any]:
        params = {**YAML(typ="safe").load(committed(name)), **sections}
        changes = {**params, "train": {**params["train"], "seed": seed}}
        folder: Path = tmp_path_factory.mktemp("seed")
        walk(folder, sample.prices(), "scrape", "prepare", "benchmark", "train", "predict", "evaluate", **changes)
        verdict = read_record(folder / "data/verdict.json", Verdict)
        return {**read_json(folder / "reports/metrics.json"), "verdict": verdict, "folder": folder}

    return metrics


def test_five_other_networks_come_to_the_same_verdict(evaluated) -> None:
    found = evaluated("params.yaml", 5)
    test = found["test"]
    print("seeds 5 to 9:", *(f"{t} {h} skill {test[t][h]['skill']:+.4f} p {test[t][h]['p_value']:.1e};"
                             for t in ("variance", "price") for h in ("h1", "h5")))  # fmt: skip
    assert 0.09 < test["variance"]["h1"]["skill"] < 0.13
    scores = scores_on_test(found["folder"], "variance")
    assert scores.loc[scores.index.str.startswith("network "), "skill"].min() > 0.06
    assert test["variance"]["h1"]["p_value"] < 0.01
    assert 0.02 < test["variance"]["h5"]["skill"] < 0.06
    assert abs(test["price"]["h1"]["skill"]) < 0.02
    assert found["verdict"].nearest("variance").outcome == "better"
    assert found["verdict"].nearest("price").outcome == "no significant difference"
    assert found["interval"]["coverage"] == pytest.approx(0.9, abs=0.02)


def test_the_classic_notebook_loses_by_as_much_as_the_readme_says(evaluated) -> None:
    found = [evaluated("examples/classic.yaml", seed) for seed in range(3)]
    assert all(each["verdict"].nearest("price").outcome == "worse" for each in found)
    prices = [own["test"]["price"]["h1"] for own in found]
    r2 = sorted(price["r2"] for price in prices)
    times = sorted(1 - price["skill"] for price in prices)
    print("classic:", *(f"R2 {price['r2']:.4f}, skill {price['skill']:.1f};" for price in prices))
    said = " ".join(README.split())
    assert (
        f"its R² is between {r2[0]:.2f} and {r2[-1]:.2f}, and its MSE is {times[0]:.0f} to {times[-1]:.0f} times"
        in said
    )
