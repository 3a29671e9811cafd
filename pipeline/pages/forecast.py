"""What the forecast report says, from the tables: figures and the cells of its tables."""

from typing import Any

import numpy as np
import pandas as pd

from pipeline import charts
from pipeline.findings import moment
from pipeline.metrics import lines
from pipeline.subject import Subject
from pipeline.verdict import chance


def tested(predictions: pd.DataFrame) -> pd.DataFrame:
    """One session ahead on test: rows of tables/predictions with `persistence` beside `predicted`."""
    own = predictions[(predictions["split"] == "test") & (predictions["horizon"] == 1)]
    return own.assign(persistence=own["last"])


def section(predictions: pd.DataFrame, ticker: str, subject: Subject, sessions: int) -> dict[str, Any]:
    """One ticker's figures by name, and its forecast beyond the last session.

    predictions: tables/predictions, this ticker's; sessions: how many of the last are shown. A ticker that ended
    before the test period has no figure of it.
    """
    own, specs = tested(predictions).tail(sessions), {}
    if len(own):
        specs["predicted"] = charts.predicted(own, subject, ticker)
    if own["variance_predicted"].notna().any():
        deviations = np.exp(own[["variance_actual", "variance_predicted"]] / 2).set_axis(
            ["actual", "predicted"], axis=1
        )
        specs["variance"] = charts.variance(deviations.assign(date=own["date"]), subject, ticker)
    ahead = predictions[predictions["origin"] == predictions["origin"].max()]
    known = (
        predictions.loc[predictions["horizon"] == 1, ["origin", "last"]].tail(40).set_axis(["date", "value"], axis=1)
    )
    future = ahead[["date", "predicted"]].set_axis(["date", "value"], axis=1)
    specs["beyond"] = charts.beyond(known, future, subject, ticker)
    heads, lines = beyond(ahead, subject)
    return {"name": ticker, "specs": specs, "heads": heads, "lines": lines, "origin": origin(predictions, subject.step)}


def origin(predictions: pd.DataFrame, step: str) -> str:
    """From where the last forecast of a ticker is, in words. predictions: its rows of tables/predictions."""
    last, known = predictions["origin"].max(), predictions.loc[predictions["actual"].notna(), "date"].max()
    if pd.isna(known) or known <= last:
        return f"Forecast from {moment(last)}, the last {step}."
    return (
        f"Forecast from {moment(last)}, the last {step} with a whole window before it; data go on to {moment(known)}."
    )


def beyond(ahead: pd.DataFrame, subject: Subject) -> tuple[list[str], list[list[str]]]:
    """Heads and cells of the forecast beyond the last session. ahead: rows of tables/predictions of one origin."""
    heads = [subject.step, subject.label, f"change from the last {subject.step}"]
    change = ahead["predicted"] / ahead["last"] - 1 if subject.priced else ahead["predicted"] - ahead["last"]
    form = "+.2%" if subject.priced else "+,.2f"
    cells = [
        [moment(row.date), f"{row.predicted:,.2f}", f"{difference:{form}}"]
        for row, difference in zip(ahead.itertuples(), change, strict=True)
    ]
    if ahead["variance_predicted"].notna().any():
        heads.append(f"volatility of the {subject.step}")
        volatility = np.exp(ahead["variance_predicted"] / 2)
        cells = [[*line, f"{value:.2%}"] for line, value in zip(cells, volatility, strict=True)]
    return heads, cells


def scores(metrics: dict[str, Any]) -> tuple[list[str], list[list[str]]]:
    """Heads and cells of the test scores: each target and horizon, the network above its reference."""
    forms = {"mse": ".4g", "rmse": ".4g", "mae": ".4g", "r2": ".5f", "skill": "+.4f"}
    cells = []
    for target, horizon, reference, own, rival in lines(metrics):
        for model, found in {"network": own, reference: rival}.items():
            shown = ["" if found.get(name) is None else f"{found[name]:{form}}" for name, form in forms.items()]
            p = chance(found["p_value"]) if "p_value" in found else ""
            cells.append([target, str(horizon), model, *shown, p])
    step = metrics["subject"]["step"]
    return ["target", f"{step}s ahead", "model", "MSE", "RMSE", "MAE", "R²", "skill", "p"], cells
