"""From scores to plain sentences: does the network beat the simple forecast, and would a simpler model do?"""

import pandas as pd

from pipeline.formats import format_p, percent
from pipeline.scoring.columns import POOLED
from pipeline.scoring.results import Held, held, lines
from pipeline.scoring.verdict import Verdict, outcome
from pipeline.series import SeriesInfo

TITLES = {  # what a simple model is called in a sentence
    "persistence": "persistence",
    "drift": "drift",
    "seasonal_naive": "the seasonal-naive forecast",
    "ewma": "EWMA",
    "har": "HAR",
    "har_yearly": "HAR refitted yearly",
    "lhar": "LHAR",
    "lhar_yearly": "LHAR refitted yearly",
    "gjr_garch": "GJR-GARCH",
    "ridge": "ridge regression",
    "boosting": "gradient boosting",
}
SIMPLER = {
    "beats": "is beaten by the network",
    "ties with": "is not told apart from the network",
    "loses to": "beats the network",
}


def simpler(nearest: dict[str, pd.Series]) -> str:
    """One sentence on whether a simpler model would do, by the same rule.

    nearest: by what is forecast, the network's row of data/scores.parquet.
    """
    clauses = [
        f"{SIMPLER[outcome(row['skill_against_best'], row['p_value_against_best'])]} on the {what} ({TITLES[row['best']]}; "
        f"the network's {amount(row['skill_against_best'])} against it, p {format_p(row['p_value_against_best'])})"
        for what, row in nearest.items()
    ]
    return f"The simpler model that was best on validation {' and '.join(clauses)}."


def sentence(what: str, against: str, step: str, nearest: pd.Series) -> str:
    """One sentence. what: what is forecast; against: the simple forecast's name; step: session, hour, day, ...;
    nearest: the network's row of data/scores.parquet, one step ahead on test.
    """
    skill, p = nearest["skill"], nearest["p_value"]
    return (
        f"On the {what} one {step} ahead the network {outcome(skill, p)} {TITLES[against]}: "
        f"{amount(skill)}, p {format_p(p)}, over {nearest['n']:.0f} test forecasts."
    )


def amount(skill: float) -> str:
    """A skill in a sentence."""
    return "an undefined skill" if pd.isna(skill) else f"skill {skill:+.3f}"


def verdict_of(
    scores: pd.DataFrame,
    bands: pd.DataFrame,
    references: dict[str, str],
    series: SeriesInfo,
    method: str,
    coverage: float,
) -> Verdict:
    """scores, bands: the tables of these names; references: the model each target is judged against; method: what the
    forecast's bands follow; coverage: the share of values that they are to hold.
    """
    first = {line.target: line for line in lines(scores, references, series) if line.horizon == 1}
    sentences = {
        target: sentence(line.title, references[target], series.step, line.network) for target, line in first.items()
    }
    sentences["simpler"] = simpler({line.title: line.network for line in first.values()})
    return Verdict(
        series=series,
        tickers=int(scores.loc[scores["ticker"] != POOLED, "ticker"].nunique()),
        references=references,
        coverage=coverage,
        method=method,
        sentences=sentences,
        band=band(held(bands, method)[0], series.step, coverage),
    )


def band(nearest: Held, step: str, coverage: float) -> str:
    """How the bands held one step ahead, in a sentence."""
    own, constant = nearest.own, nearest.constant
    terciles = ", ".join(f"{share:.1%} in {name}" for name, share in nearest.terciles.items())
    others = ", ".join(f"{share:.1%}" for share in nearest.constant_terciles.values())
    return (
        f"The {percent(coverage)} band one {step} ahead held {own['coverage']:.1%} of {own['n']:.0f} test "
        f"values{f' ({terciles})' if terciles else ''}, with an interval score of {own['interval_score']:.4g}; a band of "
        f"constant width {constant['coverage']:.1%}{f' ({others})' if others else ''}, with "
        f"{constant['interval_score']:.4g}."
    )
