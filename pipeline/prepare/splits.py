"""Which sample belongs to train, validation and test, and what is purged between: by the dates of its targets."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.forecaster import samples as table
from pipeline.forecaster import targets
from pipeline.forecaster.targets import MONTH
from pipeline.io.errors import UserError

MIN_TRAIN_SAMPLES = MONTH  # of a ticker
Boundaries = tuple[pd.Timestamp, pd.Timestamp]  # the first date of validation, and of test


def boundaries(
    dates: pd.DatetimeIndex, validation: float | str, test: float | str
) -> tuple[pd.Timestamp, pd.Timestamp]:
    """The first date of validation and of test, the same for all tickers.

    dates: the distinct sessions in order; validation, test: both shares of them, or both first dates. Only with dates
    do they stay where they are when sessions are added. Raises UserError where a part is empty.
    """
    if isinstance(validation, str) or isinstance(test, str):
        first_validation, first_test = pd.Timestamp(validation), pd.Timestamp(test)
        tested, later = int((dates >= first_test).sum()), int((dates >= first_validation).sum())
        validated, accepted = later - tested, f"dates after {dates[0]:%Y-%m-%d} and up to {dates[-1]:%Y-%m-%d}, which"
    else:
        tested, validated = round(len(dates) * test), round(len(dates) * validation)
        accepted = "shares that"
    if not (tested > 0 and validated > 0 and len(dates) > tested + validated):
        raise UserError(
            f"params.yaml: prepare.validation, prepare.test: found {validation} and {test}, which of {len(dates)} "
            f"sessions leave train {len(dates) - tested - validated}, validation {validated}, test {tested}; "
            f"accepted: {accepted} leave each some"
        )
    if isinstance(validation, str):
        return first_validation, first_test
    return dates[-tested - validated], dates[-tested]


def split(
    dates: NDArray[np.datetime64],
    known: NDArray[np.bool_],
    beyond: NDArray[np.bool_],
    complete: NDArray[np.bool_],
    validation: pd.Timestamp,
    test: pd.Timestamp,
) -> NDArray[np.str_]:
    """The split of each sample, (rows,).

    dates, known: of each sample's targets, (rows, horizon), nearest first; beyond: its next session is later than
    the ticker's last, (rows,): it is future; complete: its look-back is, (rows,).
    A sample of test may have targets that are not known, but for the next session's.
    """
    first, last = dates[:, 0], dates[:, -1]
    cases = {
        "warmup": ~complete,
        "future": beyond,
        "train": known.all(axis=1) & (last < validation.to_datetime64()),
        "validation": known.all(axis=1) & (first >= validation.to_datetime64()) & (last < test.to_datetime64()),
        "test": known[:, 0] & (first >= test.to_datetime64()),
    }
    return np.select(list(cases.values()), list(cases), default="purged")


def in_splits(
    rows: pd.DataFrame, validation: float | str, test: float | str, needed: list[str]
) -> tuple[pd.DataFrame, Boundaries]:
    """The rows with their split, without the tickers that have fewer than MIN_TRAIN_SAMPLES train samples; and the
    boundaries.

    rows: as inputs.known gives them; validation, test: shares or first dates, as `boundaries` takes them;
    needed: as inputs.needed gives them.

    Raises UserError where train or test is empty, or early stopping would see no sample.
    """
    sessions = pd.DatetimeIndex(np.sort(rows["date"].unique()))
    first_validation, first_test = boundaries(sessions, validation, test)
    horizon = table.horizon_of(rows)
    dates = table.dates_of(rows)
    targeted = [name for name in needed if name != "volatility"]
    known = np.logical_and.reduce([np.isfinite(targets.ahead(rows, name, horizon)) for name in targeted])
    beyond = dates[:, 0] > rows.groupby("ticker")["date"].transform("max").to_numpy()
    parts = split(dates, known, beyond, rows["complete"].to_numpy(), first_validation, first_test)
    rows = rows.assign(split=parts)
    trained = (rows["split"] == "train").groupby(rows["ticker"]).transform("sum") >= MIN_TRAIN_SAMPLES
    for part, chosen in {"train": trained, "test": trained & (rows["split"] == "test")}.items():
        if not chosen.any():
            raise UserError(
                f"data/prices.parquet: no sample for {part}: validation starts {first_validation:%Y-%m-%d}, test "
                f"{first_test:%Y-%m-%d}, and a ticker needs {MIN_TRAIN_SAMPLES} train samples, each with its look-back "
                "and its targets; accepted: a longer period, shorter validation and test, or smaller prepare.horizon "
                "and season"
            )
    if not table.stopping(rows).any():
        raise UserError(
            f"params.yaml: prepare.validation: found {validation}, from {first_validation:%Y-%m-%d} to before "
            f"{first_test:%Y-%m-%d}, whose earlier half holds no sample to stop on; "
            "accepted: a longer validation, or a smaller prepare.horizon"
        )
    return rows[trained].reset_index(drop=True), (first_validation, first_test)
