"""The network's forecasts beside what came of them."""

import numpy as np
import pandas as pd

from pipeline.tables import samples as table
from pipeline.tables.forecasts import NETWORK, member

KEY = ["ticker", "origin", "horizon"]


def predictions(rows: pd.DataFrame, forecasts: pd.DataFrame) -> pd.DataFrame:
    """The columns of tables/predictions but for the band, sorted: every forecast of the network, and its actual.

    rows: of tables/samples, all of them; forecasts: of tables/forecasts. A forecast whose actual is not known yet has
    split future, one whose actual never was, purged.
    """
    own = forecasts[forecasts["model"] == NETWORK]
    found = own.loc[own["target"] == "price", [*KEY, "predicted"]].merge(
        own.loc[own["target"] == "variance", [*KEY, "predicted"]].rename(columns={"predicted": "variance_predicted"}),
        how="left",
        on=KEY,
        validate="one_to_one",
    )
    found = found.merge(_spread(forecasts), how="left", on=KEY, validate="one_to_one")
    found = found.merge(_origins(rows), how="left", on=KEY, validate="one_to_one")
    found = found.merge(_actuals(rows), how="left", on=["ticker", "date"], validate="many_to_one")
    if own.loc[own["target"] == "variance"].empty:
        found["variance_actual"] = np.nan
    beyond = found["date"] > found["ticker"].map(rows.groupby("ticker")["date"].max())
    split = np.where(beyond, "future", np.where(found["actual"].isna(), "purged", found["split"]))
    return found.assign(split=split).sort_values(KEY, ignore_index=True)


def _origins(rows: pd.DataFrame) -> pd.DataFrame:
    """Each horizon of each origin: KEY, date, split, last."""
    horizon = table.horizon_of(rows)
    dates = rows[[table.date(h) for h in range(1, horizon + 1)]].to_numpy()
    repeated = rows.loc[rows.index.repeat(horizon), ["split", "last"]].reset_index(drop=True)
    return table.by_horizon(rows, date=dates).reset_index(drop=True).join(repeated)


def _actuals(rows: pd.DataFrame) -> pd.DataFrame:
    """What came: ticker, date, actual, variance_actual."""
    columns = {"last": "actual", "log_variance": "variance_actual"}
    return rows[["ticker", "date", *columns]].rename(columns=columns)


def _spread(forecasts: pd.DataFrame) -> pd.DataFrame:
    """The standard deviation of the members' prices, in the value's units: KEY, spread; no row where there is one."""
    members = forecasts["model"].str.startswith(member("")) & (forecasts["target"] == "price")
    own = {name: part["predicted"].to_numpy() for name, part in forecasts[members].groupby("model")}
    if not own:
        return pd.DataFrame(columns=[*KEY, "spread"]).astype(forecasts[KEY].dtypes.to_dict() | {"spread": "float64"})
    first = forecasts[members & (forecasts["model"] == member(1))]
    return first[KEY].assign(spread=np.std(list(own.values()), axis=0, ddof=1))
