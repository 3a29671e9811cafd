"""The verdict follows its rule, and says so in a sentence."""

import numpy as np
import pytest

from pipeline.scores import measures
from pipeline.verdict import chance, outcome, rule, sentence


@pytest.mark.parametrize(
    ("skill", "p_value", "expected"),
    [
        (0.1, 0.001, "beats"),
        (-0.1, 0.001, "loses to"),
        (0.1, 0.05, "ties with"),
        (-0.1, 0.3, "ties with"),
        (0.0, 0.001, "ties with"),
        (None, 0.001, "ties with"),
        (0.3, None, "ties with"),
    ],
)
def test_the_rule(skill: float | None, p_value: float | None, expected: str) -> None:
    assert outcome(skill, p_value) == expected
    assert expected in rule("session")


def test_the_sentence_names_both_and_the_evidence() -> None:
    found = sentence("log variance", "har", "session", {"skill": 0.1032, "p_value": 6e-10, "n": 755.0})
    assert found.startswith("On the log variance one session ahead the network beats HAR: ")
    assert found.endswith(": skill +0.103, p <0.0001, over 755 test forecasts.")


def test_what_is_undefined_is_called_so() -> None:
    assert chance(None) == "undefined"
    assert "an undefined skill, p undefined" in sentence(
        "close", "drift", "session", {"skill": None, "p_value": None, "n": 3.0}
    )


def judged(share: float, seed: int) -> str:
    """The outcome for forecasts that know this share of what the reference misses, with correlated errors."""
    rng = np.random.default_rng(seed)
    noise = rng.normal(0, 1, 500)
    miss = noise + 0.5 * np.roll(noise, 1)
    own = (1 - share) * miss + rng.normal(0, 0.2, 500)
    dates = np.arange(500).astype("datetime64[D]").astype("datetime64[us]")
    found = measures(miss, miss - own, np.zeros(500), dates, 1)
    return outcome(found["skill"], found["p_value"])


def test_a_better_forecast_beats_and_a_worse_one_loses() -> None:
    assert {judged(0.3, seed) for seed in range(10)} == {"beats"}
    assert {judged(-0.3, seed) for seed in range(10)} == {"loses to"}
