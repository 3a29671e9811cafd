"""The fitted numbers are read back unchanged, and a file of another form is rejected."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipeline.forecaster.preparation import ALL, Preparation, Scaler, for_ticker, inverse_transform, transform
from pipeline.io.artifacts import read_record, write_record
from pipeline.io.errors import UserError


def test_it_is_read_back_unchanged(walked: Path, tmp_path: Path) -> None:
    path = walked / "data/preparation.json"
    found = read_record(path, Preparation)
    write_record(tmp_path / "again.json", found)
    assert (tmp_path / "again.json").read_bytes() == path.read_bytes()
    assert list(found.targets) == ["price", "variance"]
    assert len(found.price.scalers[ALL]) == found.horizon == 3


def test_another_form_is_rejected_with_its_key(walked: Path, tmp_path: Path) -> None:
    value = json.loads((walked / "data/preparation.json").read_text())
    value["calendars"][ALL]["zone"] = "UTC"
    (tmp_path / "other.json").write_text(json.dumps(value))
    with pytest.raises(UserError, match=r"other.json: calendars.all tickers.zone: .*; `dvc repro` makes it again$"):
        read_record(tmp_path / "other.json", Preparation)


def test_the_fit_of_the_ticker_is_preferred_to_that_of_all() -> None:
    assert for_ticker({"A": 1, ALL: 2}, "A") == 1
    assert for_ticker({"A": 1, ALL: 2}, "B") == 2
    with pytest.raises(UserError, match=r"^B: found no fitted numbers for this ticker; accepted: A, C$"):
        for_ticker({"C": 1, "A": 2}, "B")


TICKERS = pd.Series(["A", "B", "A"])
VALUES = np.array([1.0, 2.0, 3.0])


def test_the_scaler_of_the_ticker_is_preferred_to_that_of_all() -> None:
    scalers = {"A": Scaler(center=1.0, scale=2.0), ALL: Scaler(center=0.0, scale=10.0)}
    found = transform(VALUES, scalers, TICKERS)
    assert found.tolist() == [0.0, 0.2, 1.0]
    assert inverse_transform(found, scalers, TICKERS).tolist() == VALUES.tolist()
