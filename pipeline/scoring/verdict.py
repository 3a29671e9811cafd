"""The verdict as typed values: how the network compares with the simple models on test, and the sentences on it."""

from typing import Literal

from pipeline.io.artifacts import Record
from pipeline.series import SeriesInfo

SIGNIFICANCE_LEVEL = 0.05

Outcome = Literal["better", "worse", "no significant difference", "undefined"]


class Comparison(Record):
    """The network compared with one simple model, on the same test sessions."""

    target: Literal["price", "variance"]
    horizon: int
    """Steps ahead."""
    n: int
    """Number of test forecasts."""
    rmse: float
    """The network's root mean squared error."""
    model: str
    """The simple model, as params.yaml names it."""
    model_rmse: float
    """The simple model's root mean squared error."""
    skill: float | None
    """1 - MSE of the network / MSE of the simple model; None where undefined."""
    p_value: float | None
    """Of the Diebold-Mariano test, two-sided; None where undefined."""

    @property
    def outcome(self) -> Outcome:
        """Whether the network is better or worse: the p-value must be below SIGNIFICANCE_LEVEL."""
        if self.skill is None or self.p_value is None:
            return "undefined"
        if self.p_value >= SIGNIFICANCE_LEVEL or self.skill == 0:
            return "no significant difference"
        return "better" if self.skill > 0 else "worse"


class Verdict(Record):
    """data/verdict.json: the comparisons, the sentences on them, and what a reader of the score tables must know."""

    series: SeriesInfo
    """What is forecast."""
    name: str
    """The ticker, or "482 tickers"."""
    tickers: int
    """How many tickers are forecast."""
    baselines: dict[str, str]
    """By target, the simple model that the network is judged against."""
    trained: list[str]
    """The targets that the network forecasts. For the others it repeats the baseline."""
    coverage: float
    """The share of values that the bands should hold."""
    band_method: str
    """How the bands are made, as data/bands.parquet names it."""
    comparisons: list[Comparison]
    """With the baseline of each target, at the nearest and the farthest horizon."""
    best_simple: dict[str, Comparison]
    """By target, with the simple model that was best on validation, one step ahead."""
    better_than_baseline: dict[str, list[str]]
    """By target, the simple models that are significantly better than the baseline, one step ahead on test."""
    headline: str
    """The verdict in one sentence."""
    evidence: list[str]
    """One sentence for each result that the headline rests on."""
    band: str
    """How often the bands contained the actual value."""

    def nearest(self, target: str) -> Comparison:
        """Return the comparison with the baseline one step ahead."""
        return next(each for each in self.comparisons if (each.target, each.horizon) == (target, 1))
