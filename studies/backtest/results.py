"""What the report on the backtest says and shows."""

from typing import Any, NamedTuple

import pandas as pd

from pipeline.forecaster.forecasts import NETWORK
from pipeline.formats import Table, format_p, percent, shown
from pipeline.report import charts
from pipeline.report.figures import Figure
from pipeline.report.page import Ticker
from pipeline.scoring.columns import ALL, POOLED
from pipeline.scoring.summary import error_difference, p_text
from pipeline.scoring.verdict import SIGNIFICANCE_LEVEL
from studies.backtest import scores
from studies.backtest.params import FIRST_HAR, REFIT
from studies.backtest.scores import CONFIDENCE_SIZE, Forecasts

DRAWN = ("lhar", "ridge", "boosting")  # beside the network and its combination
TARGETS = {"price": "price", "variance": "size of the move"}
DEFINITIONS = (
    "Every model is fitted again each year on the years before it, and forecasts the year. Tickers share everything "
    "(together), the network but not scaling and HAR (by_ticker), or nothing (alone); equal forecasts are shown once. "
    "network: the mean over the seeds, trained on the years before validation, stopped on validation; network_refit: "
    "fitted again on train and validation, as the simple models are; boosting_train: boosting without validation; "
    "combination: the mean of a network and boosting, both fitted on the same years; har_first: HAR fitted once, "
    "before the first year. Loss: the squared error, or QLIKE, another loss of variance forecasts, which needs an "
    "earlier year of the ticker. Skill: 1 - mean loss / mean loss of the baseline (HAR for the size of the move, "
    "persistence for the price). Each ticker's losses are divided by the baseline's, and averaged by day, so a ticker "
    "counts by its days. Error: the square root of the mean loss. h1, h5: steps ahead. p: Diebold-Mariano test "
    "against the baseline, not corrected for the number of models. MCS p: a model with at least 0.1 belongs to the 90 "
    "% model confidence set, which holds the best one in 90 % of repeated samples. A band has its center at the "
    "network's price, and its width from the variance that a model forecasts."
)


class Report(NamedTuple):
    """The content of reports/backtest.html and reports/backtest.md."""

    headline: str
    sentences: list[str]
    tables: list[Table]
    figures: dict[str, Figure]
    tickers: list[Ticker]

    @property
    def words(self) -> dict[str, Any]:
        """What the template needs, besides the figures."""
        texts = {"headline": self.headline, "sentences": self.sentences, "definitions": DEFINITIONS}
        return {**texts, "tables": self.tables}

    @property
    def markdown(self) -> str:
        lines = "\n".join(f"- {sentence}" for sentence in self.sentences)
        tables = [f"**{table.caption}**\n\n{table.markdown}" for table in self.tables if table.rows]
        return "\n\n".join([f"**{self.headline}**", lines, DEFINITIONS, *tables]) + "\n"


def report(by_target: dict[str, Forecasts], scored: pd.DataFrame, bands: pd.DataFrame, coverage: float) -> Report:
    """Return the report. scored, bands: data/scores.parquet and data/bands.parquet; coverage: of the bands."""
    horizons, forecasts = sorted(scored["horizon"].unique()), by_target["variance"]
    main = scored[(scored["target"] == "variance") & (scored["loss"] == "squared error")]
    years = [year for year in sorted(main["year"].unique()) if year != ALL]
    nearest = of_all(main, 1)
    best, drawn = nearest["skill"].idxmax(), drawn_models(nearest)
    headline = (
        f"From {years[0]} to {years[-1]}, {best} forecasts the size of the next move best: "
        f"{error_difference(nearest['skill'][best], 'HAR')} ({p_text(nearest['p_value'][best])})."
    )
    choices = pd.concat([scores.choice(forecasts, int(h), present(forecasts)) for h in horizons])
    sentences = [
        *(in_set(of_all(main, h), int(h)) for h in horizons),
        *against_network(nearest),
        *first_har(nearest),
        seeds(scores.seed_skills(forecasts, 1), nearest),
        *price(scored),
        band(bands, coverage),
        *chosen(choices, forecasts),
    ]
    tables = [
        *(all_years(scored, name) for name in ("variance", "price")),
        by_group(main, "year", drawn, "Skill by year, one step ahead, all tickers"),
        by_group(main, "ticker", drawn, "Skill by ticker, one step ahead, all years"),
        band_table(bands, coverage),
        choice_table(choices),
    ]
    figures = {"years": figure(main[main["ticker"] == POOLED], drawn, "Skill by year")}
    tickers = [
        Ticker(name, name, [], {"ticker_years": figure(main[main["ticker"] == name], drawn, "Skill by year")})
        for name in sorted(set(main["ticker"]) - {POOLED})
    ]
    return Report(headline, sentences, tables, figures, tickers)


def of_all(main: pd.DataFrame, horizon: int) -> pd.DataFrame:
    """Return the scores of all tickers and years at one horizon, by model."""
    rows = main[(main["ticker"] == POOLED) & (main["year"] == ALL) & (main["horizon"] == horizon)]
    return rows.set_index("model")


def present(forecasts: Forecasts) -> str:
    """Return the forecast that the pipeline makes: the network, by the first pooling if there are several."""
    return next(name for name in forecasts.models if scores.kind_of(name) == NETWORK)


def drawn_models(nearest: pd.DataFrame) -> list[str]:
    """Return the models of the figure: a network, its combination and the best simple ones."""
    network = scores.network_of(list(nearest.index))
    kind = scores.kind_of(network)
    combination = scores.COMBINATION_REFIT if kind == REFIT else scores.COMBINATION
    return [network, *same_pooling(nearest, (combination, *DRAWN))]


def same_pooling(nearest: pd.DataFrame, kinds: tuple[str, ...]) -> list[str]:
    """Return the models of these kinds that are pooled as the network is."""
    network = scores.network_of(list(nearest.index))
    pooling = scores.pooling_of(network)
    wanted = dict.fromkeys(name for kind in kinds for name in (kind, f"{kind}{pooling}"))
    return [name for name in wanted if name in nearest.index]


def in_set(nearest: pd.DataFrame, horizon: int) -> str:
    """Return which models may be the best."""
    inside = nearest[nearest["mcs_p_value"] >= CONFIDENCE_SIZE].sort_values("skill", ascending=False)
    steps = "one step" if horizon == 1 else f"{horizon} steps"
    others = len(nearest) - len(inside)
    text = f"{steps.capitalize()} ahead, the 90 % model confidence set holds {', '.join(inside.index)}"
    return f"{text}; each of the other {others} forecasts is worse than one of these." if others else f"{text}."


def against_network(nearest: pd.DataFrame) -> list[str]:
    """Return whether depth pays: the network against the strongest simple models."""
    network = scores.network_of(list(nearest.index))
    rivals = same_pooling(nearest, DRAWN)
    compared = []
    for name in rivals:
        skill = 1 - (1 - nearest["skill"][network]) / (1 - nearest["skill"][name])
        compared.append(f"{error_difference(skill, name)} ({p_text(nearest['p_value_against_network'][name])})")
    return [f"Is a network worth it? {network} makes {', '.join(compared)}."] if compared else []


def first_har(nearest: pd.DataFrame) -> list[str]:
    """Return what refitting HAR brings."""
    fitted_once = [name for name in nearest.index if scores.kind_of(name) == FIRST_HAR]
    return [
        f"HAR fitted once makes {error_difference(nearest['skill'][name], 'HAR fitted again each year')} "
        f"({p_text(nearest['p_value'][name])})."
        for name in fitted_once
    ]


def seeds(skills: pd.Series, nearest: pd.DataFrame) -> str:
    """Return how much the skill depends on the seed. skills: of the network with each seed."""
    network = scores.network_of(list(nearest.index))
    return (
        f"With a single seed, the skill of {network} is between {skills.min():+.4f} and {skills.max():+.4f}; the "
        f"mean of their forecasts has {nearest['skill'][network]:+.4f}."
    )


def price(scored: pd.DataFrame) -> list[str]:
    """Return whether any model forecasts the price better than persistence."""
    rows = scored[(scored["target"] == "price") & (scored["loss"] == "squared error")]
    if rows.empty:
        return []
    nearest = of_all(rows, 1)
    better = nearest[(nearest["skill"] > 0) & (nearest["p_value"] < SIGNIFICANCE_LEVEL)]
    if better.empty:
        return ["No model forecasts the price one step ahead significantly better than persistence."]
    found = [f"{name} ({error_difference(row['skill'])}, {p_text(row['p_value'])})" for name, row in better.iterrows()]
    told = f"{len(found)} of {len(nearest)} forecasts are better than persistence one step ahead"
    return [f"Price: {told}, at p below {SIGNIFICANCE_LEVEL}: {', '.join(found)}."]


def band(bands: pd.DataFrame, coverage: float) -> str:
    """Return how often the network's band held, and its best and worst year."""
    rows = bands[(bands["method"] == bands["method"].iloc[0]) & (bands["ticker"] == POOLED) & (bands["horizon"] == 1)]
    held = rows.set_index("year")["coverage"]
    years = held.drop(ALL)
    return (
        f"The {percent(coverage)} band of {bands['method'].iloc[0]} contained {held[ALL]:.1%} of the values one step "
        f"ahead: from {years.min():.1%} in {years.idxmin()} to {years.max():.1%} in {years.idxmax()}."
    )


def chosen(choices: pd.DataFrame, forecasts: Forecasts) -> list[str]:
    """Return what the rule says on the default."""
    nearest = choices[choices["horizon"] == 1]
    if "replaces" not in nearest or nearest["skill_choose"].isna().all():
        return [f"No ticker has {scores.MIN_YEARS} years, so no default is chosen here."]
    winners = nearest[nearest["replaces"]]
    if winners.empty:
        return [f"By the rule of the two halves of the years, the default stays: {present(forecasts)}."]
    best = winners.sort_values("skill_confirm")["model"].iloc[-1]
    return [f"By the rule of the two halves of the years, {best} replaces {present(forecasts)}."]


def all_years(scored: pd.DataFrame, target: str) -> Table:
    """Return the scores of all models, over all tickers and years."""
    rows = scored[(scored["target"] == target) & (scored["ticker"] == POOLED) & (scored["year"] == ALL)]
    heads, cells = ["model"], {name: [name] for name in rows["model"].unique()}
    for (loss, horizon), part in rows.groupby(["loss", "horizon"], sort=False):
        label = f"{'QLIKE ' if loss == 'QLIKE' else ''}skill h{horizon}"
        heads += [label, f"p h{horizon}", f"MCS p h{horizon}"]
        for row in part.itertuples():
            cells[row.model] += [f"{row.skill:+.4f}", format_p(row.p_value), shown(row.mcs_p_value, ".2f")]
    order = rows[(rows["loss"] == "squared error") & (rows["horizon"] == 1)].sort_values("skill", ascending=False)
    return Table(
        f"Forecasts of the {TARGETS[target]}, all tickers and years", heads, [cells[n] for n in order["model"]]
    )


def by_group(main: pd.DataFrame, column: str, models: list[str], caption: str) -> Table:
    """Return the skill of some models by year or by ticker, with the number of days."""
    other, whole = ("ticker", POOLED) if column == "year" else ("year", ALL)
    rows = main[(main[other] == whole) & (main["horizon"] == 1) & main["model"].isin(models)]
    wide = rows.pivot(index=column, columns="model", values="skill")[models]
    days = rows.groupby(column)["n"].first()
    lines = [[str(name), str(days[name]), *(shown(value, "+.4f") for value in line)] for name, line in wide.iterrows()]
    return Table(caption, [column, "days", *models], lines)


def band_table(bands: pd.DataFrame, coverage: float) -> Table:
    """Return coverage and interval score by year, one step ahead, for each method."""
    rows = bands[(bands["ticker"] == POOLED) & (bands["horizon"] == 1)]
    methods = list(rows["method"].unique())
    wide = rows.pivot(index="year", columns="method", values=["coverage", "interval_score"])
    heads = ["year", *(f"coverage, {name}" for name in methods), *(f"interval score, {name}" for name in methods)]
    lines = [
        [str(year)]
        + [shown(line["coverage"][name], ".1%") for name in methods]
        + [shown(line["interval_score"][name], ".3f") for name in methods]
        for year, line in wide.iterrows()
    ]
    return Table(f"{percent(coverage)} bands one step ahead, calibrated on the earlier years", heads, lines)


def choice_table(choices: pd.DataFrame) -> Table:
    """Return the table from which the default follows."""
    heads = ["model", "ahead", "skill, first half", "MCS p", "skill, second half", "MCS p"]
    numbers = {"skill_choose": "+.4f", "mcs_p_choose": ".2f", "skill_confirm": "+.4f", "mcs_p_confirm": ".2f"}
    lines = [
        [row["model"], str(row["horizon"]), *(shown(row[name], form) for name, form in numbers.items())]
        for row in choices.to_dict("records")
    ]
    return Table(
        "Which forecast should be the default: chosen on each ticker's first half of the years, confirmed on the rest",
        heads,
        lines,
    )


def figure(rows: pd.DataFrame, models: list[str], title: str) -> Figure:
    """Return the skill by year. rows: the scores of one ticker, or of all."""
    shown_rows = rows[(rows["year"] != ALL) & (rows["horizon"] == 1) & rows["model"].isin(models)]
    wins = shown_rows.pivot(index="year", columns="model", values="skill")
    network = models[0]
    sentence = f"{network} has skill above 0 in {(wins[network] > 0).sum()} of {len(wins)} years."
    table = {"skills": shown_rows[["model", "year", "skill"]].reset_index(drop=True)}
    return Figure(title, sentence, charts.skill_by_year(tuple(models)), table)
