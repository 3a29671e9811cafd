"""What the forecast report says, from the tables: figures and the cells of its tables."""

import pandas as pd

from pipeline import results
from pipeline.beyond import Table, beyond, last_forecast, origin, shown
from pipeline.figures import Figure, distribution, forecasts, skill
from pipeline.pages import Ticker
from pipeline.results import held, lines, named, skills, whole
from pipeline.slices import ALL, THIRDS
from pipeline.subject import Subject
from pipeline.tables.forecasts import NETWORK
from pipeline.tables.scores import POOLED
from pipeline.verdict import Verdict, chance

ENOUGH = 30  # residuals, for figures of them
ROWS = 100_000  # of the longest tables of the page, shared by its tickers
MOST = 10_000  # points of a line that is shown in parts
DOTS = 1500  # of a scatter
KNOWN = 40  # steps before the forecast beyond the last one


def tested(predictions: pd.DataFrame) -> pd.DataFrame:
    """One session ahead on test: rows of tables/predictions with `persistence` beside `predicted`."""
    own = predictions[(predictions["split"] == "test") & (predictions["horizon"] == 1)]
    return own.assign(persistence=own["last"]).reset_index(drop=True)


def points(tickers: int) -> int:
    """How many points a line may have, for so many tickers."""
    return min(max(ROWS // tickers, 100), MOST)


def thinned(longest: int, tickers: int) -> str:
    """What to tell of figures that show some of their values, else nothing. longest: forecasts of a ticker's test."""
    most = points(tickers)
    if longest <= min(most, DOTS, distribution.QUANTILES):
        return ""
    return (
        f"Lines of more than {most:,} forecasts are drawn from {most:,} of them, residuals over time from at most "
        f"{min(most, DOTS):,}, Q–Q plots from at most {min(most, distribution.QUANTILES)}, chosen by largest triangle "
        "three buckets (Steinarsson 2013). Sentences and tables are of all."
    )


def ticker(
    predictions: pd.DataFrame, name: str, subject: Subject, sessions: int, coverage: float, tickers: int
) -> Ticker:
    """One ticker's figures, and its forecast beyond the last session.

    predictions: tables/predictions, this ticker's; sessions: how many of the last are shown at first; coverage: of the
    bands; tickers: how many share the page. A ticker that ended before the test period has no figure of it.
    """
    own, most, figures = tested(predictions), points(tickers), {}
    if len(own):
        columns = ["date", "actual", "predicted", "lower", "upper", "persistence"]
        figures["predicted"] = forecasts.predicted(own[columns], subject, sessions, coverage, most)
    ahead = last_forecast(predictions)
    known = predictions.loc[predictions["horizon"] == 1, ["origin", "last"]].tail(KNOWN)
    future = ahead.rename(columns={"predicted": "value"})[["date", "value", "lower", "upper"]]
    figures["beyond"] = forecasts.beyond(known.set_axis(["date", "value"], axis=1), future, subject, coverage)
    if own["variance_predicted"].notna().any():
        figures["volatility"] = forecasts.volatility(own, subject, sessions, most)
    if own["actual"].notna().sum() >= ENOUGH:
        figures |= forecasts.residuals(own, subject, min(most, DOTS))
    _, lines = beyond(ahead, subject, coverage)
    return Ticker(name, f"{name}: {subject.label}", [], figures, origin(predictions, subject.step), lines)


def common(told: Verdict, scores: pd.DataFrame, bands: pd.DataFrame, history: pd.DataFrame) -> dict[str, Figure]:
    """The figures of all tickers together. scores, bands, history: the tables of these names."""
    subject, own = told.subject, nearest(scores)
    first = held(bands, told.scale)[0]
    found = {
        "horizons": skill.by_horizon(skills(scores, told.references, subject), subject),
        "years": skill.by_year(own[own["ticker"] == whole(scores)], subject),
        "tickers": skill.by_ticker(own, subject),
        "coverage": skill.coverage(first.thirds, first.constant_thirds, told.coverage, subject),
        "loss": skill.loss(history),
    }
    return {name: figure for name, figure in found.items() if figure}


def nearest(scores: pd.DataFrame) -> pd.DataFrame:
    """The network's scores one step ahead on test. scores: tables/scores."""
    return scores[(scores["model"] == NETWORK) & (scores["split"] == "test") & (scores["horizon"] == 1)]


def nearest_bands(bands: pd.DataFrame, told: Verdict) -> pd.DataFrame:
    """How the forecast's own bands held one step ahead. bands: tables/bands."""
    own = bands[(bands["horizon"] == 1) & (bands["calibrated"] == "later")]
    return own[own["scale"] == told.scale]


def beside(told: Verdict, scores: pd.DataFrame) -> Table:
    """Heads and cells of what stands beside the verdict: the network's and the simple forecast's errors on test."""
    cells = [
        [
            f"{line.title} +{line.horizon}",
            f"{line.network['rmse']:#.4g}",
            f"{line.reference['rmse']:#.4g}",
            shown(line.network["skill"], "+.3f"),
            chance(line.network["p_value"]),
        ]
        for line in lines(scores, told.references, told.subject)
    ]
    return ["target", "RMSE", "simple", "skill", "p"], cells


def by_ticker(told: Verdict, scores: pd.DataFrame, bands: pd.DataFrame) -> Table:
    """Heads and cells of the network one step ahead on test, ticker by ticker; no cells where there is one.

    scores, bands: the tables of these names.
    """
    own, used = nearest(scores), nearest_bands(bands, told)
    own = own[(own["slice"] == ALL) & (own["ticker"] != POOLED)].set_index(["ticker", "target"])
    share = used[used["slice"] == ALL].set_index("ticker")["coverage"]
    targets, cells = list(told.references), []
    for name in own.index.unique("ticker") if told.tickers > 1 else []:
        skills = [shown(own["skill"].get((name, target)), "+.4f") for target in targets]
        cells.append([name, str(own.loc[(name, targets[0]), "n"]), *skills, shown(share.get(name), ".1%")])
    heads = [f"skill on the {named(target, told.subject)}" for target in targets]
    return ["ticker", "forecasts", *heads, "band held"], cells


def scores(told: Verdict, scores: pd.DataFrame) -> Table:
    """Heads and cells of the test scores: each target and horizon, the network above its reference."""
    forms = {"mse": ".4g", "rmse": ".4g", "mae": ".4g", "r2": ".5f", "skill": "+.4f"}
    cells = []
    for line in lines(scores, told.references, told.subject):
        own = [shown(line.network[name], form) for name, form in forms.items()]
        tests = [chance(line.network["p_value"]), interval(line.network)]
        cells.append([line.title, str(line.horizon), NETWORK, *own, *tests])
        theirs = [shown(line.reference[name], form) for name, form in forms.items() if name != "skill"]
        cells.append([line.title, str(line.horizon), str(line.reference.name), *theirs, "", "", ""])
    step = told.subject.step
    heads = ["target", f"{step}s ahead", "model", "MSE", "RMSE", "MAE", "R²", "skill", "p", "95 % interval of skill"]
    return heads, cells


def interval(row: pd.Series) -> str:
    low, high = row["skill_low"], row["skill_high"]
    return "" if pd.isna(low) or pd.isna(high) else f"{low:+.3f} to {high:+.3f}"


def models(told: Verdict, scores: pd.DataFrame) -> Table:
    """Heads and cells of every model on test, one step ahead, the best first."""
    cells = []
    for target in told.references:
        for _, row in results.models(scores, target).iterrows():
            measures = [shown(row[name], form) for name, form in {"rmse": ".4g", "r2": ".5f", "skill": "+.4f"}.items()]
            itself, priced = row["model"] == NETWORK, target == "price"
            tests = ["" if itself or (priced and p == "p_qlike") else chance(row[p]) for p in ("p_network", "p_qlike")]
            cells.append(
                [
                    named(target, told.subject),
                    row["model"],
                    *measures,
                    chance(row["p_value"]),
                    tests[0],
                    shown(row["qlike"], ".4f"),
                    tests[1],
                ]
            )
    heads = ["target", "model", "RMSE", "R²", "skill", "p", "p against network", "QLIKE", "p against network's"]
    return heads, cells


def flattery(told: Verdict, scores: pd.DataFrame) -> Table:
    """Heads and cells of what a price's R² hides: R² of its returns, direction beside "always up", and whether the
    forecast follows the last value more than the one it forecasts.
    """
    step = told.subject.step
    forms = {"r2": ".5f", "r2_return": "+.4f", "direction": ".1%", "always_up": ".1%"}
    forms |= {"correlation": ".5f", "correlation_last": ".5f"}
    cells = [
        [str(line.horizon), *(shown(line.network[name], form) for name, form in forms.items())]
        for line in lines(scores, told.references, told.subject)
        if line.target == "price"
    ]
    what = "return" if told.subject.priced else "change"
    heads = [f"{step}s ahead", "R²", f"R² of the {what}", "direction right", '"always up" right']
    return [*heads, "correlation with the value forecast", "with the last value"], cells


def bands(told: Verdict, bands: pd.DataFrame) -> Table:
    """Heads and cells of how the bands held on test, by horizon."""
    forms = {"coverage": ".1%", "width": ".4g", "interval_score": ".4g"}
    cells = []
    for found in held(bands, told.scale):
        thirds = [shown(found.thirds.get(name), ".1%") for name in THIRDS]
        rivals = [
            shown(rival[name], forms[name])
            for rival in (found.constant, found.shared)
            for name in ("coverage", "interval_score")
        ]
        tests = [shown(found.own[name], ".3f") for name in ("kupiec", "beta_binomial", "christoffersen")]
        measures = [shown(found.own[name], form) for name, form in forms.items()]
        cells.append([str(found.horizon), *measures, *thirds, *tests, *rivals])
    heads = [
        f"{told.subject.step}s ahead",
        "coverage",
        "width",
        "interval score",
        *THIRDS,
        "Kupiec p",
        "beta-binomial p",
        "Christoffersen p",
    ]
    return [*heads, "constant width: coverage", "score", "calibrated where stopped: coverage", "score"], cells


def ways(bands: pd.DataFrame) -> Table:
    """Heads and cells of every way of making bands, one step ahead on test, the best first."""
    forms = {"coverage": ".1%", "width": ".4g", "interval_score": ".4g"}
    forms |= dict.fromkeys(("kupiec", "beta_binomial", "christoffersen"), ".3f")
    cells = [
        [way, *(shown(row[name], form) for name, form in forms.items())] for way, row in results.ways(bands).items()
    ]
    tests = ["Kupiec p", "beta-binomial p", "Christoffersen p"]
    return ["as wide as", "coverage", "width", "interval score", *tests], cells


def by_slice(told: Verdict, scores: pd.DataFrame, bands: pd.DataFrame) -> Table:
    """Heads and cells of the network one step ahead on test, by year and by volatility at the origin.

    scores, bands: the tables of these names.
    """
    own, used, cells = nearest(scores), nearest_bands(bands, told), []
    own = own[own["ticker"] == whole(scores)].set_index(["target", "slice"])
    share = used[used["ticker"] == whole(scores)].set_index("slice")["coverage"]
    years = sorted(name for name in share.index if name not in (ALL, *THIRDS))
    for target in told.references:
        for part in (name for name in (ALL, *years, *THIRDS) if (target, name) in own.index):
            row, covered = own.loc[(target, part)], shown(share.get(part), ".1%") if target == "price" else ""
            measures = [f"{row['rmse']:.4g}", shown(row["skill"], "+.4f"), shown(row["skill_best"], "+.4f")]
            cells.append([named(target, told.subject), part, str(row["n"]), *measures, covered])
    best = "skill against the simple model best on validation"
    return ["target", "part of test", "forecasts", "RMSE", "skill", best, "band held"], cells


def spread(told: Verdict, scores: pd.DataFrame) -> Table:
    """Heads and cells of how far the members' skills lie apart on test; no cells where there is one member."""
    forms, cells = {"mean": "+.4f", "std": ".4f", "min": "+.4f", "max": "+.4f"}, []
    for line in lines(scores, told.references, told.subject):
        if len(line.members):
            measures = [shown(line.members.agg(name), form) for name, form in forms.items()]
            whole_skill = shown(line.network["skill"], "+.4f")
            cells.append([line.title, str(line.horizon), str(len(line.members)), *measures, whole_skill])
    step = told.subject.step
    heads = ["target", f"{step}s ahead", "members", "mean skill", "deviation", "least", "most", "skill of their mean"]
    return heads, cells
