"""metrics.json has the form that DVC and MLflow compare: no NaN, every horizon, the reference beside the network."""

import numpy as np
import pandas as pd

from pipeline.metrics import lines, metrics
from pipeline.scores import NETWORK, POOLED
from pipeline.subject import Subject

CLOSE = Subject("close", "USD", "session", priced=True)

ROWS = [
    {"model": model, "target": target, "split": split, "horizon": h, "ticker": "A", "n": 100, "mse": 4.0 * h,
     "rmse": 2.0, "mae": 1.5, "r2": 0.9, "skill": skill, "p_value": p}
    for target, reference in {"price": "drift", "variance": "har"}.items()
    for split in ("train", "validation", "test")
    for h in (1, 2)
    for model, skill, p in ((NETWORK, 0.1 * h, 0.01), (reference, 0.0, 1.0))
]  # fmt: skip
SCORES = pd.DataFrame(ROWS)
REFERENCES = {"price": "drift", "variance": "har"}


def test_the_form() -> None:
    found = metrics(SCORES, REFERENCES, CLOSE)
    assert sorted(found) == ["subject", "test", "tickers", "validation", "verdict"]
    assert found["test"]["price"]["h2"] == {
        "n": 100.0, "mse": 8.0, "rmse": 2.0, "mae": 1.5, "r2": 0.9, "skill": 0.2, "p_value": 0.01,
        "drift": {"mse": 8.0, "rmse": 2.0, "mae": 1.5, "r2": 0.9},
    }  # fmt: skip
    assert found["verdict"]["price"].startswith("On the close one session ahead the network beats drift: skill +0.100")
    assert found["verdict"]["variance"].startswith("On the log variance one session ahead the network beats HAR")


def test_what_is_undefined_is_null() -> None:
    found = metrics(SCORES.assign(skill=np.nan, p_value=np.nan), REFERENCES, CLOSE)
    assert found["test"]["price"]["h1"]["skill"] is None
    assert "ties with" in found["verdict"]["price"]


def test_several_tickers_are_told_pooled() -> None:
    several = pd.concat([SCORES, SCORES.assign(ticker="B"), SCORES.assign(ticker=POOLED, mse=7.0)])
    assert metrics(several, REFERENCES, CLOSE)["test"]["price"]["h1"]["mse"] == 7


def test_lines_are_the_test_scores_in_order() -> None:
    found = [(target, h, reference) for target, h, reference, _, _ in lines(metrics(SCORES, REFERENCES, CLOSE))]
    assert found == [
        ("close", 1, "drift"),
        ("close", 2, "drift"),
        ("log variance", 1, "har"),
        ("log variance", 2, "har"),
    ]
