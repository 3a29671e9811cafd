"""Bands around the forecast by split conformal prediction, and how well they held on test.

Lei, G'Sell, Rinaldo, Tibshirani and Wasserman (2018), "Distribution-free predictive inference for regression", Journal
of the American Statistical Association 113(523), with residuals divided by a scale (section 5.2 there). The method
guarantees coverage where errors are exchangeable. Those of a time series are not, so coverage is measured.

data/bands.parquet: one row is how well one kind of band held on test, for a horizon, ticker and slice. `method` names
what the width is proportional to: the variance that `network` or a simple model forecasts, the `current` volatility, or
nothing (`constant`). All are calibrated on the later half of validation. `width` and `interval_score` are in percent of
the last price, or in the units of a series that is no price. `p_value` is of the coverage, for one ticker one step
ahead.
"""

from collections.abc import Iterator
from typing import Any, Literal

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray
from scipy.stats import betabinom

from pipeline.evaluate.scores import slices
from pipeline.forecaster import bands
from pipeline.forecaster.bands import Bands
from pipeline.forecaster.forecasts import NETWORK, member
from pipeline.forecaster.preparation import ALL as EVERY
from pipeline.io.errors import UserError
from pipeline.scoring.columns import ALL, POOLED

Floats = NDArray[np.float64]

CURRENT, CONSTANT = "current", "constant"
MEASURES = ("coverage", "width", "interval_score", "p_value")

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


def scales(predictions: pd.DataFrame, forecasts: pd.DataFrame, *, priced: bool) -> pd.DataFrame:
    """The relative width of each forecast's band, in the value's units: one column for each kind of band.

    network, or a simple model of the variance: bands.scale_from_variance of its forecasts. current:
    bands.scale_from_change of the change known at the origin. constant: the last price, or 1 for a series that is no
    price. NaN where there is no such forecast. The result has the index of `predictions`.

    predictions: data/predictions.parquet without bands, with the columns of scores.origins; forecasts: the forecasts of
    every model, with the columns of forecaster/forecasts.
    """
    key, origins = ["ticker", "origin"], predictions[predictions["horizon"] == 1]
    horizon, last = predictions["horizon"].max(), origins["last"].to_numpy()
    found = {CURRENT: bands.scale_from_change(origins["change"].to_numpy(), horizon)}
    found[CONSTANT] = np.repeat((last if priced else np.ones(len(last)))[:, None], horizon, axis=1)
    variances = forecasts[(forecasts["target"] == "variance") & ~forecasts["model"].str.startswith(member(""))]
    for name, own in variances.groupby("model") if priced else ():  # the variance is that of prices
        paths = own.pivot(index=key, columns="horizon", values="predicted")
        found[str(name)] = bands.scale_from_variance(
            last, paths.reindex(pd.MultiIndex.from_frame(origins[key])).to_numpy()
        )
    return pd.DataFrame({name: own.ravel() for name, own in found.items()}, index=predictions.index)


def chosen(scale: pd.DataFrame) -> Literal["network", "current"]:
    """Which column of `scales` the forecast's own band uses: the network's variance, where it forecasts one."""
    return "network" if NETWORK in scale else "current"


def rank(n: int, coverage: float) -> int:
    """Which of n sorted calibration scores bounds the band: ceil((n + 1) coverage); above n there is no such band."""
    return max(1, int(np.ceil((n + 1) * coverage - 1e-9)))


def quantile(scores: Floats, coverage: float) -> float:
    """The conformal quantile of calibration scores, sorted: the one of `rank`, NaN where there are too few."""
    at = rank(len(scores), coverage)
    return float(scores[at - 1]) if at <= len(scores) else float("nan")


def calibration(forecasts: pd.DataFrame, scale: pd.Series) -> dict[int, Floats]:
    """The calibration scores |error| / scale over the later half of validation: by horizon, sorted, without NaN.

    forecasts: data/predictions.parquet with the columns of scores.origins; scale: one of `scales`.
    """
    scores = ((forecasts["actual"] - forecasts["predicted"]).abs() / scale)[forecasts["calibration"]]
    return {int(h): np.sort(own.dropna().to_numpy()) for h, own in scores.groupby(forecasts["horizon"])}


def calibrated(forecasts: pd.DataFrame, scale: pd.DataFrame, coverage: float) -> Bands:
    """The bands of the forecast. forecasts: as `calibration` takes them; scale: as `scales` gives it.

    Raises UserError where there are too few forecasts to calibrate on for the coverage, at any horizon.
    """
    method = chosen(scale)
    scores = calibration(forecasts, scale[method])
    fewest = min(map(len, scores.values()), default=0)
    if not fewest:
        raise UserError(
            "params.yaml: evaluate.coverage: the later half of validation has no forecast of a value that moves, to "
            "calibrate bands on; accepted: a larger prepare.validation, or a series that changes"
        )
    if rank(fewest, coverage) > fewest:
        raise UserError(
            f"params.yaml: evaluate.coverage: found {coverage:g}, but the later half of validation has {fewest} "
            f"forecasts to calibrate on; accepted: at most {np.floor(fewest / (fewest + 1) * 1000) / 1000:g}, or a "
            "larger prepare.validation"
        )
    return Bands(
        coverage=coverage, method=method, quantiles={EVERY: [quantile(own, coverage) for own in scores.values()]}
    )


def with_bands(predictions: pd.DataFrame, scale: pd.DataFrame, calibrated: Bands) -> pd.DataFrame:
    """data/predictions.parquet: the forecasts with their bands. predictions: as `predictions` gives them; scale: as
    `scales` gives it.
    """
    tickers = predictions.loc[predictions["horizon"] == 1, "ticker"]
    own = scale[calibrated.method].to_numpy().reshape(len(tickers), -1)
    half = bands.half_widths(own, calibrated, tickers).ravel()
    return predictions.assign(lower=predictions["predicted"] - half, upper=predictions["predicted"] + half)


def measures(actual: Floats, lower: Floats, upper: Floats, coverage: float) -> dict[str, float]:
    """Coverage, mean width and interval score (Gneiting and Raftery 2007, "Strictly proper scoring rules, prediction,
    and estimation", Journal of the American Statistical Association 102(477), equation 43: width + 2 / alpha x what
    is missed, alpha = 1 - coverage). Each array (forecasts,).
    """
    missed = np.maximum(lower - actual, 0) + np.maximum(actual - upper, 0)
    width = upper - lower
    return {
        "n": len(actual),
        "coverage": np.mean(missed == 0),
        "width": np.mean(width),
        "interval_score": np.mean(width + 2 / (1 - coverage) * missed),
    }


def coverage_p(missed: NDArray[np.bool_], coverage: float, calibrated: int) -> float:
    """Two-sided p-value of the number of misses of a split-conformal band.

    The band was calibrated on n forecasts, so its true coverage is random: Beta(k, n + 1 - k) with k of `rank`, for
    exchangeable errors (Vovk 2012, "Conditional validity of inductive conformal predictors", ACML, proposition 2). The
    test of Kupiec (1995) takes the coverage for exact, and so rejects sound bands too often.

    missed: whether each day's value lay outside the band, (days,); calibrated: n.
    """
    k = rank(calibrated, coverage)
    misses = betabinom(len(missed), calibrated + 1 - k, k)
    count = int(missed.sum())
    return float(min(1.0, 2 * min(misses.cdf(count), misses.sf(count - 1))))


def table(forecasts: pd.DataFrame, scale: pd.DataFrame, coverage: float) -> pd.DataFrame:
    """data/bands.parquet, sorted. forecasts, scale: as `calibrated` takes them."""
    found: list[dict[str, Any]] = []
    for method in scale:
        scores = calibration(forecasts, scale[method])
        quantiles = {h: quantile(own, coverage) for h, own in scores.items()}
        half, sliced = scale[method] * forecasts["horizon"].map(quantiles), method in (chosen(scale), CONSTANT)
        held = _held(forecasts, half, coverage, len(scores[1]), sliced=sliced)
        found += [{"method": method, **values} for values in held]
    return pd.DataFrame(found).sort_values(["method", "horizon", "ticker", "slice"], ignore_index=True)


def _held(
    forecasts: pd.DataFrame, half: pd.Series, coverage: float, calibrated: int, *, sliced: bool
) -> Iterator[dict[str, Any]]:
    """How well bands of this half width held on test: rows of data/bands.parquet, for each ticker, and pooled where
    there are several. With `sliced`, also by year and by volatility, for a single ticker or for the pool.

    Widths are in percent of the last price, or in the units of a series that is no price; where several such are
    pooled, in each one's `error_scale`. Only one ticker, one step ahead, is tested: overlapping forecasts miss
    together, and so do tickers.
    """
    several = forecasts["ticker"].nunique() > 1
    per = forecasts["percent"].fillna(forecasts["error_scale"] if several else 1.0)
    predicted, wide = forecasts["predicted"] / per, half / per
    banded = forecasts[["ticker", "horizon", "date", "tercile"]].assign(
        actual=forecasts["actual"] / per, lower=predicted - wide, upper=predicted + wide
    )
    banded = banded[(forecasts["split"] == "test") & banded[["lower", "actual"]].notna().all(axis=1)]
    if several:
        banded = pd.concat([banded, banded.assign(ticker=POOLED)])
    for (ticker, horizon), own in banded.groupby(["ticker", "horizon"]):
        for name, part in slices(own, sliced=sliced and (ticker == POOLED or not several)):
            actual, lower, upper = (part[column].to_numpy() for column in ("actual", "lower", "upper"))
            missed, tested = (actual < lower) | (actual > upper), (horizon, name) == (1, ALL) and ticker != POOLED
            yield {
                "horizon": horizon,
                "ticker": ticker,
                "slice": name,
                **measures(actual, lower, upper, coverage),
                "p_value": coverage_p(missed, coverage, calibrated) if tested else np.nan,
            }
