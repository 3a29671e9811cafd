"""Does the network beat the simple forecast? The rule, and what is said by it."""

from pipeline.io.artifacts import Record
from pipeline.series import SeriesInfo

SIGNIFICANT = 0.05


class Verdict(Record):
    """data/verdict.json: what is said of the forecast, and what whoever shows its scores must know."""

    series: SeriesInfo
    """What is forecast."""
    tickers: int
    """How many are forecast."""
    references: dict[str, str]
    """By target, the simple forecast that it is judged against."""
    coverage: float
    """The share of values that the bands are to hold."""
    method: str
    """What the bands' width follows, as data/bands.parquet names it."""
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
