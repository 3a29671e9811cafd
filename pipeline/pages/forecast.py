"""What the forecast report says, from the tables: figures and the cells of its tables."""

from typing import Any

import pandas as pd

from pipeline.beyond import Table, beyond, last_forecast, origin, shown
from pipeline.figures import Figure, distribution, forecasts, skill
from pipeline.metrics import Cell, lines, named
from pipeline.pages import Ticker
from pipeline.slices import ALL, THIRDS
from pipeline.subject import Subject
from pipeline.tables.forecasts import NETWORK
from pipeline.tables.scores import POOLED
from pipeline.verdict import chance

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


def common(metrics: dict[str, Any], scores: pd.DataFrame, history: pd.DataFrame) -> dict[str, Figure]:
    """The figures of all tickers together. scores, history: the tables of these names."""
    subject, own = Subject(**metrics["subject"]), nearest(scores)
    found = {
        "horizons": skill.by_horizon(metrics, subject),
        "years": skill.by_year(own[own["ticker"] == whole(scores, metrics)], subject),
        "tickers": skill.by_ticker(own, subject),
        "coverage": skill.coverage(metrics["bands"], subject),
        "loss": skill.loss(history),
    }
    return {name: figure for name, figure in found.items() if figure}


def nearest(scores: pd.DataFrame) -> pd.DataFrame:
    """The network's scores one step ahead on test. scores: tables/scores."""
    return scores[(scores["model"] == NETWORK) & (scores["split"] == "test") & (scores["horizon"] == 1)]


def nearest_bands(bands: pd.DataFrame, metrics: dict[str, Any]) -> pd.DataFrame:
    """How the forecast's own bands held one step ahead. bands: tables/bands."""
    own = bands[(bands["horizon"] == 1) & (bands["calibrated"] == "later")]
    return own[own["scale"] == metrics["bands"]["scale"]]


def whole(scores: pd.DataFrame, metrics: dict[str, Any]) -> str:
    """The name under which all tickers together are scored."""
    return POOLED if metrics["tickers"] > 1 else str(scores["ticker"].iloc[0])


def beside(metrics: dict[str, Any]) -> Table:
    """Heads and cells of what stands beside the verdict: the network's and the simple forecast's errors on test."""
    cells = [
        [
            f"{target} +{horizon}",
            f"{own['rmse']:#.4g}",
            f"{own['reference']['rmse']:#.4g}",
            shown(own["skill"], "+.3f"),
            chance(own["p_value"]),
        ]
        for target, horizon, own in lines(metrics)
    ]
    return ["target", "RMSE", "simple", "skill", "p"], cells


def by_ticker(scores: pd.DataFrame, bands: pd.DataFrame, metrics: dict[str, Any]) -> Table:
    """Heads and cells of the network one step ahead on test, ticker by ticker; no cells where there is one.

    scores, bands: the tables of these names.
    """
    subject, targets = Subject(**metrics["subject"]), list(metrics["test"])
    own, used = nearest(scores), nearest_bands(bands, metrics)
    own = own[(own["slice"] == ALL) & (own["ticker"] != POOLED)].set_index(["ticker", "target"])
    held = used[used["slice"] == ALL].set_index("ticker")["coverage"]
    cells = []
    for name in own.index.unique("ticker") if metrics["tickers"] > 1 else []:
        skills = [shown(own["skill"].get((name, target)), "+.4f") for target in targets]
        cells.append([name, str(own.loc[(name, targets[0]), "n"]), *skills, shown(held.get(name), ".1%")])
    return [
        "ticker",
        "forecasts",
        *(f"skill on the {named(target, subject)}" for target in targets),
        "band held",
    ], cells


def scores(metrics: dict[str, Any]) -> Table:
    """Heads and cells of the test scores: each target and horizon, the network above its reference."""
    forms = {"mse": ".4g", "rmse": ".4g", "mae": ".4g", "r2": ".5f", "skill": "+.4f"}
    cells = []
    for target, horizon, own in lines(metrics):
        for model, found in {"network": own, own["reference"]["model"]: own["reference"]}.items():
            measures = [shown(found.get(name), form) for name, form in forms.items()]
            tests = [chance(found["p_value"]), interval(found)] if "p_value" in found else ["", ""]
            cells.append([target, str(horizon), model, *measures, *tests])
    step = metrics["subject"]["step"]
    heads = ["target", f"{step}s ahead", "model", "MSE", "RMSE", "MAE", "R²", "skill", "p", "95 % interval of skill"]
    return heads, cells


def interval(found: Cell) -> str:
    low, high = found["skill_low"], found["skill_high"]
    return "" if low is None or high is None else f"{low:+.3f} to {high:+.3f}"


def models(metrics: dict[str, Any]) -> Table:
    """Heads and cells of every model on test, one step ahead, the best first."""
    subject, cells = Subject(**metrics["subject"]), []
    for target, found in metrics["models"].items():
        for model, own in found.items():
            measures = [shown(own[name], form) for name, form in {"rmse": ".4g", "r2": ".5f", "skill": "+.4f"}.items()]
            tests = ["" if model == NETWORK or p not in own else chance(own[p]) for p in ("p_network", "p_qlike")]
            row = [*measures, chance(own["p_value"]), tests[0], shown(own.get("qlike"), ".4f"), tests[1]]
            cells.append([named(target, subject), model, *row])
    heads = ["target", "model", "RMSE", "R²", "skill", "p", "p against network", "QLIKE", "p against network's"]
    return heads, cells


def flattery(metrics: dict[str, Any]) -> Table:
    """Heads and cells of what a price's R² hides: R² of its returns, direction beside "always up", and whether the
    forecast follows the last value more than the one it forecasts.
    """
    step = metrics["subject"]["step"]
    forms = {"r2": ".5f", "r2_return": "+.4f", "direction": ".1%", "always_up": ".1%"}
    forms |= {"correlation": ".5f", "correlation_last": ".5f"}
    cells = [
        [horizon.removeprefix("h"), *(shown(own[name], form) for name, form in forms.items())]
        for horizon, own in metrics["test"]["price"].items()
    ]
    what = "return" if metrics["subject"]["priced"] else "change"
    heads = [f"{step}s ahead", "R²", f"R² of the {what}", "direction right", '"always up" right']
    return [*heads, "correlation with the value forecast", "with the last value"], cells


def bands(metrics: dict[str, Any]) -> Table:
    """Heads and cells of how the bands held on test, by horizon."""
    step, found = metrics["subject"]["step"], metrics["bands"]
    forms = {"coverage": ".1%", "width": ".4g", "interval_score": ".4g"}
    cells = []
    for horizon, own in found.items():
        if not isinstance(own, dict):
            continue
        thirds = [shown(own["thirds"].get(name), ".1%") for name in THIRDS]
        rivals = [
            shown(own[rival][name], forms[name])
            for rival in ("constant", "shared")
            for name in ("coverage", "interval_score")
        ]
        tests = [shown(own[name], ".3f") for name in ("kupiec", "beta_binomial", "christoffersen")]
        measures = [shown(own[name], form) for name, form in forms.items()]
        cells.append([horizon.removeprefix("h"), *measures, *thirds, *tests, *rivals])
    heads = [
        f"{step}s ahead",
        "coverage",
        "width",
        "interval score",
        *THIRDS,
        "Kupiec p",
        "beta-binomial p",
        "Christoffersen p",
    ]
    return [*heads, "constant width: coverage", "score", "calibrated where stopped: coverage", "score"], cells


def ways(metrics: dict[str, Any]) -> Table:
    """Heads and cells of every way of making bands, one step ahead on test, the best first."""
    forms = {"coverage": ".1%", "width": ".4g", "interval_score": ".4g"}
    forms |= dict.fromkeys(("kupiec", "beta_binomial", "christoffersen"), ".3f")
    cells = [[way, *(shown(own[name], form) for name, form in forms.items())] for way, own in metrics["ways"].items()]
    tests = ["Kupiec p", "beta-binomial p", "Christoffersen p"]
    return ["as wide as", "coverage", "width", "interval score", *tests], cells


def by_slice(scores: pd.DataFrame, bands: pd.DataFrame, metrics: dict[str, Any]) -> Table:
    """Heads and cells of the network one step ahead on test, by year and by volatility at the origin.

    scores, bands: the tables of these names.
    """
    subject, cells, ticker = Subject(**metrics["subject"]), [], whole(scores, metrics)
    own, used = nearest(scores), nearest_bands(bands, metrics)
    own = own[own["ticker"] == ticker].set_index(["target", "slice"])
    held = used[used["ticker"] == ticker].set_index("slice")["coverage"]
    years = sorted(name for name in held.index if name not in (ALL, *THIRDS))
    for target in metrics["test"]:
        for part in (name for name in (ALL, *years, *THIRDS) if (target, name) in own.index):
            row, covered = own.loc[(target, part)], shown(held.get(part), ".1%") if target == "price" else ""
            measures = [f"{row['rmse']:.4g}", shown(row["skill"], "+.4f"), shown(row["skill_best"], "+.4f")]
            cells.append([named(target, subject), part, str(row["n"]), *measures, covered])
    best = "skill against the simple model best on validation"
    return ["target", "part of test", "forecasts", "RMSE", "skill", best, "band held"], cells


def spread(metrics: dict[str, Any]) -> Table:
    """Heads and cells of how far the members' skills lie apart on test; no cells where there is one member."""
    cells = []
    for target, horizon, own in lines(metrics):
        if found := own.get("members"):
            forms = {"mean": "+.4f", "std": ".4f", "min": "+.4f", "max": "+.4f"}
            measures = [shown(found[name], form) for name, form in forms.items()]
            cells.append([target, str(horizon), str(len(found["skill"])), *measures, shown(own["skill"], "+.4f")])
    step = metrics["subject"]["step"]
    heads = ["target", f"{step}s ahead", "members", "mean skill", "deviation", "least", "most", "skill of their mean"]
    return heads, cells
