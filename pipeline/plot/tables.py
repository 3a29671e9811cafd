"""The tables of the forecast page and of the command line.

scores, bands, predictions: the tables of these names in data/.
"""

from collections.abc import Mapping

import pandas as pd

from pipeline.forecaster.forecasts import NETWORK, member
from pipeline.formats import Table, format_date, format_p, percent, shown
from pipeline.scoring.columns import ALL, POOLED, TERCILES
from pipeline.scoring.results import band_results, overall, scores_by_horizon, target_title
from pipeline.scoring.verdict import Verdict
from pipeline.series import SeriesInfo

BAND_FORMS = {"coverage": ".1%", "width": ".4g", "interval_score": ".4g"}


def _cells(row: Mapping[str, float] | pd.Series, forms: Mapping[str, str]) -> list[str]:
    """Return numbers of a row as texts. forms: by column, the format."""
    return [shown(row[name], form) for name, form in forms.items()]


def origin(predictions: pd.DataFrame, step: str) -> str:
    """Return from which date the last forecast is, in words. predictions: of one ticker, at least from that date."""
    last, known = predictions["origin"].max(), predictions.loc[predictions["actual"].notna(), "date"].max()
    if pd.isna(known) or known <= last:
        return f"Forecast from {format_date(last)}, the last {step}."
    rest = f"the last {step} with a complete window before it. The data end on {format_date(known)}."
    return f"Forecast from {format_date(last)}, {rest}"


def next_forecast(title: str, ahead: pd.DataFrame, series: SeriesInfo, coverage: float) -> Table:
    """Return the forecast of the next steps. ahead: from one origin, as results.last_forecast returns it."""
    change = ahead["predicted"] / ahead["last"] - 1 if series.priced else ahead["predicted"] - ahead["last"]
    forms = {"predicted": ",.2f", "change": "+.2%" if series.priced else "+,.2f", "lower": ",.2f", "upper": ",.2f"}
    heads = [series.step, series.label, f"change from the last {series.step}", f"{percent(coverage)} band from", "to"]
    if ahead["volatility"].notna().any():
        forms["volatility"] = ".2%"
        heads.append(f"volatility of the {series.step}, median")
    rows = ahead.assign(change=change).to_dict("records")
    return Table(title, heads, [[format_date(row["date"]), *_cells(row, forms)] for row in rows])


def common(verdict: Verdict, scores: pd.DataFrame, bands: pd.DataFrame) -> list[Table]:
    """Return the tables of all tickers together: of the page, and of `python -m pipeline models`."""
    return [
        models(verdict, scores),
        horizons(verdict, scores),
        *([price_accuracy(verdict, scores)] if verdict.tickers == 1 else []),
        coverage(verdict, bands),
        band_methods(verdict, bands),
        by_slice(verdict, scores, bands),
        members(verdict, scores),
    ]


def _one_ahead(scores: pd.DataFrame) -> pd.DataFrame:
    """Return every model's scores one step ahead on test."""
    return scores[(scores["split"] == "test") & (scores["horizon"] == 1)]


def nearest(scores: pd.DataFrame) -> pd.DataFrame:
    """Return the network's scores one step ahead on test."""
    one_ahead = _one_ahead(scores)
    return one_ahead[one_ahead["model"] == NETWORK]


def _coverages(verdict: Verdict, bands: pd.DataFrame) -> pd.Series:
    """Return the coverage of the forecaster's bands one step ahead, by ticker and slice."""
    rows = bands[(bands["horizon"] == 1) & (bands["method"] == verdict.band_method)]
    return rows.set_index(["ticker", "slice"])["coverage"]


def by_ticker(verdict: Verdict, scores: pd.DataFrame, bands: pd.DataFrame) -> Table:
    """Return the network one step ahead on test, a row for each ticker; no rows if there is only one."""
    rows, coverages, lines = nearest(scores), _coverages(verdict, bands), []
    rows = rows[(rows["slice"] == ALL) & (rows["ticker"] != POOLED)].set_index(["ticker", "target"])
    targets = list(verdict.baselines)
    for name in rows.index.unique("ticker") if verdict.tickers > 1 else []:
        skills = [shown(rows["skill"].get((name, target)), "+.4f") for target in targets]
        n = str(rows.loc[(name, targets[0]), "n"])
        lines.append([name, n, *skills, shown(coverages.get((name, ALL)), ".1%")])
    heads = [f"skill, {target_title(target, verdict.series)}" for target in targets]
    return Table("The network on test, by ticker", ["ticker", "forecasts", *heads, "band coverage"], lines)


def horizons(verdict: Verdict, scores: pd.DataFrame) -> Table:
    """Return the test scores at every horizon, the network above its baseline."""
    forms, skill, lines = {"mse": ".4g", "rmse": ".4g", "mae": ".4g", "r2": ".5f"}, {"skill": "+.4f"}, []
    for each in scores_by_horizon(scores, verdict.baselines, verdict.series):
        tests = [format_p(each.network["p_value"]), _interval(each.network), shown(each.network["qlike"], ".4f")]
        tests.append(format_p(each.baseline["qlike_p_value_against_network"]) if each.target == "variance" else "")
        lines.append([each.title, str(each.horizon), NETWORK, *_cells(each.network, forms | skill), *tests])
        baseline = [*_cells(each.baseline, forms), "", "", "", shown(each.baseline["qlike"], ".4f"), ""]
        lines.append([each.title, str(each.horizon), str(each.baseline.name), *baseline])
    step = verdict.series.step
    heads = ["target", f"{step}s ahead", "model", "MSE", "RMSE", "MAE", "R²", "skill", "p", "95% interval of skill"]
    heads += ["QLIKE", "p of QLIKE"]
    return Table("Every horizon on test: the network and its baseline", heads, lines)


def _interval(row: pd.Series) -> str:
    low, high = row["skill_low"], row["skill_high"]
    return "" if pd.isna(low) or pd.isna(high) else f"{low:+.3f} to {high:+.3f}"


def models(verdict: Verdict, scores: pd.DataFrame) -> Table:
    """Return every model one step ahead on test, the best first, without the network's members."""
    rows, lines = _one_ahead(scores), []
    rows = rows[(rows["ticker"] == overall(scores)) & (rows["slice"] == ALL)]
    rows = rows[~rows["model"].str.startswith(member(""))]
    for target in verdict.baselines:
        for _, row in rows[rows["target"] == target].sort_values(["mse", "model"]).iterrows():
            is_network = row["model"] == NETWORK
            against_network = "" if is_network else format_p(row["p_value_against_network"])
            no_qlike = is_network or target == "price"
            qlike_p_value = "" if no_qlike else format_p(row["qlike_p_value_against_network"])
            measures = _cells(row, {"rmse": ".4g", "r2": ".5f", "skill": "+.4f"})
            tests = [format_p(row["p_value"]), against_network, shown(row["qlike"], ".4f"), qlike_p_value]
            lines.append([target_title(target, verdict.series), row["model"], *measures, *tests])
    heads = ["target", "model", "RMSE", "R²", "skill", "p", "p against network", "QLIKE", "QLIKE p against network"]
    return Table(f"Every model on test, one {verdict.series.step} ahead, the best first", heads, lines)


def price_accuracy(verdict: Verdict, scores: pd.DataFrame) -> Table:
    """Return what the R² of a price hides: the R² of its returns, and the directional accuracy beside "always up"."""
    forms = {"r2": ".5f", "r2_return": "+.4f", "directional_accuracy": ".1%", "naive_directional_accuracy": ".1%"}
    lines = [
        [str(each.horizon), *_cells(each.network, forms)]
        for each in scores_by_horizon(scores, verdict.baselines, verdict.series)
        if each.target == "price"
    ]
    name, what = verdict.series.name, "return" if verdict.series.priced else "change"
    shares = ["right direction", '"always up"']
    heads = [f"{verdict.series.step}s ahead", f"R² of the {name}", f"R² of the {what}", *shares]
    return Table(f"A high R² of the {name} says little: R² of the {what} and right directions, on test", heads, lines)


def coverage(verdict: Verdict, bands: pd.DataFrame) -> Table:
    """Return the coverage of the bands on test, by horizon."""
    lines = []
    for result in band_results(bands, verdict.band_method):
        terciles = [shown(result.terciles.get(name), ".1%") for name in TERCILES]
        constant = _cells(result.constant, {"coverage": ".1%", "interval_score": ".4g"})
        p_value = shown(result.band["p_value"], ".3f")
        lines.append([str(result.horizon), *_cells(result.band, BAND_FORMS), *terciles, p_value, *constant])
    heads = [f"{verdict.series.step}s ahead", "coverage", "width", "interval score", *TERCILES, "p of the coverage"]
    heads += ["constant width: coverage", "interval score"]
    title = f"Coverage of the {percent(verdict.coverage)} bands on test; widths and scores in {_unit(verdict)}"
    return Table(title, heads, lines)


def _unit(verdict: Verdict) -> str:
    """Return the unit of widths and interval scores."""
    if verdict.series.priced:
        return "percent of the last value"
    return "the unit of the values" if verdict.tickers == 1 else "units of each ticker's usual change"


def band_methods(verdict: Verdict, bands: pd.DataFrame) -> Table:
    """Return every band method one step ahead on test, the best first."""
    rows = bands[(bands["ticker"] == overall(bands)) & (bands["horizon"] == 1) & (bands["slice"] == ALL)]
    ranked = rows.sort_values(["interval_score", "method"]).to_dict("records")
    lines = [[row["method"], *_cells(row, {**BAND_FORMS, "p_value": ".3f"})] for row in ranked]
    title = f"Band methods, one {verdict.series.step} ahead on test, the lowest score first; in {_unit(verdict)}"
    return Table(title, ["width scaled by", "coverage", "width", "interval score", "p of the coverage"], lines)


def by_slice(verdict: Verdict, scores: pd.DataFrame, bands: pd.DataFrame) -> Table:
    """Return the network one step ahead on test, by year and by volatility at the origin."""
    ticker, coverages, lines = overall(scores), _coverages(verdict, bands), []
    rows = nearest(scores)
    rows = rows[rows["ticker"] == ticker].set_index(["target", "slice"])
    years = sorted(set(rows.index.unique("slice")) - {ALL, *TERCILES})
    for target in verdict.baselines:
        for name in (name for name in (ALL, *years, *TERCILES) if (target, name) in rows.index):
            row, is_price = rows.loc[(target, name)], target == "price"
            covered = shown(coverages.get((ticker, name)), ".1%") if is_price else ""
            measures = _cells(row, {"rmse": ".4g", "skill": "+.4f", "skill_against_best": "+.4f"})
            lines.append([target_title(target, verdict.series), name, str(row["n"]), *measures, covered])
    heads = ["target", "part of test", "forecasts", "RMSE", "skill", "skill against the best simple model"]
    title = f"The network one {verdict.series.step} ahead, by part of test"
    return Table(title, [*heads, "band coverage"], lines)


def members(verdict: Verdict, scores: pd.DataFrame) -> Table:
    """Return the skill of the network's members on test; no rows if there is only one."""
    forms, lines = {"mean": "+.4f", "std": ".4f", "min": "+.4f", "max": "+.4f"}, []
    for each in scores_by_horizon(scores, verdict.baselines, verdict.series):
        if len(each.members):
            statistics, of_mean = _cells(each.members.agg(list(forms)), forms), shown(each.network["skill"], "+.4f")
            lines.append([each.title, str(each.horizon), str(len(each.members)), *statistics, of_mean])
    heads = ["mean skill", "standard deviation", "lowest", "highest", "skill of their mean"]
    title = "The members of the network (the same network, trained with different seeds) on test"
    return Table(title, ["target", f"{verdict.series.step}s ahead", "members", *heads], lines)
