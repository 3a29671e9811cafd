"""Figures of how values are distributed: beside the normal distribution, and by month, weekday and hour."""

import numpy as np
import pandas as pd
from scipy import stats

from pipeline import charts, thinning
from pipeline.figures import Figure
from pipeline.subject import Subject
from pipeline.verdict import SIGNIFICANT, chance

FAR = 3  # standard deviations
QUANTILES = 400  # dots of a Q-Q plot
TAIL = 0.01  # share of the values in each
NOTABLE = 1.2  # times the normal distribution's


def _known(values: pd.Series) -> np.ndarray:
    """What is not missing; all the same where rounding alone makes them differ."""
    own = values.dropna().to_numpy()
    return own if np.ptp(own) > 1e-12 * np.abs(own).max() else np.full(len(own), own[0])


def _moments(own: np.ndarray) -> tuple[float, float]:
    """Mean and deviation, which is exactly 0 where all are the same."""
    return own.mean(), own.std() if np.ptp(own) else 0.0


def histogram(values: pd.Series, subject: Subject, what: str, title: str) -> Figure:
    """values: any missing; what: they are, in the plural; title: of the axis."""
    own = _known(values)
    mean, deviation = _moments(own)
    kurtosis, skew = (stats.kurtosis(own, bias=False), stats.skew(own, bias=False)) if deviation else (0.0, 0.0)
    edges = np.histogram_bin_edges(own, bins=min(max(int(len(own) ** 0.5), 10), 80))
    density, _ = np.histogram(own, bins=edges, density=True)
    x = np.linspace(edges[0], edges[-1], 81 if deviation else 0)
    bars = pd.DataFrame({"from": edges[:-1], "to": edges[1:], "density": density})
    normal = pd.DataFrame({"x": x, "density": stats.norm.pdf(x, mean, deviation)})
    form = charts.axis_form(subject)
    shape = charts.distribution(title, form, what)
    far, expected = int((np.abs(own - mean) > FAR * deviation).sum()), 2 * stats.norm.sf(FAR) * len(own)
    how = "about as often as"
    if stats.binomtest(far, len(own), 2 * stats.norm.sf(FAR)).pvalue < SIGNIFICANT and deviation:
        how = "more often than" if far > NOTABLE * expected else "less often than" if far * NOTABLE < expected else how
    says = (
        f"Extremes come {how} under a normal distribution: {far} of {len(own):,} {what} lie beyond {FAR} deviations "
        f"({expected:.0f} under the normal); excess kurtosis {kurtosis:.1f}, skew {skew:+.2f}."
    )
    if not deviation:
        says = f"All {what} are the same."
    return Figure(
        f"Distribution of the {what} (bars), and the normal one (line)", says, shape, {"bars": bars, "normal": normal}
    )


def quantiles(values: pd.Series, subject: Subject, what: str, title: str, most: int) -> Figure:
    """values: any missing; what: they are, in the plural; title: of the axis. Plotting positions (i - 0.5) / n."""
    own = np.sort(_known(values))
    mean, deviation = _moments(own)
    theory = mean + deviation * stats.norm.ppf((np.arange(len(own)) + 0.5) / len(own))
    dots = thinning.line(pd.DataFrame({"normal": theory, "own": own}), "own", min(most, QUANTILES))
    ends = pd.DataFrame({"x": theory[[0, -1]], "y": theory[[0, -1]]})
    form = charts.axis_form(subject)
    low, high = np.quantile(own, [TAIL, 1 - TAIL])
    reach = deviation * stats.norm.isf(TAIL)
    margin = max(0.05, 3.2 / np.sqrt(len(own)))  # two standard errors of a normal sample's quantile, at least
    lower, upper = (_tail(end / reach if reach else 1, margin) for end in (mean - low, high - mean))
    tails = f"Both tails are {lower}" if lower == upper else f"The lower tail is {lower}, the upper one {upper}"
    says = (
        f"{tails}: one in a hundred {what} is below {subject.amount(low)} ({subject.amount(mean - reach)} under the "
        f"normal), one above {subject.amount(high)} ({subject.amount(mean + reach)})."
    )
    if not deviation:
        says = f"All {what} are the same."
    shape = charts.quantiles(title, form, what)
    return Figure(f"Q–Q plot of the {what}", says, shape, {"dots": dots, "normal": ends})


def _tail(times: float, margin: float) -> str:
    """times: as far out as the normal distribution's."""
    if times > 1 + margin:
        return "heavier than the normal distribution's"
    return "lighter than the normal distribution's" if times < 1 - margin else "about the normal distribution's"


def boxes(values: pd.Series, groups: pd.Series, order: tuple[str, ...], by: str, subject: Subject, most: int) -> Figure:
    """values: any missing; groups: each value's place in `order`."""
    known = values.notna().to_numpy()
    own, places = values.to_numpy()[known], groups.to_numpy()[known]
    parts = {name: own[places == place] for place, name in enumerate(order) if (places == place).any()}
    measures, outside, beside = [], [], []
    for name, part in parts.items():
        q1, median, q3 = np.quantile(part, [0.25, 0.5, 0.75])
        within = (part >= q1 - 1.5 * (q3 - q1)) & (part <= q3 + 1.5 * (q3 - q1))
        measures.append((name, part[within].min(), q1, median, q3, part[within].max(), len(part)))
        outside.append(part[~within])
        beside += [name] * len(outside[-1])
    drawn = pd.DataFrame(measures, columns=["group", "low", "q1", "median", "q3", "high", "n"])
    outliers = pd.DataFrame({"group": beside, "value": np.concatenate(outside)}).sort_values("value")
    says = _differ(list(parts.values()), drawn.set_index("group"), by, subject)
    rows = {"boxes": drawn, "outliers": thinning.evenly(outliers, most)}
    return Figure(f"{subject.many.capitalize()} by {by}", says, charts.boxes(order, by, subject), rows)


def _differ(parts: list[np.ndarray], drawn: pd.DataFrame, by: str, subject: Subject) -> str:
    """Whether the groups' middles do (Kruskal and Wallis 1952), and where values spread."""
    if len(parts) < 2:
        return f"All {subject.many} are of one {by}."
    same = np.ptp(np.concatenate(parts)) == 0
    p = 1.0 if same else float(stats.kruskal(*parts).pvalue)
    median, spread = drawn["median"], drawn["q3"] - drawn["q1"]
    test = f"(Kruskal–Wallis p {chance(p)}, {subject.step}s taken as independent)"
    width = (lambda value: f"{value:.2%}") if subject.priced else subject.amount
    most, least = (
        f"{spread.idxmax()}, half of them within {width(spread.max())}",
        f"{spread.idxmin()}, {width(spread.min())}",
    )
    spreads = f"; they spread most in {most}, and least in {least}" if spread.max() > spread.min() else ""
    if p >= SIGNIFICANT:
        return f"The middle of the {subject.many} is not told apart by {by} {test}{spreads}."
    high = f"highest in {median.idxmax()}, median {subject.amount(median.max())}"
    low = f"lowest in {median.idxmin()}, {subject.amount(median.min())}"
    return f"The {subject.many} differ by {by} {test}: {high}, {low}{spreads}."
