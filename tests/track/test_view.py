"""The page of the runs opens with columns of metrics and parameters that a run has."""

import json
from pathlib import Path

from pipeline.io.artifacts import read_json, read_table
from pipeline.io.params import flat
from pipeline.track import view
from pipeline.track.metrics import metrics
from tests.conftest import small_params


def test_every_column_is_one_of_a_run(walked: Path) -> None:
    tables = (read_table(walked / f"data/{name}.parquet") for name in ("scores", "history"))
    names = {name for name, _, _ in metrics(read_json(walked / "reports/metrics.json"), *tables)}
    known = {f"metrics.`{name}`" for name in names} | {f"params.`{name}`" for name, _ in flat(small_params())}
    assert set(json.loads(view.STATE)["selectedColumns"]) <= known
