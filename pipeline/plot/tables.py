"""The tables of the forecast page and of the terminal.

scores, bands, predictions: the tables of these names in data/.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from pipeline.forecaster.forecasts import NETWORK, member
from pipeline.formats import format_date, format_p, percent, shown
from pipeline.report.table import Table
from pipeline.scoring.columns import ALL, POOLED, TERCILES
from pipeline.scoring.results import held, lines, named, whole
from pipeline.scoring.verdict import Verdict
from pipeline.series import SeriesInfo

BAND_FORMS = {"coverage": ".1%", "width": ".4g", "interval_score": ".4g"}


def _cells(row: Mapping[str, float] | pd.Series, forms: Mapping[str, str]) -> list[str]:
    """Numbers of a row, as `forms` writes them."""
    return [shown(row[name], form) for name, form in forms.items()]


def last_forecast(predictions: pd.DataFrame) -> pd.DataFrame:
    """The forecasts from the last origin, with their volatility. predictions: of one ticker."""
    own = predictions[predictions["origin"] == predictions["origin"].max()]
    return own.assign(volatility=np.exp(own["variance_predicted"] / 2))


def origin(predictions: pd.DataFrame, step: str) -> str:
    """From where the last forecast is, in words. predictions: of one ticker."""
    last, known = predictions["origin"].max(), predictions.loc[predictions["actual"].notna(), "date"].max()
    if pd.isna(known) or known <= last:
        return f"Forecast from {format_date(last)}, the last {step}."
    rest = f"the last {step} with a whole window before it; data go on to {format_date(known)}."
    return f"Forecast from {format_date(last)}, {rest}"


def next_forecast(title: str, ahead: pd.DataFrame, series: SeriesInfo, coverage: float) -> Table:
    """The forecast beyond the last session. ahead: of one origin, as `last_forecast` gives it."""
    change = ahead["predicted"] / ahead["last"] - 1 if series.priced else ahead["predicted"] - ahead["last"]
    forms = {"predicted": ",.2f", "change": "+.2%" if series.priced else "+,.2f", "lower": ",.2f", "upper": ",.2f"}
    since = f"change from the last {series.step}"
    heads = [series.step, series.label, since, f"{percent(coverage)} band from", "to"]
    if ahead["volatility"].notna().any():
        forms["volatility"] = ".2%"
        heads.append(f"volatility of the {series.step}, median")
    rows = ahead.assign(change=change).to_dict("records")
    return Table(title, heads, [[format_date(row["date"]), *_cells(row, forms)] for row in rows])


def common(told: Verdict, scores: pd.DataFrame, bands: pd.DataFrame) -> list[Table]:
    """The page's tables of all tickers together."""
    return [
        horizons(told, scores),
        models(told, scores),
        *([price_accuracy(told, scores)] if told.tickers == 1 else []),
        coverage(told, bands),
        band_methods(told, bands),
        by_slice(told, scores, bands),
        spread(told, scores),
    ]


def _one_ahead(scores: pd.DataFrame) -> pd.DataFrame:
    """Every model's scores one step ahead on test."""
    return scores[(scores["split"] == "test") & (scores["horizon"] == 1)]


def nearest(scores: pd.DataFrame) -> pd.DataFrame:
    """The network's scores one step ahead on test."""
    own = _one_ahead(scores)
    return own[own["model"] == NETWORK]


def _shares(told: Verdict, bands: pd.DataFrame) -> pd.Series:
    """The share of values that the forecast's own bands held one step ahead, by ticker and slice."""
    own = bands[(bands["horizon"] == 1) & (bands["method"] == told.method)]
    return own.set_index(["ticker", "slice"])["coverage"]


def _caption(told: Verdict) -> str:
    """What the test scores are, in words."""
    unit = "its own current volatility or typical change"
    pooled = f"; {told.tickers} tickers, each {told.series.name} in {unit}" if told.tickers > 1 else ""
    return f"The network on test, beside the simple forecast of the same {told.series.step}s{pooled}"


def short(told: Verdict, scores: pd.DataFrame) -> Table:
    """The test scores in short: the network beside the simple forecast that it is judged against."""
    forms, rows = {"rmse": "#.5g", "r2": ".4f"}, []
    for line in lines(scores, told.references, told.series):
        own, rival = line.network, line.reference
        judged = [shown(own["skill"], "+.4f"), format_p(own["p_value"])]
        measures = [*_cells(own, forms), str(rival.name), *_cells(rival, forms)]
        rows.append([f"{line.title} +{line.horizon}", *measures, *judged])
    return Table(_caption(told), ["target", "RMSE", "R²", "simple", "its RMSE", "its R²", "skill", "p"], rows)


def by_ticker(told: Verdict, scores: pd.DataFrame, bands: pd.DataFrame) -> Table:
    """The network one step ahead on test, ticker by ticker; no rows where there is one."""
    own, share, rows = nearest(scores), _shares(told, bands), []
    own = own[(own["slice"] == ALL) & (own["ticker"] != POOLED)].set_index(["ticker", "target"])
    targets = list(told.references)
    for name in own.index.unique("ticker") if told.tickers > 1 else []:
        skills = [shown(own["skill"].get((name, target)), "+.4f") for target in targets]
        rows.append([name, str(own.loc[(name, targets[0]), "n"]), *skills, shown(share.get((name, ALL)), ".1%")])
    heads = [f"skill on the {named(target, told.series)}" for target in targets]
    title = "The network on test, ticker by ticker."
    return Table(title, ["ticker", "forecasts", *heads, "band held"], rows)


def horizons(told: Verdict, scores: pd.DataFrame) -> Table:
    """The test scores: each target and horizon, the network above its reference."""
    forms, skill, rows = {"mse": ".4g", "rmse": ".4g", "mae": ".4g", "r2": ".5f"}, {"skill": "+.4f"}, []
    for line in lines(scores, told.references, told.series):
        tests = [format_p(line.network["p_value"]), _interval(line.network)]
        rows.append([line.title, str(line.horizon), NETWORK, *_cells(line.network, forms | skill), *tests])
        theirs = _cells(line.reference, forms)
        rows.append([line.title, str(line.horizon), str(line.reference.name), *theirs, "", "", ""])
    step = told.series.step
    heads = ["target", f"{step}s ahead", "model", "MSE", "RMSE", "MAE", "R²", "skill", "p", "95 % interval of skill"]
    return Table(f"{_caption(told)}.", heads, rows)


def _interval(row: pd.Series) -> str:
    low, high = row["skill_low"], row["skill_high"]
    return "" if pd.isna(low) or pd.isna(high) else f"{low:+.3f} to {high:+.3f}"


def models(told: Verdict, scores: pd.DataFrame) -> Table:
    """Every model one step ahead on test, the best first, without the network's members."""
    own, rows = _one_ahead(scores), []
    own = own[(own["ticker"] == whole(scores)) & (own["slice"] == ALL) & ~own["model"].str.startswith(member(""))]
    for target in told.references:
        for _, row in own[own["target"] == target].sort_values(["mse", "model"]).iterrows():
            itself = row["model"] == NETWORK
            against_network = "" if itself else format_p(row["p_value_against_network"])
            against_qlike = "" if itself or target == "price" else format_p(row["qlike_p_value_against_network"])
            measures = _cells(row, {"rmse": ".4g", "r2": ".5f", "skill": "+.4f"})
            tests = [format_p(row["p_value"]), against_network, shown(row["qlike"], ".4f"), against_qlike]
            rows.append([named(target, told.series), row["model"], *measures, *tests])
    heads = ["target", "model", "RMSE", "R²", "skill", "p", "p against network", "QLIKE", "p against network's"]
    return Table(f"Every model on test, one {told.series.step} ahead.", heads, rows)


def price_accuracy(told: Verdict, scores: pd.DataFrame) -> Table:
    """What a price's R² hides: R² of its returns, and the direction beside "always up"."""
    forms = {"r2": ".5f", "r2_return": "+.4f", "directional_accuracy": ".1%", "naive_directional_accuracy": ".1%"}
    rows = [
        [str(line.horizon), *_cells(line.network, forms)]
        for line in lines(scores, told.references, told.series)
        if line.target == "price"
    ]
    what = "return" if told.series.priced else "change"
    heads = [f"{told.series.step}s ahead", "R²", f"R² of the {what}", "direction right", '"always up" right']
    return Table("What R² hides, on test.", heads, rows)


def coverage(told: Verdict, bands: pd.DataFrame) -> Table:
    """How the bands held on test, by horizon."""
    rows = []
    for found in held(bands, told.method):
        terciles = [shown(found.terciles.get(name), ".1%") for name in TERCILES]
        constant = _cells(found.constant, {"coverage": ".1%", "interval_score": ".4g"})
        measures = _cells(found.own, BAND_FORMS)
        rows.append([str(found.horizon), *measures, *terciles, shown(found.own["p_value"], ".3f"), *constant])
    heads = [f"{told.series.step}s ahead", "coverage", "width", "interval score", *TERCILES, "p of the coverage"]
    heads += ["constant width: coverage", "score"]
    unit = "percent of the last value" if told.series.priced else "the value's own units"
    return Table(f"How the {percent(told.coverage)} bands held on test; widths in {unit}.", heads, rows)


def band_methods(told: Verdict, bands: pd.DataFrame) -> Table:
    """Every method of making bands one step ahead on test, by what their width follows, the best first."""
    own = bands[(bands["ticker"] == whole(bands)) & (bands["horizon"] == 1) & (bands["slice"] == ALL)]
    ranked = own.sort_values(["interval_score", "method"]).to_dict("records")
    rows = [[row["method"], *_cells(row, {**BAND_FORMS, "p_value": ".3f"})] for row in ranked]
    title = f"Other band_methods of making the bands, one {told.series.step} ahead on test."
    return Table(title, ["as wide as", "coverage", "width", "interval score", "p of the coverage"], rows)


def by_slice(told: Verdict, scores: pd.DataFrame, bands: pd.DataFrame) -> Table:
    """The network one step ahead on test, by year and by volatility at the origin."""
    own, ticker, rows = nearest(scores), whole(scores), []
    own = own[own["ticker"] == ticker].set_index(["target", "slice"])
    share, years = _shares(told, bands), sorted(set(own.index.unique("slice")) - {ALL, *TERCILES})
    for target in told.references:
        for part in (name for name in (ALL, *years, *TERCILES) if (target, name) in own.index):
            row, covered = own.loc[(target, part)], shown(share.get((ticker, part)), ".1%") if target == "price" else ""
            measures = _cells(row, {"rmse": ".4g", "skill": "+.4f", "skill_against_best": "+.4f"})
            rows.append([named(target, told.series), part, str(row["n"]), *measures, covered])
    best = "skill against the simple model best on validation"
    title = f"The network one {told.series.step} ahead, by part of test."
    return Table(title, ["target", "part of test", "forecasts", "RMSE", "skill", best, "band held"], rows)


def spread(told: Verdict, scores: pd.DataFrame) -> Table:
    """How far the members' skills lie apart on test; no rows where there is one member."""
    forms, rows = {"mean": "+.4f", "std": ".4f", "min": "+.4f", "max": "+.4f"}, []
    for line in lines(scores, told.references, told.series):
        if len(line.members):
            apart, together = _cells(line.members.agg(list(forms)), forms), shown(line.network["skill"], "+.4f")
            rows.append([line.title, str(line.horizon), str(len(line.members)), *apart, together])
    step = told.series.step
    heads = ["target", f"{step}s ahead", "members", "mean skill", "deviation", "least", "most", "skill of their mean"]
    return Table("The network's members on test.", heads, rows)
