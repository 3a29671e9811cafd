"""Bands around the forecast, and how often they contain the actual value on test.

The method is split conformal prediction: divide the errors on validation by their expected size (the scale). The band
is as wide as the wanted share of these errors needs.

Split conformal prediction: Lei, G'Sell, Rinaldo, Tibshirani and Wasserman (2018), "Distribution-free predictive
inference for regression", Journal of the American Statistical Association 113(523), with residuals divided by a scale
(section 5.2 there). It guarantees the coverage if the order of the errors does not matter. In a time series it does, so
the coverage is measured.

data/bands.parquet: one row is the result of one band method on test, for a horizon, ticker and slice. `method` names
what the width is proportional to: the variance that `network` or a simple model forecasts, the `current` volatility, or
nothing (`constant`). All methods are calibrated on validation. `width` and `interval_score` are in
percent of the last price, or in the unit of a series that is not a price. `standard_error` is that of the coverage, one
step ahead. `p_value` tests the coverage, for one ticker one step ahead.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Literal

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray
from scipy.special import betaln

from pipeline.evaluate.scores import daily, slices
from pipeline.forecaster import bands
from pipeline.forecaster.bands import Bands
from pipeline.forecaster.forecasts import NETWORK, member
from pipeline.forecaster.preparation import Pool, fit_groups, for_ticker
from pipeline.io.errors import UserError
from pipeline.scoring.columns import ALL, POOLED

Floats = NDArray[np.float64]

CURRENT, CONSTANT = "current", "constant"
MEASURES = ("coverage", "standard_error", "width", "interval_score", "p_value")

SCHEMA = pa.schema(
    [
        ("method", pa.string()),
        ("horizon", pa.int32()),
        ("ticker", pa.string()),
        ("slice", pa.string()),
        ("n", pa.int32()),
        *((name, pa.float64()) for name in MEASURES),
    ]
)


def scales(predictions: pd.DataFrame, variances: pd.DataFrame, *, priced: bool) -> pd.DataFrame:
    """Return the scale of each forecast's band, in the value's unit: one column for each band method.

    - `network`, or a simple model of the variance: bands.scale_from_variance of its forecasts.
    - `current`: bands.scale_from_change of the step size known at the origin.
    - `constant`: the last price, or 1 for a series that is not a price.

    NaN where the model has no forecast. The result has the index of `predictions`.

    predictions: data/predictions.parquet without its band, with the columns of scores.origins; variances: the forecasts
    of the log variance as from predictions.by_model, without columns if there are none.
    """
    origins = predictions.loc[predictions["horizon"] == 1, ["last", "change"]]
    horizon, last = predictions["horizon"].max(), origins["last"].to_numpy()
    by_method = {CURRENT: bands.scale_from_change(origins["change"].to_numpy(), horizon)}
    by_method[CONSTANT] = np.repeat((last if priced else np.ones(len(last)))[:, None], horizon, axis=1)
    for name in variances if priced else ():  # only prices have a variance forecast
        if not name.startswith(member("")):
            by_method[name] = bands.scale_from_variance(last, variances[name].to_numpy().reshape(len(last), horizon))
    return pd.DataFrame({name: scale.ravel() for name, scale in by_method.items()}, index=predictions.index)


def chosen_method(scale: pd.DataFrame) -> Literal["network", "current"]:
    """Return the method of the forecaster: the network's variance if it forecasts one, otherwise the current change."""
    return "network" if NETWORK in scale else "current"


def rank(n: int, coverage: float) -> int:
    """Return which of n sorted calibration scores bounds the band, ceil((n + 1) coverage). Above n there is no band."""
    return max(1, int(np.ceil((n + 1) * coverage - 1e-9)))


def quantile(scores: Floats, coverage: float) -> float:
    """Return the conformal quantile of sorted calibration scores, the one of `rank`; NaN if there are too few."""
    number = rank(len(scores), coverage)
    return float(scores[number - 1]) if number <= len(scores) else float("nan")


def calibration_scores(forecasts: pd.DataFrame, scale: pd.Series, pool: Pool) -> dict[str, list[Floats]]:
    """Return |actual - predicted| / scale on validation: by ticker or ALL, then by horizon, sorted, without NaN.

    forecasts: data/predictions.parquet with the columns of scores.origins; scale: a column of `scales`.
    """
    scores = ((forecasts["actual"] - forecasts["predicted"]).abs() / scale).to_numpy()
    horizon, used = forecasts["horizon"].to_numpy(), (forecasts["split"] == "validation").to_numpy() & ~np.isnan(scores)
    by_group = {}
    for group, positions in fit_groups(forecasts["ticker"], pool).items():
        own = positions[used[positions]]
        by_group[group] = [np.sort(scores[own[horizon[own] == h]]) for h in range(1, horizon.max() + 1)]
    return by_group


def calibrated(forecasts: pd.DataFrame, scale: pd.DataFrame, coverage: float, pool: Pool) -> Bands:
    """Return the forecaster's bands: data/bands.json.

    forecasts: as in `calibration_scores`; scale: as `scales` returns it. Raises UserError if a horizon has too few
    forecasts to calibrate this coverage, with a line for each such ticker if the bands are calibrated by ticker.
    """
    method, lines = chosen_method(scale), []
    scores = calibration_scores(forecasts, scale[method], pool)
    for group, by_horizon in scores.items():
        fewest = min(map(len, by_horizon))
        if rank(fewest, coverage) > fewest:
            forecasts_of_group = "forecasts" if pool == "together" else f"forecasts of {group}"
            highest = (
                f"at most {np.floor(fewest / (fewest + 1) * 1000) / 1000:g}" if fewest else "a series that changes"
            )
            lines.append(
                f"params.yaml: evaluate.coverage: found {coverage:g}, but validation has only {fewest} "
                f"{forecasts_of_group} to calibrate the bands on; accepted: {highest}, or a larger prepare.validation"
            )
    if lines:
        raise UserError("\n".join(lines))
    return Bands(coverage=coverage, method=method, quantiles=quantiles(scores, coverage))


def quantiles(scores: dict[str, list[Floats]], coverage: float) -> dict[str, list[float]]:
    """Return the quantiles of the scores: by ticker or ALL, then by horizon. scores: of `calibration_scores`."""
    return {group: [quantile(own, coverage) for own in by_horizon] for group, by_horizon in scores.items()}


def half_widths(predictions: pd.DataFrame, scale: pd.Series, by_group: Mapping[str, list[float]]) -> Floats:
    """Return half the width of each forecast's band, (forecasts,). scale: a column of `scales`."""
    tickers = predictions.loc[predictions["horizon"] == 1, "ticker"]
    return bands.half_widths(scale.to_numpy().reshape(len(tickers), -1), by_group, tickers).ravel()


def with_bands(predictions: pd.DataFrame, scale: pd.DataFrame, calibrated: Bands) -> pd.DataFrame:
    """Return data/predictions.parquet: `predictions` with `lower` and `upper`. scale: as `scales` returns it.

    Forecasts before test get no band, because it was calibrated on sessions that were not known then.
    """
    half_width = half_widths(predictions, scale[calibrated.method], calibrated.quantiles)
    split, origin = predictions["split"], predictions["origin"]
    has_band = (origin >= origin[split == "test"].min()) & (split != "validation") | (split == "future")
    half_width = np.where(has_band, half_width, np.nan)
    return predictions.assign(lower=predictions["predicted"] - half_width, upper=predictions["predicted"] + half_width)


def measures(actual: Floats, lower: Floats, upper: Floats, coverage: float) -> dict[str, float]:
    """Return the coverage, the mean width and the interval score of bands; each array (forecasts,).

    interval score = width + 2 / alpha x (how far the actual value lies outside), alpha = 1 - coverage; smaller is
    better (Gneiting and Raftery 2007, "Strictly proper scoring rules, prediction, and estimation", Journal of the
    American Statistical Association 102(477), equation 43).
    """
    outside = np.maximum(lower - actual, 0) + np.maximum(actual - upper, 0)
    width = upper - lower
    return {
        "n": len(actual),
        "coverage": np.mean(outside == 0),
        "width": np.mean(width),
        "interval_score": np.mean(width + 2 / (1 - coverage) * outside),
    }


def coverage_p(missed: NDArray[np.bool_], coverage: float, n_calibration: int) -> float:
    """Return the two-sided p-value of the number of misses of a split-conformal band; a small value says that the band
    is too wide or too narrow.

    The band was calibrated on n forecasts, so its true coverage is itself random: Beta(k, n + 1 - k), k the `rank`, if
    errors are exchangeable (Vovk 2012, "Conditional validity of inductive conformal predictors", ACML, proposition 2).

    missed: for each day, whether the value lay outside the band, (days,); n_calibration: n.
    """
    k, n = rank(n_calibration, coverage), len(missed)
    counts, b = np.arange(missed.sum() + 1), n_calibration + 1 - k
    combinations = -np.log(n + 1) - betaln(n - counts + 1, counts + 1)
    probabilities = np.exp(combinations + betaln(counts + b, n - counts + k) - betaln(b, k))  # beta-binomial
    at_most, fewer = probabilities.sum(), probabilities[:-1].sum()
    return float(min(1.0, 2 * max(0.0, min(at_most, 1 - fewer))))


def table(forecasts: pd.DataFrame, scale: pd.DataFrame, coverage: float, pool: Pool) -> pd.DataFrame:
    """Return data/bands.parquet, sorted. forecasts, scale, pool: as in `calibrated`."""
    rows: list[dict[str, Any]] = []
    for method in scale:
        scores = calibration_scores(forecasts, scale[method], pool)
        half_width = pd.Series(half_widths(forecasts, scale[method], quantiles(scores, coverage)), forecasts.index)
        sliced = method in (chosen_method(scale), CONSTANT)
        results = _results(forecasts, half_width, coverage, scores, sliced=sliced)
        rows += [{"method": method, **values} for values in results]
    return pd.DataFrame(rows).sort_values(["method", "horizon", "ticker", "slice"], ignore_index=True)


def _results(
    forecasts: pd.DataFrame, half_width: pd.Series, coverage: float, scores: dict[str, list[Floats]], *, sliced: bool
) -> Iterator[dict[str, Any]]:
    """Yield the results of one band method on test: for each ticker, and for POOLED if there are several.

    With `sliced`, years and terciles get a row too, for the only ticker or for POOLED. Widths are in percent of the
    last price, or in the unit of a series that is not a price; POOLED divides those by `error_scale`. Only a single
    ticker one step ahead gets a p-value: overlapping forecasts miss together, and so do tickers. Standard errors are
    those of the mean of days. scores: those that the band was calibrated on.
    """
    several = forecasts["ticker"].nunique() > 1
    unit = forecasts["percent"].fillna(forecasts["error_scale"] if several else 1.0)
    predicted, half = forecasts["predicted"] / unit, half_width / unit
    banded = forecasts[["ticker", "horizon", "date", "tercile"]].assign(
        actual=forecasts["actual"] / unit, lower=predicted - half, upper=predicted + half
    )
    banded = banded[(forecasts["split"] == "test") & banded[["lower", "actual"]].notna().all(axis=1)]
    if several:
        banded = pd.concat([banded, banded.assign(ticker=POOLED)])
    for (ticker, horizon), rows in banded.groupby(["ticker", "horizon"]):
        dates, tercile, *values = (rows[name].to_numpy() for name in ("date", "tercile", "actual", "lower", "upper"))
        for name, part in slices(dates, tercile, sliced=sliced and (ticker == POOLED or not several)):
            actual, lower, upper = (column[part] for column in values)
            missed, tested = (actual < lower) | (actual > upper), (horizon, name) == (1, ALL) and ticker != POOLED
            by_day = daily(missed[:, None].astype(float), dates[part]) if horizon == 1 else np.empty(0)
            yield {
                "horizon": horizon,
                "ticker": ticker,
                "slice": name,
                **measures(actual, lower, upper, coverage),
                "standard_error": np.std(by_day, ddof=1) / len(by_day) ** 0.5 if len(by_day) > 1 else np.nan,
                "p_value": coverage_p(missed, coverage, len(for_ticker(scores, ticker)[0])) if tested else np.nan,
            }
