"""The forecast beyond a ticker's last session, for readers: dates, values, bands."""

import numpy as np
import pandas as pd

from pipeline.findings import moment
from pipeline.results import percent
from pipeline.subject import Subject

Table = tuple[list[str], list[list[str]]]  # heads and cells


def last_forecast(predictions: pd.DataFrame) -> pd.DataFrame:
    """The forecasts from the last origin of a ticker, with their volatility. predictions: its rows of
    tables/predictions.
    """
    own = predictions[predictions["origin"] == predictions["origin"].max()]
    return own.assign(volatility=np.exp(own["variance_predicted"] / 2))


def origin(predictions: pd.DataFrame, step: str) -> str:
    """From where the last forecast of a ticker is, in words. predictions: its rows of tables/predictions."""
    last, known = predictions["origin"].max(), predictions.loc[predictions["actual"].notna(), "date"].max()
    if pd.isna(known) or known <= last:
        return f"Forecast from {moment(last)}, the last {step}."
    return (
        f"Forecast from {moment(last)}, the last {step} with a whole window before it; data go on to {moment(known)}."
    )


def beyond(ahead: pd.DataFrame, subject: Subject, coverage: float) -> Table:
    """Heads and cells of the forecast beyond the last session.

    ahead: of one origin, as `last_forecast` gives it; coverage: of the band.
    """
    heads = [
        subject.step,
        subject.label,
        f"change from the last {subject.step}",
        f"{percent(coverage)} band from",
        "to",
    ]
    change = ahead["predicted"] / ahead["last"] - 1 if subject.priced else ahead["predicted"] - ahead["last"]
    form = "+.2%" if subject.priced else "+,.2f"
    cells = [
        [moment(row.date), f"{row.predicted:,.2f}", f"{difference:{form}}", *(shown(v, ",.2f") for v in row[-2:])]
        for row, difference in zip(
            ahead[["date", "predicted", "lower", "upper"]].itertuples(index=False), change, strict=True
        )
    ]
    if ahead["volatility"].notna().any():
        heads.append(f"volatility of the {subject.step}, median")
        cells = [[*line, f"{value:.2%}"] for line, value in zip(cells, ahead["volatility"], strict=True)]
    return heads, cells


def shown(value: float | None, form: str) -> str:
    """A number for readers, empty where there is none."""
    return "" if pd.isna(value) else f"{value:{form}}"
