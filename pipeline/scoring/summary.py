"""The verdict in words: a headline, the evidence for it, one table and the band. Pure functions of typed values."""

import re

from pipeline.formats import Table, format_p, percent, shown
from pipeline.scoring.results import BandResult, target_title
from pipeline.scoring.verdict import SIGNIFICANCE_LEVEL, Comparison, Verdict
from pipeline.series import SeriesInfo

TITLES = {  # of a simple model in a sentence
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
RULES = {  # what a baseline of the price says, in words
    "persistence": "same as {before}",
    "drift": "same as {before} plus the average growth",
    "seasonal_naive": "same as one season earlier",
}


def error_difference(skill: float | None, than: str = "") -> str:
    """Return how the network's error differs from another's: "5.9% less error than HAR", "3 times the error of HAR"."""
    if skill is None:
        return f"an error that cannot be compared{f' with that of {than}' if than else ''}"
    share = 1 - (1 - skill) ** 0.5  # by which the network's RMSE is smaller; negative where it is larger
    if abs(share) < 0.0005:
        return f"about the same error{f' as {than}' if than else ''}"
    if share < -1:
        return f"{1 - share:.3g} times the error{f' of {than}' if than else ''}"
    return f"{abs(share):.1%} {'less' if share > 0 else 'more'} error{f' than {than}' if than else ''}"


def p_text(p_value: float | None) -> str:
    """Return a p-value for a sentence: "p = 0.65", "p < 0.0001"."""
    if p_value is None:
        return "p is undefined"
    text = format_p(p_value)
    return f"p < {text[1:]}" if text.startswith("<") else f"p = {p_value:.2f}" if p_value >= 0.1 else f"p = {text}"


def baseline_title(model: str, series: SeriesInfo) -> str:
    """Return what a baseline is, in words: '"same as today"', "HAR"."""
    before = "today" if series.step in ("session", "day") else f"the last {series.step}"
    return f'"{RULES[model].format(before=before)}"' if model in RULES else TITLES[model]


def headline(verdict: Verdict) -> str:
    """Return the verdict in one sentence. It claims what the test showed one step ahead, and no more."""
    price, *variance = (_clause(verdict, target) for target in verdict.baselines)
    good = [verdict.nearest(target).outcome == "better" for target in verdict.baselines]
    text = (", and " if len(set(good)) == 1 else ", but ").join([price, *variance])
    return f"{text[0].upper()}{text[1:]}."


def _clause(verdict: Verdict, target: str) -> str:
    """Return what is known of one target. The price is judged first; the variance is "the size of the next move"."""
    nearest, name, several = verdict.nearest(target), verdict.series.name, verdict.tickers > 1
    what, baseline = "the size of the next move", "HAR, a standard model"
    if target == "price":
        what = f"the next {name} of {verdict.name}" if several else f"the next {verdict.name} {name}"
        baseline = baseline_title(nearest.model, verdict.series)
    better, best = verdict.better_than_baseline[target], verdict.best_simple[target].model
    if target not in verdict.trained:
        who = TITLES[best] if best in better else "another model" if better else "no model here"
        return f"the network does not forecast {what}; {who} forecasts it significantly better than {baseline}"
    p_value = f"({p_text(nearest.p_value)})"
    match nearest.outcome:
        case "better" if target == "variance":
            return f"{what} can be forecast: the network makes {error_difference(nearest.skill, baseline)} {p_value}"
        case "better" | "worse":
            difference = error_difference(nearest.skill)
            return f"the network forecasts {what} {nearest.outcome} than {baseline}: {difference} {p_value}"
        case "undefined":
            return f"the test cannot compare the network's forecast of {what} with {baseline}"
    if not better:
        return f"no model here forecasts {what} significantly better than {baseline}"
    clause = f"the network does not forecast {what} significantly better than {baseline}"
    return f"{clause} ({TITLES[best]} does)" if best in better else clause


def evidence(verdict: Verdict) -> list[str]:
    """Return a sentence for each target, and one on the best simple model."""
    series, last = verdict.series, list(verdict.baselines)[-1]
    names = {"price": f"Next {series.name}", "variance": "Size of the move"}
    sentences = []
    for target in verdict.baselines:
        nearest = verdict.nearest(target)
        if target not in verdict.trained:
            sentences.append(f"{names[target]}: the network does not forecast it (train.forecast_price is false).")
            continue
        difference = error_difference(nearest.skill, baseline_title(nearest.model, series))
        sentences.append(f"{names[target]}: the network makes {difference} ({_significance(nearest)}).")
    best = verdict.best_simple[last]
    what = "the size of the move" if last == "variance" else f"the next {series.name}"
    if best.model == verdict.baselines[last]:
        sentences.append(f"For {what}, no simple model was better than the baseline on validation.")
    else:
        first = f"For {what}, {TITLES[best.model]} was the best simple model on validation."
        difference = error_difference(best.skill, TITLES[best.model])
        sentences.append(f"{first} On test the network makes {difference} ({_significance(best)}).")
    return sentences


def _significance(comparison: Comparison) -> str:
    text = p_text(comparison.p_value)
    told = error_difference(comparison.skill).startswith("about")  # then it needs no second "no difference"
    return f"{text}, not significant" if comparison.outcome == "no significant difference" and not told else text


def band(nearest: BandResult, step: str, coverage: float) -> str:
    """Return how often the bands contained the actual value one step ahead, beside bands of constant width."""
    thirds, constant = list(nearest.terciles.values()), list(nearest.constant_terciles.values())
    by_volatility, constant_coverage = "", f"{nearest.constant['coverage']:.1%}"
    if len(thirds) == len(constant) == 3:  # otherwise a tercile has no forecasts
        by_volatility = (
            f": {thirds[0]:.1%} in the calmest third, {thirds[1]:.1%} in the middle and {thirds[2]:.1%} "
            f"in the most volatile third (standard errors: at most {100 * nearest.tercile_error:.1f} points)"
        )
        constant_coverage = "{:.1%}, {:.1%} and {:.1%}".format(*constant)
    return (
        f"The {percent(coverage)} band (a range that should contain {percent(coverage)} of the values) contained "
        f"{nearest.band['coverage']:.1%} of {nearest.band['n']:,.0f} test values one {step} ahead{by_volatility}. "
        f"A band of constant width contained {constant_coverage}."
    )


def definitions(verdict: Verdict) -> str:
    """Return what the words of the summary mean."""
    titles = {name: f"{TITLES[name]} is {baseline_title(name, verdict.series)}" for name in RULES}
    titles["har"] = "HAR is a regression on past variances"
    baselines = "; ".join(titles[name] for name in verdict.baselines.values())
    pooled = "" if verdict.tickers == 1 else ", in units of each ticker's usual change"
    variance = " Log variance measures the size of the move: the logarithm of the price variance within a {}."
    return (
        f"Baseline: the simple forecast to beat; {baselines}. Error: RMSE{pooled}. Skill: 1 - network's MSE / "
        f"baseline's MSE. p: the probability of a difference at least this large, if both were equally good; "
        f"significant below {SIGNIFICANCE_LEVEL}."
        f"{variance.format(verdict.series.step) if 'variance' in verdict.baselines else ''}"
    )


def table(verdict: Verdict) -> Table:
    """Return the network beside the baseline of each target, at the nearest and the farthest horizon."""
    heads, rows = ["forecast", "ahead", "error", "baseline", "difference", "skill", "p"], []
    for each in verdict.comparisons:
        errors = [f"{each.rmse:#.4g}", each.model, _cell(each)]
        tests = [shown(each.skill, "+.4f"), format_p(float("nan") if each.p_value is None else each.p_value)]
        ahead = f"{each.horizon} {verdict.series.step}{'s' * (each.horizon > 1)}"
        rows.append([target_title(each.target, verdict.series), ahead, *errors, *tests])
    return Table(f"The network and its baseline over the same test {verdict.series.step}s", heads, rows)


def _cell(comparison: Comparison) -> str:
    """Return the difference of the errors for a table: "5.9% less", "3 times"."""
    if comparison.skill is None:
        return "undefined"
    return error_difference(comparison.skill).replace(" the error", "").removesuffix(" error")


def markdown(verdict: Verdict) -> str:
    """Return reports/summary.md."""
    rows = table(verdict)
    parts = [
        f"**{_escaped(verdict.headline)}**",
        "\n".join(f"- {_escaped(sentence)}" for sentence in verdict.evidence),
        _escaped(definitions(verdict)),
        rows._replace(rows=[_cells(row) for row in rows.rows]).markdown,
        _escaped(verdict.band),
    ]
    return "\n\n".join(parts) + "\n"


def _cells(row: list[str]) -> list[str]:
    return [_escaped(cell).replace("|", "\\|") for cell in row]


def _escaped(text: str) -> str:
    """Return a text in which nothing is Markdown or HTML, whatever a ticker is called."""
    return re.sub(r"([\\`*\[\]]|<(?=[A-Za-z/!?])|(?<!\w)_|_(?!\w))", r"\\\1", " ".join(text.split()))
