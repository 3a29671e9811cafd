"""What the forecast page shows: the figures of each ticker, and those of all together."""

from typing import Any

import pandas as pd

from pipeline.forecaster.preparation import Preparation
from pipeline.plot import figures, tables
from pipeline.report.figures import Figure
from pipeline.report.page import Ticker, page
from pipeline.scoring.results import held, series_of, skills, whole
from pipeline.scoring.verdict import Verdict, rule
from pipeline.series import SeriesInfo

ENOUGH = 30  # residuals, for figures of them
ROWS = 100_000  # of the longest tables of the page, shared by its tickers
MOST = 10_000  # points of a line that is shown in parts
DOTS = 1500  # of a scatter
KNOWN = 40  # steps before the forecast beyond the last one


def tested(predictions: pd.DataFrame) -> pd.DataFrame:
    """One step ahead on test: rows of data/predictions.parquet, their column `last` called `persistence`."""
    own = predictions[(predictions["split"] == "test") & (predictions["horizon"] == 1)]
    return own.rename(columns={"last": "persistence"}).reset_index(drop=True)


def points(tickers: int) -> int:
    """How many points a line may have, for so many tickers."""
    return min(max(ROWS // tickers, 100), MOST)


def downsampling_note(longest: int, tickers: int) -> str:
    """What to tell of figures that show some of their values, else nothing. longest: forecasts of a ticker's test."""
    most = points(tickers)
    if longest <= min(most, DOTS):
        return ""
    return (
        f"Lines of more than {most:,} forecasts are drawn from {most:,} of them, residuals over time from at most "
        f"{min(most, DOTS):,}, chosen by largest triangle three buckets (Steinarsson 2013). "
        "Sentences and tables are of all."
    )


def tickers(predictions: pd.DataFrame, told: Verdict, preparation: Preparation, sessions: int) -> list[Ticker]:
    """What the page shows of each ticker; those that reach into test come first, for they have all figures.

    predictions: data/predictions.parquet; sessions: how many of the last are shown at first.
    """
    reaching, parts = set(tested(predictions)["ticker"]), dict(list(predictions.groupby("ticker")))
    found = []
    for name in sorted(parts, key=lambda name: (name not in reaching, name)):
        own, series = parts[name], series_of(preparation, name)
        drawn = ticker_figures(own, series, sessions, told.coverage, len(parts))
        title = tables.origin(own, series.step)
        table = tables.next_forecast(title, tables.last_forecast(own), told.series, told.coverage)
        found.append(Ticker(name, f"{name}: {series.label}", [], drawn, table))
    return found


def ticker_figures(
    predictions: pd.DataFrame, series: SeriesInfo, sessions: int, coverage: float, tickers: int
) -> dict[str, Figure]:
    """One ticker's figures by name.

    predictions: this ticker's; coverage: of the bands; tickers: how many share the page. A ticker that ended before the
    test period has no figure of it.
    """
    own, most, found = tested(predictions), points(tickers), {}
    if len(own):
        columns = ["date", "actual", "predicted", "lower", "upper", "persistence"]
        found["predicted"] = figures.predicted(own[columns], series, sessions, coverage, most)
    ahead = tables.last_forecast(predictions)
    known = predictions.loc[predictions["horizon"] == 1, ["origin", "last"]].tail(KNOWN)
    future = ahead.rename(columns={"predicted": "value"})[["date", "value", "lower", "upper"]]
    found["next_forecast"] = figures.next_forecast(known.set_axis(["date", "value"], axis=1), future, series, coverage)
    if own["variance_predicted"].notna().any():
        found["volatility"] = figures.volatility(own, series, sessions, most)
    if own["actual"].notna().sum() >= ENOUGH:
        found |= figures.residuals(own, series, min(most, DOTS))
    return found


def common(told: Verdict, scores: pd.DataFrame, bands: pd.DataFrame, history: pd.DataFrame) -> dict[str, Figure]:
    """The figures of all tickers together. scores, bands, history: the tables of these names."""
    series, own = told.series, tables.nearest(scores)
    first = held(bands, told.method)[0]
    found = {
        "horizons": figures.by_horizon(skills(scores, told.references, series), series),
        "years": figures.by_year(own[own["ticker"] == whole(scores)], series),
        "tickers": figures.by_ticker(own, series),
        "coverage": figures.coverage(first.terciles, first.constant_terciles, told.coverage, series),
        "loss": figures.loss(history),
    }
    return {name: figure for name, figure in found.items() if figure}


def html(
    told: Verdict,
    shown: list[Ticker],
    common: dict[str, Figure],
    scores: pd.DataFrame,
    bands: pd.DataFrame,
    *,
    longest: int,
    **made_by: Any,
) -> bytes:
    """The page. longest: forecasts of a ticker's test; made_by: what the template says of how the forecast was made."""
    return page(
        "plot/page.html",
        shown,
        common,
        verdict=told.sentences.values(),
        rule=rule(told.series.step),
        band=told.band,
        short=tables.short(told, scores).only("target", "RMSE", "simple", "its RMSE", "skill", "p"),
        by_ticker=tables.by_ticker(told, scores, bands),
        tables=tables.common(told, scores, bands),
        downsampling_note=downsampling_note(longest, len(shown)),
        **made_by,
    )
