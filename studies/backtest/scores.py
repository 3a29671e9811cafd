"""The scores of the backtest: which model forecasts better, by year and ticker and over all, and how sure that is.

Tickers differ in how well they can be forecast. So each loss is divided by the mean loss of the baseline for the same
ticker and horizon, and losses of one day are averaged over the tickers of that day.
"""

from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from pipeline.evaluate import intervals
from pipeline.evaluate.scores import qlike, smearing
from pipeline.evaluate.significance import diebold_mariano
from pipeline.forecaster.bands import scale_from_variance
from pipeline.forecaster.forecasts import COMBINATION, NETWORK
from pipeline.scoring.columns import ALL, POOLED
from pipeline.scoring.results import skill
from studies.backtest.params import BASELINES, BOOSTING, BOOSTING_TRAIN, REFIT

Positions = NDArray[np.intp]
KEY = ["ticker", "origin", "horizon"]
COMBINATION_REFIT = f"{COMBINATION}_refit"
CONFIDENCE_SIZE, REPETITIONS, SEED = 0.1, 1000, 0
MIN_YEARS = 6  # of a ticker that takes part in a choice
MIN_DAYS = 100  # for a confidence set

SCHEMA = pa.schema(
    [
        ("target", pa.string()),
        ("loss", pa.string()),
        ("horizon", pa.int32()),
        ("ticker", pa.string()),
        ("year", pa.string()),
        ("model", pa.string()),
        ("n", pa.int32()),
        ("skill", pa.float64()),
        ("p_value", pa.float64()),
        ("p_value_against_network", pa.float64()),
        ("mcs_p_value", pa.float64()),
    ]
)
BAND_SCHEMA = pa.schema(
    [
        ("method", pa.string()),
        ("horizon", pa.int32()),
        ("ticker", pa.string()),
        ("year", pa.string()),
        ("n", pa.int32()),
        *((name, pa.float64()) for name in ("coverage", "width", "interval_score")),
    ]
)


class Forecasts(NamedTuple):
    """The forecasts of one target side by side, sorted by KEY, with every horizon of each origin.

    known: KEY, date, year (of the fold), last, volatility and actual, NaN where unknown; models: a column a model, the
    same rows; seeds: a column for each seed of the network.
    """

    target: str
    known: pd.DataFrame
    models: pd.DataFrame
    seeds: pd.DataFrame


def kind_of(model: str) -> str:
    """Return the name of a model without its pooling: network of "network (by_ticker)"."""
    return str(model).partition(" (")[0]


def pooling_of(model: str) -> str:
    """Return the rest of the name: " (by_ticker)"; empty if the model is not named by its pooling."""
    return str(model).removeprefix(kind_of(model))


def side_by_side(
    table: pd.DataFrame, known: pd.DataFrame, poolings: Sequence[str], *, log_price: bool
) -> Iterator[Forecasts]:
    """Yield the forecasts of each target. Origins without a forecast of every model are left out.

    table: of fitting.SCHEMA; known: as from fitting.actual_values; poolings: in the order of the columns; log_price:
    whether the network forecasts log returns, so that the mean over its seeds is that of log prices. A model has the
    pooling in its name if there are several.
    """
    several = len(poolings) > 1
    for target, part in table.groupby("target"):
        in_logs = target == "price" and log_price
        part = part.assign(
            predicted=np.log(part["predicted"]) if in_logs else part["predicted"],
            model=part["model"] + (" (" + part["pooling"] + ")" if several else ""),
        )
        is_network = part["seed"] >= 0
        by_seed = part[is_network].assign(model=lambda rows: rows["model"] + ", seed " + rows["seed"].astype(str))
        wide = part.pivot_table(index=KEY, columns="model", values="predicted", aggfunc="mean")
        wide, seeds = wide.dropna(), by_seed.pivot(index=KEY, columns="model", values="predicted")
        if in_logs:
            wide, seeds = np.exp(wide), np.exp(seeds)
        if target == "variance":
            wide = wide.assign(**combinations(wide))
        wide = wide[sorted(wide, key=lambda name: (several and poolings.index(name[name.index("(") + 1 : -1]), name))]
        values = known.rename(columns={str(target): "actual"}).set_index(KEY).reindex(wide.index)
        columns = ["date", "year", "last", "volatility", "actual"]
        yield Forecasts(
            str(target), values[columns].reset_index(), distinct(wide).reset_index(drop=True), seeds.reindex(wide.index)
        )


def combinations(models: pd.DataFrame) -> dict[str, pd.Series]:
    """Return the mean of each network's and boosting's forecasts of the variance, both fitted on the same years."""
    made = {}
    for name in models:
        kind = kind_of(name)
        pooling = pooling_of(name)
        boosting = f"{BOOSTING_TRAIN if kind == NETWORK else BOOSTING}{pooling}"
        if kind in (NETWORK, REFIT) and boosting in models:
            new = COMBINATION if kind == NETWORK else COMBINATION_REFIT
            made[f"{new}{pooling}"] = (models[name] + models[boosting]) / 2
    return made


def distinct(models: pd.DataFrame) -> pd.DataFrame:
    """Return the models, each once: of poolings that give the same forecasts, the first.

    A model that does not depend on the pooling has no pooling in its name.
    """
    kept: dict[str, list[str]] = {}
    for name, values in models.items():
        alike = kept.setdefault(kind_of(name), [])
        if not any(models[other].equals(values) for other in alike):
            alike.append(str(name))
    columns = {alike[0] if len(alike) > 1 else kind: alike[0] for kind, alike in kept.items()}
    columns |= {name: name for alike in kept.values() for name in alike[1:]}
    return models[list(columns.values())].set_axis(list(columns), axis=1)


def baseline_of(forecasts: Forecasts) -> str:
    """Return the model that the others are compared with."""
    name = BASELINES[forecasts.target]
    return name if name in forecasts.models else next(each for each in forecasts.models if kind_of(each) == name)


def network_of(models: Collection[str]) -> str:
    """Return the network that is compared with the simple models: the first one that is refitted on validation."""
    return next(name for kind in (REFIT, NETWORK) for name in models if kind_of(name) == kind)


def squared_errors(forecasts: Forecasts, models: pd.DataFrame) -> pd.DataFrame:
    """Return the squared errors: of log variances, or of prices in units of the current volatility."""
    known = forecasts.known
    unit = known["last"] * known["volatility"] if forecasts.target == "price" else pd.Series(1.0, known.index)
    return models.sub(known["actual"], axis=0).div(unit, axis=0) ** 2


def years_and_before(known: pd.DataFrame, groups: list[str]) -> Iterator[tuple[Positions, Positions]]:
    """Yield the positions of each group's forecasts of a year, and of those whose value was known before it."""
    date, is_known, years = known["date"].to_numpy(), known["actual"].notna().to_numpy(), known["year"].to_numpy()
    for own in known.groupby(groups).indices.values():
        for year in np.unique(years[own]):
            earlier = is_known[own] & (date[own] < np.datetime64(f"{year}-01-01"))
            yield own[years[own] == year], own[earlier]


def qlike_losses(forecasts: Forecasts) -> pd.DataFrame:
    """Return the QLIKE losses, with each model's smearing factor from the earlier years of the ticker.

    NaN in a ticker's first year.
    """
    actual, predicted = forecasts.known["actual"].to_numpy(), forecasts.models.to_numpy()
    losses = np.full(predicted.shape, np.nan)
    for now, earlier in years_and_before(forecasts.known, ["ticker", "horizon"]):
        if len(earlier):
            losses[now] = qlike(actual[now], predicted[now], smearing(actual[earlier], predicted[earlier]))
    return pd.DataFrame(losses, columns=forecasts.models.columns)


def daily(known: pd.DataFrame, losses: pd.DataFrame, baseline: str) -> pd.DataFrame:
    """Return the mean loss of each day over the tickers, each divided by the ticker's mean loss of the baseline.

    known, losses: the rows of one horizon. The index is the origin.
    """
    scale = losses[baseline].groupby(known["ticker"]).transform("mean")
    return losses.div(scale, axis=0).groupby(known["origin"]).mean()


def skills(days: pd.DataFrame, baseline: str) -> pd.Series:
    """Return the skill of each model over the baseline. days: as from `daily`."""
    means = days.mean()
    return pd.Series(skill(means.to_numpy(), means[baseline]), means.index)


def table(forecasts: Forecasts) -> pd.DataFrame:
    """Return the scores of one target: the columns of SCHEMA."""
    baseline, known = baseline_of(forecasts), forecasts.known
    losses = {"squared error": squared_errors(forecasts, forecasts.models)}
    if forecasts.target == "variance":
        losses["QLIKE"] = qlike_losses(forecasts)
    scores = []
    for loss, values in losses.items():
        for horizon in sorted({1, int(known["horizon"].max())}):
            used = ((known["horizon"] == horizon) & values.notna().all(axis=1)).to_numpy()
            for ticker, year, days in parts(known[used], values[used], baseline):
                scored = one_part(days, baseline, horizon, tested=year == ALL, in_set=(ticker, year) == (POOLED, ALL))
                scores.append(
                    scored.assign(target=forecasts.target, loss=loss, horizon=horizon, ticker=ticker, year=year)
                )
    return pd.concat(scores)[SCHEMA.names]


def parts(known: pd.DataFrame, losses: pd.DataFrame, baseline: str) -> Iterator[tuple[str, str, pd.DataFrame]]:
    """Yield ticker, year and daily losses: of each ticker and POOLED, in each year and in ALL."""
    for ticker in [*sorted(known["ticker"].unique()), POOLED]:
        own = (known["ticker"] == ticker).to_numpy() | (ticker == POOLED)
        days = daily(known[own], losses[own], baseline)
        yield ticker, ALL, days
        years = known[own].groupby("origin")["year"].first()
        for year, part in days.groupby(years):
            yield ticker, str(year), part


def one_part(days: pd.DataFrame, baseline: str, horizon: int, *, tested: bool, in_set: bool) -> pd.DataFrame:
    """Return model, n, skill and p-values of the daily losses. The p-values are NaN where not asked for.

    p_value: of the Diebold-Mariano test against the baseline; p_value_against_network: against `network_of`.
    """

    def p_values(rival: str) -> list[float]:
        differences = (days[name] - days[rival] for name in days)
        return [diebold_mariano(each.to_numpy(), horizon) if tested else np.nan for each in differences]

    confidence = confidence_set(days) if in_set else {}
    return pd.DataFrame(
        {
            "model": days.columns,
            "n": len(days),
            "skill": skills(days, baseline).to_numpy(),
            "p_value": p_values(baseline),
            "p_value_against_network": p_values(network_of(list(days))),
            "mcs_p_value": [confidence.get(name, np.nan) for name in days],
        }
    )


def confidence_set(days: pd.DataFrame) -> dict[str, float]:
    """Return the p-value of each model in the model confidence set. The 90 % set holds those of at least 0.1.

    Source: Hansen, Lunde and Nason (2011), "The model confidence set", Econometrica 79(2), with the range statistic and
    the stationary bootstrap. The mean length of a block is the square root of the number of days.
    days: daily losses.
    """
    from arch.bootstrap import MCS  # takes seconds to load

    if len(days.columns) < 2 or len(days) < MIN_DAYS:
        return dict.fromkeys(days.columns, 1.0 if len(days) >= MIN_DAYS else np.nan)
    made = MCS(days, CONFIDENCE_SIZE, reps=REPETITIONS, bootstrap="stationary", seed=SEED)
    made.compute()
    return made.pvalues["Pvalue"].to_dict()


def seed_skills(forecasts: Forecasts, horizon: int) -> pd.Series:
    """Return the pooled skill of `network_of` with each seed, by its name."""
    baseline, known = baseline_of(forecasts), forecasts.known
    network = f"{network_of(list(forecasts.models))}, seed "
    own = [name for name in forecasts.seeds if name.startswith(network)]
    models = forecasts.seeds[own].reset_index(drop=True).join(forecasts.models[[baseline]])
    errors = squared_errors(forecasts, models)
    used = ((known["horizon"] == horizon) & known["actual"].notna()).to_numpy()
    return skills(daily(known[used], errors[used], baseline), baseline).drop(baseline)


def choice(forecasts: Forecasts, horizon: int, present: str) -> pd.DataFrame:
    """Return the table from which the default follows: the networks and their combinations, in two halves of the years.

    A ticker of at least MIN_YEARS years has its first half in `choose`, and everything else is in `confirm`. A model
    replaces the present one if in `choose` it is in the 90 % confidence set and the present one is not, and its loss is
    lower in `confirm`.
    """
    baseline, known = baseline_of(forecasts), forecasts.known
    names = [name for name in forecasts.models if kind_of(name) in (NETWORK, COMBINATION)]
    losses = squared_errors(forecasts, forecasts.models[[*names, baseline]])
    years = known.groupby("ticker")["year"].agg(["min", "max"])
    count = years["max"] - years["min"] + 1
    last_choosing = (years["min"] + count // 2 - 1).where(count >= MIN_YEARS, 0)
    chooses = known["year"] <= known["ticker"].map(last_choosing)
    used = (known["horizon"] == horizon) & losses.notna().all(axis=1)
    rows = pd.DataFrame({"model": names, "horizon": horizon})
    for half, part in (("choose", used & chooses), ("confirm", used & ~chooses)):
        days = daily(known[part], losses[part], baseline)
        rows[f"skill_{half}"] = skills(days, baseline)[names].to_numpy()
        in_set = confidence_set(days[names])
        rows[f"mcs_p_{half}"] = [in_set[name] for name in names]
    is_present = rows["model"] == present
    if is_present.any():
        now = rows[is_present].iloc[0]
        outside = now["mcs_p_choose"] < CONFIDENCE_SIZE
        inside, better = rows["mcs_p_choose"] >= CONFIDENCE_SIZE, rows["skill_confirm"] > now["skill_confirm"]
        rows["replaces"] = outside & inside & better
    return rows


def bands(price: Forecasts, variance: Forecasts, coverage: float, *, pooled: bool) -> pd.DataFrame:
    """Return how good bands around the network's price are: the columns of BAND_SCHEMA, by year and ticker.

    A band is calibrated on the errors of the earlier years, which no model had seen; so the first year has none. Its
    width follows the variance that a model forecasts. pooled: whether the tickers are calibrated together. Widths and
    interval scores are in percent of the last price.
    """
    known, horizon = price.known, int(price.known["horizon"].max())
    network = network_of(list(price.models))
    predicted, last = price.models[network].to_numpy(), known["last"].to_numpy()
    pooling = pooling_of(network)
    wanted = (f"{name}{pooling}" for name in (NETWORK, REFIT, "har", COMBINATION_REFIT))
    methods = [name for name in wanted if name in variance.models]
    groups, results = ["horizon"] if pooled else ["horizon", "ticker"], []
    years = list(years_and_before(known, groups))
    for method in methods:
        log_variance = variance.models[method].to_numpy().reshape(-1, horizon)
        scale = scale_from_variance(last[::horizon], log_variance).ravel()
        scores = np.abs(known["actual"].to_numpy() - predicted) / scale
        half = np.full(len(known), np.nan)
        for now, earlier in years:
            sorted_scores = np.sort(scores[earlier][~np.isnan(scores[earlier])])
            half[now] = intervals.quantile(sorted_scores, coverage) * scale[now]
        results.append(_banded(known, predicted, half, coverage).assign(method=method))
    return pd.concat(results)[BAND_SCHEMA.names]


def _banded(known: pd.DataFrame, predicted: np.ndarray, half: np.ndarray, coverage: float) -> pd.DataFrame:
    """Return the measures of bands, with POOLED and ALL."""
    unit = known["last"] / 100
    values = known[["ticker", "horizon", "year"]].assign(
        actual=known["actual"] / unit, lower=(predicted - half) / unit, upper=(predicted + half) / unit
    )
    values = values.dropna().astype({"year": str})
    values = values[values["horizon"].isin([1, values["horizon"].max()])]
    everything = pd.concat([values, values.assign(ticker=POOLED)])
    everything = pd.concat([everything, everything.assign(year=ALL)])
    rows = []
    for (ticker, year, horizon), part in everything.groupby(["ticker", "year", "horizon"]):
        actual, lower, upper = (part[name].to_numpy() for name in ("actual", "lower", "upper"))
        measured = intervals.measures(actual, lower, upper, coverage)
        rows.append({"ticker": ticker, "year": year, "horizon": horizon, **measured})
    return pd.DataFrame(rows)
