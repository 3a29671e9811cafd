"""Bands around the forecast: split conformal, as wide as the volatility that is forecast, and how well they hold.

Split conformal prediction: Lei, G'Sell, Rinaldo, Tibshirani and Wasserman (2018), "Distribution-free predictive
inference for regression", Journal of the American Statistical Association 113(523), with residuals divided by a scale
(section 5.2 there). It promises coverage for exchangeable errors; a time series has others, so coverage is measured.
"""

from collections.abc import Iterator
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import chdtrc, xlogy
from scipy.stats import betabinom

from pipeline.errors import UserError
from pipeline.forecaster import bands
from pipeline.forecaster.bands import Bands
from pipeline.forecaster.preparation import ALL as EVERY
from pipeline.forecaster.volatility import change
from pipeline.slices import ALL, slices
from pipeline.tables.forecasts import NETWORK, member
from pipeline.tables.samples import horizon_of
from pipeline.tables.scores import POOLED

Floats = NDArray[np.float64]

CURRENT, CONSTANT = "current", "constant"


def scales(rows: pd.DataFrame, predictions: pd.DataFrame, forecasts: pd.DataFrame, *, priced: bool) -> pd.DataFrame:
    """How wide a band might be at each forecast, up to a factor, in the value's units: a column for each way.

    network and the simple models of the variance: bands.by_variance of what they forecast; current: bands.by_change of
    what is known at the origin; constant: last of prices, 1 of anything else. rows: of tables/samples; forecasts: of
    tables/forecasts, of every model; predictions: as `predictions` gives them, whose index is taken. NaN where a way
    says nothing.
    """
    horizon, key = horizon_of(rows), ["ticker", "origin"]
    origins = predictions[predictions["horizon"] == 1][[*key, "last"]]
    known = pd.DataFrame({"ticker": rows["ticker"], "origin": rows["date"], CURRENT: change(rows, priced=priced)})
    moves = origins.merge(known, how="left", on=key)[CURRENT].to_numpy()
    last = origins["last"].to_numpy()
    found = {CURRENT: bands.by_change(moves, horizon)}
    found[CONSTANT] = np.repeat((last if priced else np.ones(len(last)))[:, None], horizon, axis=1)
    variances = forecasts[(forecasts["target"] == "variance") & ~forecasts["model"].str.startswith(member(""))]
    for name, own in variances.groupby("model") if priced else ():  # the variance is that of prices
        path = own["predicted"].to_numpy().reshape(-1, horizon)  # horizons follow each other
        at = pd.MultiIndex.from_frame(own.loc[own["horizon"] == 1, key])
        path = pd.DataFrame(path, at).reindex(pd.MultiIndex.from_frame(origins[key])).to_numpy()
        found[str(name)] = bands.by_variance(last, path)
    scale = pd.DataFrame({name: own.ravel() for name, own in found.items()}, index=predictions.index)
    return scale.dropna(axis="columns", how="all")


def chosen(scale: pd.DataFrame) -> str:
    """The way the bands of the forecast are made: by the network's variance, where it forecasts one."""
    return NETWORK if NETWORK in scale else CURRENT


def rank(n: int, coverage: float) -> int:
    """Which of n sorted calibration scores bounds the band: ceil((n + 1) coverage); above n there is no such band."""
    return max(1, int(np.ceil((n + 1) * coverage - 1e-9)))


def quantile(errors: Floats, scale: Floats, coverage: float) -> float:
    """The conformal quantile of |error| / scale: the one of `rank`, NaN where there are too few."""
    found = np.abs(errors) / scale
    found = np.sort(found[np.isfinite(found)])
    at = rank(len(found), coverage)
    return float(found[at - 1]) if at <= len(found) else float("nan")


def refuse_too_few(forecasts: pd.DataFrame, scale: pd.Series, coverage: float) -> None:
    """Raise UserError where the later half of validation has too few forecasts for the coverage, at any horizon."""
    known = forecasts[(forecasts["half"] == "later") & forecasts["actual"].notna() & scale.notna()]
    fewest = int(known["horizon"].value_counts().reindex(forecasts["horizon"].unique(), fill_value=0).min())
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


def calibrated(forecasts: pd.DataFrame, scale: pd.Series, coverage: float) -> Bands:
    """The bands of the forecast, calibrated on the later half of validation. As `half_widths` takes them."""
    quantiles = quantiles_of(forecasts, scale, "later", coverage)
    follows: Literal["network", "current"] = "network" if scale.name == NETWORK else "current"
    return Bands(coverage=coverage, scale=follows, quantiles={EVERY: list(quantiles.values())})


def quantiles_of(forecasts: pd.DataFrame, scale: pd.Series, half: str, coverage: float) -> dict[int, float]:
    """The conformal quantile of each horizon. As `half_widths` takes them."""
    errors, own = (forecasts["actual"] - forecasts["predicted"]).to_numpy(), scale.to_numpy()
    calibration, found = (forecasts["half"] == half).to_numpy(), {}
    for h in np.unique(forecasts["horizon"]):
        at = (forecasts["horizon"] == h).to_numpy() & calibration
        found[int(h)] = quantile(errors[at], own[at], coverage)
    return found


def half_widths(forecasts: pd.DataFrame, scale: pd.Series, half: str, coverage: float) -> Floats:
    """Half the width of each forecast's band, (forecasts,), NaN where the scale is: one quantile for each horizon.

    forecasts: tables/predictions with the columns of scores.origins; half: of validation, later or stopping, on whose
    known forecasts the quantile is taken.
    """
    quantiles = quantiles_of(forecasts, scale, half, coverage)
    return scale.to_numpy() * forecasts["horizon"].map(quantiles).to_numpy()


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


def kupiec(missed: NDArray[np.bool_], coverage: float) -> float:
    """P-value of the share of misses being 1 - coverage: the likelihood ratio of Kupiec (1995), "Techniques for
    verifying the accuracy of risk measurement models", Journal of Derivatives 3(2). missed: (days,).
    """
    n, x, p = len(missed), int(missed.sum()), 1 - coverage
    ratio = 2 * (xlogy(x, x / n) + xlogy(n - x, 1 - x / n) - xlogy(x, p) - xlogy(n - x, 1 - p))
    return float(chdtrc(1, max(ratio, 0.0)))


def beta_binomial(missed: NDArray[np.bool_], coverage: float, calibrated: int) -> float:
    """P-value of so many misses, two-sided, of a split-conformal band that was calibrated on so many forecasts: its
    coverage given these is itself random, Beta(k, n + 1 - k) with k of `rank` (Vovk 2012, "Conditional validity of
    inductive conformal predictors", ACML, proposition 2), for exchangeable errors. missed: (days,). Kupiec's test
    takes the coverage for exact, and so rejects sound bands too often.
    """
    k = rank(calibrated, coverage)
    misses = betabinom(len(missed), calibrated + 1 - k, k)
    count = int(missed.sum())
    return float(min(1.0, 2 * min(misses.cdf(count), misses.sf(count - 1))))


def christoffersen(missed: NDArray[np.bool_]) -> float:
    """P-value of misses coming independently of the day before: the likelihood ratio of Christoffersen (1998),
    "Evaluating interval forecasts", International Economic Review 39(4), section 3.2. missed: (days,), in order.
    """
    before, now = missed[:-1], missed[1:]
    n00, n01, n10, n11 = (
        float(np.sum((before == first) & (now == second))) for first in (False, True) for second in (False, True)
    )

    def likelihood(stays: float, misses: float) -> float:
        total = stays + misses
        return float(xlogy(misses, misses / total) + xlogy(stays, stays / total)) if total else 0.0

    ratio = 2 * (likelihood(n00, n01) + likelihood(n10, n11) - likelihood(n00 + n10, n01 + n11))
    return float(chdtrc(1, max(ratio, 0.0)))


def table(forecasts: pd.DataFrame, scale: pd.DataFrame, coverage: float) -> pd.DataFrame:
    """The bands of tables/bands, sorted: each way calibrated on the later half of validation, and the chosen one on
    the half that early stopping saw.

    forecasts: tables/predictions with the columns of scores.origins; scale: as `scales` gives it.
    """
    best, found = chosen(scale), []
    for way, half in [*((way, "later") for way in scale), (best, "stopping")]:
        widths = half_widths(forecasts, scale[way], half, coverage)
        calibration = (forecasts["half"] == half) & (forecasts["horizon"] == 1) & forecasts["actual"].notna()
        calibrated = int((calibration & scale[way].notna()).sum())
        own = _scored(forecasts, widths, coverage, calibrated, sliced=way in (best, CONSTANT) and half == "later")
        found += [{"scale": way, "calibrated": half, **values} for values in own]
    by = ["scale", "calibrated", "horizon", "ticker", "slice"]
    return pd.DataFrame(found).sort_values(by, ignore_index=True)


def _scored(
    forecasts: pd.DataFrame, half: Floats, coverage: float, calibrated: int, *, sliced: bool
) -> Iterator[dict[str, Any]]:
    """How bands held on test, of each ticker and of several together; by slice too, where there is one ticker or of
    the several.

    In percent of the last value of prices, in the value's units of anything else; of several such in each one's
    `unit`. The tests are of one ticker, one step ahead: forecasts that overlap miss together, and so do tickers.
    """
    several = forecasts["ticker"].nunique() > 1
    per = forecasts["percent"].fillna(forecasts["unit"] if several else 1.0)
    predicted, wide = forecasts["predicted"] / per, half / per
    bands = forecasts[["ticker", "horizon", "date", "third"]].assign(
        actual=forecasts["actual"] / per, lower=predicted - wide, upper=predicted + wide
    )
    bands = bands[(forecasts["split"] == "test") & bands[["lower", "actual"]].notna().all(axis=1)]
    parts = [(str(ticker), own, sliced and not several) for ticker, own in bands.groupby("ticker")]
    parts += [(POOLED, bands, sliced)] if several else []
    for ticker, theirs, by_slice in parts:
        arrays = [theirs[name].to_numpy() for name in ("actual", "lower", "upper")]
        horizons, years, third = theirs["horizon"].to_numpy(), theirs["date"].dt.year.to_numpy(), theirs["third"]
        for horizon in np.unique(horizons):
            at = horizons == horizon
            for name, within in slices(years[at], third.to_numpy()[at], sliced=by_slice):
                actual, lower, upper = (values[at][within] for values in arrays)
                missed, tested = (actual < lower) | (actual > upper), (horizon, name) == (1, ALL) and ticker != POOLED
                yield {
                    "horizon": horizon,
                    "ticker": ticker,
                    "slice": name,
                    **measures(actual, lower, upper, coverage),
                    "kupiec": kupiec(missed, coverage) if tested else np.nan,
                    "beta_binomial": beta_binomial(missed, coverage, calibrated) if tested else np.nan,
                    "christoffersen": christoffersen(missed) if tested else np.nan,
                }
