"""`python -m studies.layouts BEFORE AFTER`: do two folders of outputs say the same, whatever their layout?

Reads the layout with data/rows.parquet, data/outputs.parquet and data/baselines.parquet, and the one with
data/samples/, data/forecasts.parquet and data/benchmark.parquet. What needs no network is to agree to 1e-9 relative;
what the network forecasts, its bands and its errors to 1e-6; scores without a unit to 1e-5 absolute. Exit status 1
where anything does not.
"""

import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd

KEY = ["model", "target", "ticker", "origin", "horizon"]
SCORE = ["model", "target", "split", "horizon", "ticker", "slice"]


def samples(folder: Path) -> pd.DataFrame:
    """Train, validation and test samples: the columns both layouts have."""
    if (folder / "data/rows.parquet").exists():
        rows = pd.read_parquet(folder / "data/rows.parquet")
    else:
        names = ("train", "validation", "test")
        rows = pd.concat(pd.read_parquet(folder / f"data/samples/{name}.parquet") for name in names)
    return rows[rows["split"].isin(["train", "validation", "test"])].set_index(["ticker", "date"]).sort_index()


def simple(folder: Path) -> pd.DataFrame:
    """The simple models' forecasts."""
    old = folder / "data/baselines.parquet"
    return pd.read_parquet(old if old.exists() else folder / "data/benchmark.parquet").set_index(KEY).sort_index()


def network(folder: Path) -> pd.DataFrame:
    """The forecasts of the network, its band, and the spread of its members."""
    return pd.read_parquet(folder / "data/predictions.parquet").set_index(["ticker", "origin", "horizon"]).sort_index()


def members(folder: Path) -> pd.DataFrame:
    """Each member's forecasts; of the older layout made from its scaled outputs."""
    if (folder / "data/forecasts.parquet").exists():
        found = pd.read_parquet(folder / "data/forecasts.parquet").set_index(KEY).sort_index()
        return found[found.index.get_level_values("model") != "network"]
    rows = pd.read_parquet(folder / "data/rows.parquet").rename(columns={"date": "origin"})
    outputs = pd.read_parquet(folder / "data/outputs.parquet")
    scaler = json.loads((folder / "data/scaler.json").read_text())
    if outputs["member"].nunique() == 1:
        return pd.DataFrame(columns=[*KEY, "predicted"]).set_index(KEY)
    parts = []
    for target in scaler["scalers"].keys() - {"features"}:
        for h, own in outputs.groupby("horizon"):
            at = own.merge(rows, on=["ticker", "origin"], how="left")
            scales = scaler["scalers"][target][f"{target}_{h}"]
            fits = at["ticker"].map(lambda name, scales=scales: scales.get(name) or scales["all tickers"])
            departure = at[target].astype("float64") * fits.str["scale"] + fits.str["center"]
            value = at[f"{target}_{h}_baseline"] + departure
            if target == "price" and scaler["target"] == "return":
                value = at["last"] * np.exp(value * at["volatility"])
            if target == "price" and scaler["target"] == "difference":
                value = value + at["last"]
            named = at["member"].map("network {}".format)
            parts.append(at[["ticker", "origin", "horizon"]].assign(model=named, target=target, predicted=value))
    return pd.concat(parts).set_index(KEY).sort_index()


def scores(folder: Path) -> pd.DataFrame:
    found = pd.read_parquet(folder / "data/scores.parquet")
    return found.assign(model=found["model"].str.replace("member", "network")).set_index(SCORE).sort_index()


def relative(before: pd.DataFrame, after: pd.DataFrame) -> float:
    """The largest |after / before - 1|; infinite where one alone has a value, or the rows are others."""
    if len(before) == len(after) == 0:
        return 0.0
    if not before.index.equals(after.index):
        return float("inf")
    old, new = before.to_numpy(np.float64), after[before.columns].to_numpy(np.float64)
    same = (old == new) | (np.isnan(old) & np.isnan(new))
    size = np.where(old == 0, 1, np.abs(old))
    return float(np.max(np.where(same, 0.0, np.nan_to_num(np.abs(new - old) / size, nan=np.inf)), initial=0.0))


def absolute(before: pd.DataFrame, after: pd.DataFrame) -> float:
    """The largest |after - before|; infinite where one alone has a value, or the rows are others."""
    if not before.index.equals(after.index):
        return float("inf")
    old, new = before.to_numpy(np.float64), after[before.columns].to_numpy(np.float64)
    both = np.isnan(old) & np.isnan(new)
    return float(np.max(np.where(both, 0.0, np.nan_to_num(np.abs(new - old), nan=np.inf)), initial=0.0))


def lines(before: Path, after: Path) -> list[tuple[str, float, float]]:
    """What is compared, the largest difference, and the one allowed."""
    old, new = samples(before), samples(after)
    scaled = [name for name in old if name.endswith("_scaled") or name.startswith("feature_")]
    known = [name for name in old.select_dtypes("number") if name not in scaled]
    drawn, redrawn = network(before), network(after)
    forecast = ["predicted", "variance_predicted"]
    bands = [name for name in ("lower", "upper", "spread") if name in drawn]
    theirs, ours = scores(before), scores(after)
    networks = theirs.index.get_level_values("model").str.startswith("network")
    plain = ["mse", "rmse", "mae", "r2", "r2_return", "direction", "always_up", "correlation", "correlation_last"]
    errors = ["mse", "rmse", "mae"]
    bare = [name for name in theirs.select_dtypes("number") if name not in errors]
    return [
        ("samples: last, variance, targets, baselines", relative(old[known], new[known]), 1e-9),
        ("samples: scaled, float32", relative(old[scaled], new[scaled]), 1e-6),
        ("simple models: forecasts", relative(simple(before), simple(after)), 1e-9),
        ("simple models: scores", relative(theirs.loc[~networks, plain], ours.loc[~networks, plain]), 1e-9),
        ("network: price, log variance", relative(drawn[forecast], redrawn[forecast]), 1e-6),
        ("network: band, spread", relative(drawn[bands], redrawn[bands]), 1e-6),
        ("network: members", relative(members(before), members(after)), 1e-6),
        ("all models: scores without a unit, absolute", absolute(theirs[bare], ours[bare]), 1e-5),
        ("all models: MSE, RMSE, MAE", relative(theirs[errors], ours[errors]), 1e-6),
    ]


def main(before: Path, after: Path) -> int:
    weights = sum(
        path.read_bytes() == (after / "data/model" / path.name).read_bytes()
        for path in (before / "data/model").iterdir()
    )
    print(f"{before.name}: {weights} of {len(list((before / 'data/model').iterdir()))} networks have the same bytes")
    found = lines(before, after)
    for what, difference, allowed in found:
        print(f"  {what:<46}{difference:>9.1e}  allowed {allowed:.0e}{'' if difference <= allowed else '  <-- more'}")
    return int(any(difference > allowed for _, difference, allowed in found))


if __name__ == "__main__":
    sys.exit(main(*map(Path, sys.argv[1:])))
