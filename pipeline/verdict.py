"""From scores to plain sentences: does the network beat the simple forecast?"""

from typing import Any

from pipeline.models.registry import TITLES

SIGNIFICANT = 0.05


def rule(step: str) -> str:
    """The rule in words. step: session, hour, day, ..."""
    return (
        'The rule: "beats" is a skill above 0 and "loses to" one below 0, each with a two-sided Diebold-Mariano p '
        f'below {SIGNIFICANT} one {step} ahead on test; anything else "ties with". '
        f"Skill is 1 - MSE / MSE of the simple forecast of the same {step}s."
    )


def outcome(skill: float | None, p_value: float | None) -> str:
    """`beats`, `ties with` or `loses to`, by the rule; what is undefined ties."""
    if skill is None or p_value is None:
        return "ties with"
    if p_value < SIGNIFICANT and skill > 0:
        return "beats"
    if p_value < SIGNIFICANT and skill < 0:
        return "loses to"
    return "ties with"


def chance(p_value: float | None) -> str:
    """A p-value for readers: "0.0141", "<0.0001", "undefined"."""
    if p_value is None:
        return "undefined"
    return "<0.0001" if p_value < 0.0001 else f"{p_value:.4f}"


SIMPLER = {
    "beats": "is beaten by the network",
    "ties with": "is not told apart from the network",
    "loses to": "beats the network",
}


def simpler(scores: dict[str, dict[str, Any]]) -> str:
    """One sentence on whether a simpler model would do, by the same rule.

    scores: by what is forecast: skill_best, p_best of test, and best: {model}, the simple model best on validation.
    """
    clauses = []
    for what, found in scores.items():
        skill, p, model = found["skill_best"], found["p_best"], found["best"]["model"]
        amount = "an undefined skill" if skill is None else f"skill {skill:+.3f}"
        clauses.append(
            f"{SIMPLER[outcome(skill, p)]} on the {what} ({TITLES.get(model, model)}; "
            f"the network's {amount} against it, p {chance(p)})"
        )
    return f"The simpler model that was best on validation {' and '.join(clauses)}."


def sentence(what: str, against: str, step: str, scores: dict[str, float | None]) -> str:
    """One sentence. what: what is forecast; against: the simple forecast's name; step: session, hour, day, ...;
    scores: n, skill, p_value of test.
    """
    skill, p = scores["skill"], scores["p_value"]
    amount = "an undefined skill" if skill is None else f"skill {skill:+.3f}"
    return (
        f"On the {what} one {step} ahead the network {outcome(skill, p)} {TITLES.get(against, against)}: "
        f"{amount}, p {chance(p)}, over {scores['n']:.0f} test forecasts."
    )
