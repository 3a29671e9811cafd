"""From the scores to the verdict: which comparisons it rests on."""

from collections.abc import Collection

import pandas as pd

from pipeline.forecaster.forecasts import is_simple
from pipeline.scoring import summary
from pipeline.scoring.columns import POOLED
from pipeline.scoring.results import HorizonScores, band_results, overall, scores_by_horizon
from pipeline.scoring.verdict import SIGNIFICANCE_LEVEL, Comparison, Verdict
from pipeline.series import SeriesInfo


def verdict(
    scores: pd.DataFrame,
    bands: pd.DataFrame,
    baselines: dict[str, str],
    series: SeriesInfo,
    band_method: str,
    coverage: float,
    trained: Collection[str],
) -> Verdict:
    """Return data/verdict.json.

    scores, bands: data/scores.parquet and data/bands.parquet; baselines: by target, the simple model that the network
    is judged against; band_method: the one that the forecaster uses; coverage: the share that its bands should hold;
    trained: the targets that the network was trained to forecast.
    """
    results = list(scores_by_horizon(scores, baselines, series))
    nearest = {each.target: each for each in results if each.horizon == 1}
    tickers = int(scores.loc[scores["ticker"] != POOLED, "ticker"].nunique())
    typed = Verdict(
        series=series,
        name=overall(scores) if tickers == 1 else f"{tickers} tickers",
        tickers=tickers,
        baselines=baselines,
        trained=[target for target in baselines if target in trained],
        coverage=coverage,
        band_method=band_method,
        comparisons=[
            comparison(each, str(each.baseline.name), "skill", "p_value")
            for each in results
            if each.horizon in (1, scores["horizon"].max())
        ],
        best_simple={
            target: comparison(each, each.network["best"], "skill_against_best", "p_value_against_best")
            for target, each in nearest.items()
        },
        better_than_baseline={target: better_than_baseline(each) for target, each in nearest.items()},
        headline="",
        evidence=[],
        band=summary.band(band_results(bands, band_method)[0], series.step, coverage),
    )
    return typed.model_copy(update={"headline": summary.headline(typed), "evidence": summary.evidence(typed)})


def comparison(result: HorizonScores, model: str, skill: str, p_value: str) -> Comparison:
    """Return the comparison of the network with one model. skill, p_value: the columns of the network's row to take."""
    network, other = result.network, result.models.loc[model]
    return Comparison(
        target="price" if result.target == "price" else "variance",
        horizon=result.horizon,
        n=int(network["n"]),
        rmse=float(network["rmse"]),
        model=model,
        model_rmse=float(other["rmse"]),
        skill=None if pd.isna(network[skill]) else float(network[skill]),
        p_value=None if pd.isna(network[p_value]) else float(network[p_value]),
    )


def better_than_baseline(result: HorizonScores) -> list[str]:
    """Return the simple models whose skill against the baseline is above 0 and significant."""
    rows = result.models[(result.models["skill"] > 0) & (result.models["p_value"] < SIGNIFICANCE_LEVEL)]
    return [name for name in rows.index if is_simple(name)]
