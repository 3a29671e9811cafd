"""From the network's outputs to prices, log variances and dates."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline import departures
from pipeline.tables import rows as table


def predictions(rows: pd.DataFrame, outputs: pd.DataFrame, scaler: dict[str, Any]) -> pd.DataFrame:
    """The forecasts of tables/predictions: the members' mean, at every origin the network answered.

    scaler: data/scaler.json. A forecast whose actual is not known yet has split future, one whose actual never was,
    purged.
    """
    names, ends = table.targets_of(rows), rows.groupby("ticker")["date"].max()
    mean = outputs.astype(dict.fromkeys(names, "float64")).groupby(["ticker", "origin", "horizon"])[names].mean()
    sessions = rows.set_index(["ticker", "date"], drop=False)
    horizon, asked = table.horizon_of(rows), sessions.loc[mean.xs(1, level="horizon").index]
    wide = {name: mean[name].to_numpy().reshape(-1, horizon) for name in names}
    forecast = {name: departures.values(asked, wide[name], scaler, name) for name in names}
    parts = []
    for h in range(1, horizon + 1):
        answers = mean.xs(h, level="horizon")
        at = sessions.loc[answers.index]
        tickers, dates = answers.index.get_level_values("ticker"), at[table.date(h)].to_numpy()
        actual = sessions.reindex(pd.MultiIndex.from_arrays([tickers, dates]))
        beyond = dates > ends.loc[tickers].to_numpy()
        part = {
            "ticker": tickers,
            "origin": answers.index.get_level_values("origin"),
            "horizon": h,
            "date": dates,
            "split": np.where(beyond, "future", np.where(actual["last"].isna(), "purged", at["split"])),
            "last": at["last"].to_numpy(),
            "actual": actual["last"].to_numpy(),
            "predicted": forecast["price"][:, h - 1],
            "variance_actual": actual["log_variance"].to_numpy() if "variance" in names else np.nan,
            "variance_predicted": forecast["variance"][:, h - 1] if "variance" in names else np.nan,
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
