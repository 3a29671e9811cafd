"""The verdict is told in sentences that name both models and the evidence."""

import numpy as np
import pandas as pd

from pipeline.sentences import sentence, simpler
from pipeline.verdict import chance


def test_the_sentence_names_both_and_the_evidence() -> None:
    found = sentence("log variance", "har", "session", pd.Series({"skill": 0.1032, "p_value": 6e-10, "n": 755}))
    assert found.startswith("On the log variance one session ahead the network beats HAR: ")
    assert found.endswith(": skill +0.103, p <0.0001, over 755 test forecasts.")


def test_what_is_undefined_is_called_so() -> None:
    assert chance(np.nan) == "undefined"
    assert "an undefined skill, p undefined" in sentence(
        "close", "drift", "session", pd.Series({"skill": np.nan, "p_value": np.nan, "n": 3})
    )


def test_the_last_sentence_says_whether_a_simpler_model_would_do() -> None:
    def found(skill: float, p: float, model: str) -> pd.Series:
        return pd.Series({"skill_best": skill, "p_best": p, "best": model})

    said = simpler({"close": found(-0.001, 0.93, "drift"), "log variance": found(0.07, 0.001, "lhar")})
    assert said == (
        "The simpler model that was best on validation is not told apart from the network on the close (drift; the "
        "network's skill -0.001 against it, p 0.9300) and is beaten by the network on the log variance (LHAR; the "
        "network's skill +0.070 against it, p 0.0010)."
    )
    assert "beats the network on the heat (ridge regression" in simpler({"heat": found(-0.2, 0.01, "ridge")})
    assert "an undefined skill" in simpler({"heat": found(np.nan, np.nan, "ridge")})
