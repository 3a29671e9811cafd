"""From scores to plain sentences: does the network beat the simple forecast?"""

import pandas as pd

from pipeline.artifacts import Record
from pipeline.models.registry import TITLES
from pipeline.subject import Subject

SIGNIFICANT = 0.05


class Verdict(Record):
    """data/verdict.json: what is said of the forecast, and what whoever shows its scores must know."""

    subject: Subject
    """What is forecast."""
    tickers: int
    """How many are forecast."""
    references: dict[str, str]
    """By target, the simple forecast that it is judged against."""
    coverage: float
    """The share of values that the bands are to hold."""
    scale: str
    """What the bands' width follows, as tables/bands names it."""
    sentences: dict[str, str]
    """By target, and `simpler`: whether a simpler model would do."""
    band: str
    """How the bands held, in a sentence."""


def rule(step: str) -> str:
    """The rule in words. step: session, hour, day, ..."""
    return (
        'The rule: "beats" is a skill above 0 and "loses to" one below 0, each with a two-sided Diebold-Mariano p '
        f'below {SIGNIFICANT} one {step} ahead on test; anything else "ties with". '
        f"Skill is 1 - MSE / MSE of the simple forecast of the same {step}s."
    )


def outcome(skill: float, p_value: float) -> str:
    """`beats`, `ties with` or `loses to`, by the rule; what is undefined ties."""
    if p_value < SIGNIFICANT and skill > 0:
        return "beats"
    if p_value < SIGNIFICANT and skill < 0:
        return "loses to"
    return "ties with"


def chance(p_value: float) -> str:
    """A p-value for readers: "0.0141", "<0.0001", "undefined"."""
    if pd.isna(p_value):
        return "undefined"
    return "<0.0001" if p_value < 0.0001 else f"{p_value:.4f}"


SIMPLER = {
    "beats": "is beaten by the network",
    "ties with": "is not told apart from the network",
    "loses to": "beats the network",
}


def simpler(nearest: dict[str, pd.Series]) -> str:
    """One sentence on whether a simpler model would do, by the same rule.

    nearest: by what is forecast, the network's row of tables/scores.
    """
    clauses = [
        f"{SIMPLER[outcome(row['skill_best'], row['p_best'])]} on the {what} ({TITLES.get(row['best'], row['best'])}; "
        f"the network's {amount(row['skill_best'])} against it, p {chance(row['p_best'])})"
        for what, row in nearest.items()
    ]
    return f"The simpler model that was best on validation {' and '.join(clauses)}."


def sentence(what: str, against: str, step: str, nearest: pd.Series) -> str:
    """One sentence. what: what is forecast; against: the simple forecast's name; step: session, hour, day, ...;
    nearest: the network's row of tables/scores, one step ahead on test.
    """
    skill, p = nearest["skill"], nearest["p_value"]
    return (
        f"On the {what} one {step} ahead the network {outcome(skill, p)} {TITLES.get(against, against)}: "
        f"{amount(skill)}, p {chance(p)}, over {nearest['n']:.0f} test forecasts."
    )


def amount(skill: float) -> str:
    """A skill in a sentence."""
    return "an undefined skill" if pd.isna(skill) else f"skill {skill:+.3f}"
