"""What the forecast page shows: the figures of each ticker, and those of all together."""

from collections.abc import Iterable, Iterator
from typing import Any

import pandas as pd

from pipeline.forecaster.preparation import Preparation
from pipeline.plot import figures, tables
from pipeline.report.figures import Figure
from pipeline.report.page import Ticker, page
from pipeline.scoring import summary
from pipeline.scoring.results import band_results, last_forecast, overall, series_of, skills, target_title
from pipeline.scoring.verdict import Verdict
from pipeline.series import SeriesInfo

MIN_RESIDUALS = 30  # for figures of them
MAX_ROWS = 100_000  # of the longest tables of the page, shared by its tickers
MAX_POINTS = 10_000  # of a line that is shown in parts
MAX_DOTS = 1500  # of a scatter
STEPS_BEFORE = 40  # shown before the next forecast
Parts = tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]


def tested(predictions: pd.DataFrame) -> pd.DataFrame:
    """Return the forecasts one step ahead on test: rows of data/predictions.parquet, with `last` as `persistence`."""
    rows = predictions[(predictions["split"] == "test") & (predictions["horizon"] == 1)]
    return rows.rename(columns={"last": "persistence"}).reset_index(drop=True)


def max_points(tickers: int) -> int:
    """Return how many points a line may have if so many tickers share the page."""
    return min(max(MAX_ROWS // tickers, 100), MAX_POINTS)


def downsampling_note(longest: int, tickers: int) -> str:
    """Return a note on figures that show only some of their values; empty if there are none.

    longest: the number of test forecasts of the longest ticker.
    """
    points = max_points(tickers)
    if longest <= min(points, MAX_DOTS):
        return ""
    return (
        f"A line of more than {points:,} forecasts is drawn from {points:,} of them, and residuals over time from "
        f"{min(points, MAX_DOTS):,}: those that keep the shape (largest triangle three buckets, Steinarsson 2013). "
        "Sentences and tables use all values."
    )


def parts(predictions: pd.DataFrame) -> Parts:
    """Return the rows that figures of tickers show: those of `tested`, the last forecasts, and the last known steps."""
    one_ahead = predictions.loc[predictions["horizon"] == 1, ["ticker", "origin", "last"]]
    known = one_ahead.groupby("ticker").tail(STEPS_BEFORE).set_axis(["ticker", "date", "value"], axis=1)
    return tested(predictions), last_forecast(predictions), known


def tickers(predictions: pd.DataFrame, verdict: Verdict, preparation: Preparation, sessions: int) -> Iterator[Ticker]:
    """Yield what the page shows of each ticker. Those with test forecasts come first, because they have all figures.

    predictions: the rows of data/predictions.parquet with horizon 1, and those from each ticker's last origin;
    sessions: how many of the last are shown at first.
    """
    whole = parts(predictions)
    in_test, last, before = (dict(list(part.groupby("ticker"))) for part in whole)
    for name in sorted(last, key=lambda name: (name not in in_test, name)):
        own, series = (in_test.get(name, whole[0][:0]), last[name], before[name]), series_of(preparation, name)
        drawn = ticker_figures(own, series, sessions, verdict.coverage, len(last))
        title = tables.origin(last[name], series.step)
        table = tables.next_forecast(title, last[name], verdict.series, verdict.coverage)
        yield Ticker(name, f"{name}: {series.label}", [], drawn, table)


def ticker_figures(own: Parts, series: SeriesInfo, sessions: int, coverage: float, tickers: int) -> dict[str, Figure]:
    """Return one ticker's figures by name. A ticker that ended before the test period has none of test.

    own: the `parts` of this ticker; coverage: of the bands; tickers: how many share the page.
    """
    rows, ahead, known = own
    points, drawn = max_points(tickers), {}
    if len(rows):
        columns = ["date", "actual", "predicted", "lower", "upper", "persistence"]
        drawn["predicted"] = figures.predicted(rows[columns], series, sessions, coverage, points)
    future = ahead[["date", "predicted", "lower", "upper"]].set_axis(["date", "value", "lower", "upper"], axis=1)
    drawn["next_forecast"] = figures.next_forecast(known[["date", "value"]], future, series, coverage)
    if rows["variance_predicted"].notna().any():
        drawn["volatility"] = figures.volatility(rows, series, sessions, points)
    if rows["actual"].notna().sum() >= MIN_RESIDUALS:
        drawn |= figures.residuals(rows, series, min(points, MAX_DOTS))
    return drawn


def common(verdict: Verdict, scores: pd.DataFrame, bands: pd.DataFrame, history: pd.DataFrame) -> dict[str, Figure]:
    """Return the figures of all tickers together. scores, bands, history: the tables of these names."""
    series, nearest = verdict.series, tables.nearest(scores)
    band = band_results(bands, verdict.band_method)[0]
    drawn = {
        "coverage": figures.coverage(band.terciles, band.constant_terciles, verdict.coverage, series),
        "horizons": figures.by_horizon(skills(scores, verdict.baselines, series), series),
        "years": figures.by_year(nearest[nearest["ticker"] == overall(scores)], series),
        "tickers": figures.by_ticker(nearest, series),
    }
    for target, rows in history.groupby("target"):
        drawn[f"loss_{target}"] = figures.loss(rows, target_title(str(target), series))
    return {name: figure for name, figure in drawn.items() if figure}


def html(
    verdict: Verdict,
    tickers: Iterable[Ticker],
    common: dict[str, Figure],
    scores: pd.DataFrame,
    bands: pd.DataFrame,
    **more: Any,
) -> bytes:
    """Return the page. more: other values of the template: the script, a note, and how the forecast was made."""
    return page(
        "pipeline/plot/page.html",
        tickers,
        common,
        verdict=verdict,
        definitions=summary.definitions(verdict),
        table=summary.table(verdict),
        by_ticker=tables.by_ticker(verdict, scores, bands),
        tables=tables.common(verdict, scores, bands),
        **more,
    )
