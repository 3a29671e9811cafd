"""docs/choices.md gives the scores of docs/studies/pooling.csv, and the default follows from them."""

import pandas as pd
from ruamel.yaml import YAML

from studies import pooling
from tests.conftest import committed
from tests.imports import ROOT


def test_the_default_is_better_on_each_example_or_stays() -> None:
    table = pd.read_csv(pooling.PAGE, dtype=str).set_index(["model", "pool", "example"])["mean"]
    network, docs = table["network"], " ".join((ROOT / "docs/choices.md").read_text().split())
    for example in pooling.EXAMPLES:
        assert f"{network['by_ticker', example]} instead of {network['together', example]}" in docs
    gains = [float(network["by_ticker", name]) - float(network["together", name]) for name in pooling.EXAMPLES]
    default = YAML(typ="safe").load(committed("params.yaml"))["prepare"]["pool"]
    assert default == ("by_ticker" if min(gains) > 0 else "together")
