"""metrics.json has the form that DVC and MLflow compare: validation first, no NaN, every horizon, the references."""

import numpy as np
import pandas as pd

from pipeline.metrics import band, lines, metrics, percent
from pipeline.scores import NETWORK, POOLED
from pipeline.slices import ALL, THIRDS
from pipeline.subject import Subject
from pipeline.tables.bands import MEASURES as OF_BANDS
from pipeline.tables.scores import MEASURES

CLOSE = Subject("close", "USD", "session", priced=True)
REFERENCES = {"price": "drift", "variance": "har"}

ROWS = [
    {**dict.fromkeys(MEASURES, 0.5), "model": model, "target": target, "split": split, "horizon": h, "ticker": "A",
     "slice": ALL, "n": 100, "best": "ridge", "mse": mse * h, "skill": skill, "p_value": p, "skill_best": -skill,
     "p_best": 0.8}
    for target, reference in REFERENCES.items()
    for split in ("train", "validation", "test")
    for h in (1, 2)
    for model, mse, skill, p in ((NETWORK, 4.0, 0.1 * h, 0.01), (reference, 5.0, 0.0, 1.0), ("ridge", 3.0, 0.3, 0.2),
                                 ("network 1", 4.5, 0.05, 0.3), ("network 2", 4.7, 0.15, 0.3))
]  # fmt: skip
SCORES = pd.DataFrame(ROWS)
BANDS = pd.DataFrame([
    {**dict.fromkeys(OF_BANDS, 0.25), "scale": scale, "calibrated": half, "horizon": h, "ticker": "A", "slice": part,
     "n": 99, "coverage": coverage}
    for scale, half, coverage in ((NETWORK, "later", 0.91), (NETWORK, "stopping", 0.88), ("constant", "later", 0.95))
    for h in (1, 2)
    for part in ((ALL, *THIRDS) if (scale, half) == (NETWORK, "later") else (ALL,))
])  # fmt: skip


def made(scores: pd.DataFrame = SCORES, bands: pd.DataFrame = BANDS) -> dict:
    return metrics(scores, bands, REFERENCES, CLOSE, NETWORK, 0.9)


def test_validation_comes_first() -> None:
    assert list(made()) == ["validation", "test", "models", "bands", "ways", "verdict", "subject", "tickers"]


def test_a_cell_has_the_networks_measures_and_those_it_is_compared_with() -> None:
    found = made()["test"]["price"]["h2"]
    assert (found["n"], found["mse"], found["skill"], found["p_value"]) == (100, 8, 0.2, 0.01)
    assert found["reference"] == {"model": "drift", "mse": 10.0, "rmse": 0.5, "mae": 0.5, "r2": 0.5, "r2_return": 0.5}
    assert found["best"]["model"] == "ridge"
    assert "qlike" not in found
    assert "direction" not in made()["test"]["variance"]["h2"]


def test_the_members_are_told_by_how_far_they_lie_apart() -> None:
    found = made()["test"]["variance"]["h1"]["members"]
    assert found == {
        "mean": 0.1,
        "std": np.std([0.05, 0.15], ddof=1),
        "min": 0.05,
        "max": 0.15,
        "skill": {"1": 0.05, "2": 0.15},
    }
    alone = SCORES[~SCORES["model"].str.startswith("network ")]
    assert "members" not in made(alone)["test"]["variance"]["h1"]


def test_every_model_is_listed_the_best_first_and_no_member() -> None:
    assert list(made()["models"]["variance"]) == ["ridge", NETWORK, "har"]


def test_bands_are_told_beside_constant_ones_and_beside_those_calibrated_where_training_stopped() -> None:
    found = made()["bands"]
    assert (found["nominal"], found["scale"]) == (0.9, NETWORK)
    assert found["h1"]["thirds"] == dict.fromkeys(THIRDS, 0.91)
    assert [found["h1"][name]["coverage"] for name in ("constant", "shared")] == [0.95, 0.88]
    assert band(made()).startswith("The 90% band one session ahead held 91.0% of 99 test values (91.0% in low")
    assert "a band of constant width 95.0%, with" in band(made())
    assert (percent(0.9), percent(0.995)) == ("90%", "99.5%")
    alone = made(bands=BANDS[BANDS["calibrated"] == "later"])["bands"]["h1"]["shared"]
    assert alone["coverage"] is None  # too few to calibrate on there


def test_every_way_of_making_bands_is_listed_the_best_first() -> None:
    ranked = BANDS.assign(interval_score=BANDS["scale"].map({NETWORK: 3.2, "constant": 4.0}))
    later = ranked["calibrated"] == "later"
    found = made(bands=ranked.assign(interval_score=ranked["interval_score"].where(later, 3.3)))["ways"]
    assert list(found) == [NETWORK, f"{NETWORK}: stopping half", "constant"]
    assert found["constant"]["coverage"] == 0.95


def test_there_is_a_sentence_for_each_target_and_one_on_simpler_models() -> None:
    found = made()["verdict"]
    assert list(found) == ["price", "variance", "simpler"]
    assert found["price"].startswith("On the close one session ahead the network beats drift: skill +0.100")
    assert found["variance"].startswith("On the log variance one session ahead the network beats HAR")
    assert found["simpler"].count("ridge regression") == 2


def test_what_is_undefined_is_null() -> None:
    found = made(SCORES.assign(skill=np.nan, p_value=np.nan))
    assert found["test"]["price"]["h1"]["members"]["skill"] == {"1": None, "2": None}
    assert found["test"]["price"]["h1"]["skill"] is None
    assert "ties with" in found["verdict"]["price"]


def test_several_tickers_are_told_pooled() -> None:
    several = pd.concat([SCORES, SCORES.assign(ticker="B"), SCORES.assign(ticker=POOLED, mse=7.0)])
    found = made(several, pd.concat([BANDS, BANDS.assign(ticker=POOLED, coverage=0.5)]))
    assert found["test"]["price"]["h1"]["mse"] == 7
    assert found["bands"]["h1"]["coverage"] == 0.5
    assert found["tickers"] == 2


def test_lines_are_the_test_scores_in_order() -> None:
    found = [(target, h, own["reference"]["model"]) for target, h, own in lines(made())]
    assert found == [
        ("close", 1, "drift"),
        ("close", 2, "drift"),
        ("log variance", 1, "har"),
        ("log variance", 2, "har"),
    ]
