"""The verdict is told in sentences that name both models and the evidence."""

import numpy as np
import pandas as pd
import pytest

from pipeline.evaluate.sentences import sentence, simpler, verdict_of
from pipeline.forecaster.forecasts import NETWORK
from pipeline.scoring.columns import POOLED
from tests.results import BANDS, CLOSE, REFERENCES, SCORES


def test_the_sentence_names_both_and_the_evidence() -> None:
    found = sentence("log variance", "har", "session", pd.Series({"skill": 0.1032, "p_value": 6e-10, "n": 755}))
    for part in ("log variance one session ahead", "the network beats HAR", "skill +0.103", "p <0.0001", "755"):
        assert part in found


def test_what_is_undefined_is_called_so_and_ties() -> None:
    found = sentence("close", "drift", "session", pd.Series({"skill": np.nan, "p_value": np.nan, "n": 3}))
    assert "ties with drift: an undefined skill, p undefined" in found


@pytest.mark.parametrize(
    ("skill", "p", "said"),
    [
        (-0.001, 0.93, "is not told apart from the network on the close (LHAR; the network's skill -0.001 against it"),
        (0.07, 0.001, "is beaten by the network on the close (LHAR; the network's skill +0.070 against it, p 0.0010)"),
        (-0.2, 0.01, "beats the network on the close (LHAR"),
        (np.nan, np.nan, "an undefined skill"),
    ],
)
def test_of_the_simpler_model_it_is_said_whether_it_would_do(skill: float, p: float, said: str) -> None:
    assert said in simpler(
        {"close": pd.Series({"skill_against_best": skill, "p_value_against_best": p, "best": "lhar"})}
    )


def test_there_is_a_sentence_for_each_target_one_on_simpler_models_and_one_on_the_band() -> None:
    found = verdict_of(SCORES, BANDS, REFERENCES, CLOSE, NETWORK, 0.9)
    assert list(found.sentences) == ["price", "variance", "simpler"]
    assert "close one session ahead the network beats drift: skill +0.100" in found.sentences["price"]
    assert "log variance one session ahead the network beats HAR" in found.sentences["variance"]
    assert found.sentences["simpler"].count("ridge regression") == 2
    for part in ("90% band", "held 91.0% of 99 test values (91.0% in low", "constant width 95.0%, with"):
        assert part in found.band


def test_tickers_are_counted_without_the_pool() -> None:
    several = pd.concat([SCORES, SCORES.assign(ticker="B"), SCORES.assign(ticker=POOLED)])
    assert verdict_of(several, BANDS.assign(ticker=POOLED), REFERENCES, CLOSE, NETWORK, 0.9).tickers == 2
