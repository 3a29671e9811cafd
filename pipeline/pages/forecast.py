"""What the forecast report says, from the tables: figures and the cells of its tables."""

from typing import Any

import numpy as np
import pandas as pd

from pipeline import charts
from pipeline.metrics import lines
from pipeline.verdict import chance


def tested(predictions: pd.DataFrame) -> pd.DataFrame:
    """One session ahead on test: rows of tables/predictions with `persistence` beside `predicted`."""
    own = predictions[(predictions["split"] == "test") & (predictions["horizon"] == 1)]
    return own.assign(persistence=own["last"])


def section(predictions: pd.DataFrame, ticker: str, column: str, sessions: int) -> dict[str, Any]:
    """One ticker's figures by name, and its forecast beyond the last session.

    predictions: tables/predictions, this ticker's; sessions: how many of the last are shown. A ticker that ended
    before the test period has no figure of it.
    """
    own, specs = tested(predictions).tail(sessions), {}
    if len(own):
        specs["predicted"] = charts.predicted(own, column, ticker)
    if own["variance_predicted"].notna().any():
        deviations = np.exp(own[["variance_actual", "variance_predicted"]] / 2).set_axis(
            ["actual", "predicted"], axis=1
        )
        specs["variance"] = charts.variance(deviations.assign(date=own["date"]), ticker)
    ahead = predictions[predictions["origin"] == predictions["origin"].max()]
    known = (
        predictions.loc[predictions["horizon"] == 1, ["origin", "last"]].tail(40).set_axis(["date", "value"], axis=1)
    )
    future = ahead[["date", "predicted"]].set_axis(["date", "value"], axis=1)
    specs["beyond"] = charts.beyond(known, future, column, ticker)
    cells = [
        [
            f"{row.date:%Y-%m-%d}",
            f"{row.predicted:,.2f}",
            f"{row.predicted / row.last - 1:+.2%}",
            "" if pd.isna(row.variance_predicted) else f"{np.exp(row.variance_predicted / 2):.2%}",
        ]
        for row in ahead.itertuples()
    ]
    heads = ["session", column, "change from the last session", "volatility of the session"]
    return {
        "name": ticker,
        "specs": specs,
        "heads": heads,
        "lines": cells,
        "origin": f"{ahead['origin'].iloc[0]:%Y-%m-%d}",
    }


def scores(metrics: dict[str, Any]) -> tuple[list[str], list[list[str]]]:
    """Heads and cells of the test scores: each target and horizon, the network above its reference."""
    forms = {"mse": ".4g", "rmse": ".4g", "mae": ".4g", "r2": ".5f", "skill": "+.4f"}
    cells = []
    for target, horizon, reference, own, rival in lines(metrics):
        for model, found in {"network": own, reference: rival}.items():
            shown = ["" if found.get(name) is None else f"{found[name]:{form}}" for name, form in forms.items()]
            p = chance(found["p_value"]) if "p_value" in found else ""
            cells.append([target, str(horizon), model, *shown, p])
    return ["target", "sessions ahead", "model", "MSE", "RMSE", "MAE", "R²", "skill", "p"], cells
