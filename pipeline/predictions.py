"""From the network's outputs to prices, log variances and dates."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline import scaling, targets
from pipeline.tables import rows as table


def predictions(rows: pd.DataFrame, outputs: pd.DataFrame, scaler: dict[str, Any]) -> pd.DataFrame:
    """The forecasts of tables/predictions: the members' mean, at every origin the network answered.

    scaler: data/scaler.json. A forecast whose actual is not known yet has split future, one whose actual never was,
    purged.
    """
    names, ends = table.targets_of(rows), rows.groupby("ticker")["date"].max()
    mean = outputs.astype(dict.fromkeys(names, "float64")).groupby(["ticker", "origin", "horizon"])[names].mean()
    sessions = rows.set_index(["ticker", "date"])
    parts = []
    for h in range(1, table.horizon_of(rows) + 1):
        answers = mean.xs(h, level="horizon")
        at = sessions.loc[answers.index]
        forecast = {name: departed(at, answers[name], scaler["scalers"][name], name, h) for name in names}
        last, volatility = at["last"].to_numpy(), at["volatility"].to_numpy()
        tickers, dates = answers.index.get_level_values("ticker"), at[table.date(h)].to_numpy()
        actual = sessions.reindex(pd.MultiIndex.from_arrays([tickers, dates]))
        beyond = dates > ends.loc[tickers].to_numpy()
        part = {
            "ticker": tickers,
            "origin": answers.index.get_level_values("origin"),
            "horizon": h,
            "date": dates,
            "split": np.where(beyond, "future", np.where(actual["last"].isna(), "purged", at["split"])),
            "last": last,
            "actual": actual["last"].to_numpy(),
            "predicted": targets.price(scaler["target"], forecast["price"][:, None], last, volatility)[:, 0],
            "variance_actual": actual["log_variance"].to_numpy() if "variance" in names else np.nan,
            "variance_predicted": forecast.get("variance", np.nan),
        }
        parts.append(pd.DataFrame(part))
    return pd.concat(parts).sort_values(["ticker", "origin", "horizon"], ignore_index=True)


def members(rows: pd.DataFrame, outputs: pd.DataFrame, scaler: dict[str, Any]) -> dict[int, pd.DataFrame]:
    """Each member's forecasts, by its number, as `predictions` gives their mean; none where there is but one."""
    several = outputs["member"].nunique() > 1
    return {int(number): predictions(rows, own, scaler) for number, own in outputs.groupby("member") if several}


def spread(members: dict[int, pd.DataFrame]) -> NDArray[np.float64]:
    """The standard deviation of the members' forecasts, (forecasts,), in the value's units; members: at least two."""
    return np.std([own["predicted"] for own in members.values()], axis=0, ddof=1)


def departed(
    at: pd.DataFrame, answers: pd.Series, scalers: dict[str, scaling.Scalers], name: str, h: int
) -> targets.Floats:
    """The forecast in the target's units: the baseline at each origin and the unscaled departure from it."""
    own = scalers[table.target(name, h)]
    tickers = answers.index.get_level_values("ticker").to_series()
    groups = scaling.groups(tickers, alone=scaling.ALL not in own)
    departure = scaling.unscaled(answers.to_numpy(np.float64), own, groups)
    return at[table.baseline(name, h)].to_numpy() + departure
