"""Which sample belongs to train, validation and test, and what is purged between: by the dates of its targets."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.errors import UserError
from pipeline.tables import samples as table


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


def stopping(rows: pd.DataFrame) -> pd.Series:
    """Which rows early stopping may see: validation samples whose targets all lie in its earlier half."""
    last = rows[table.date(table.horizon_of(rows))]
    return (rows["split"] == "validation") & (last < _middle(rows))


def calibration(rows: pd.DataFrame) -> pd.Series:
    """Which rows bands may be calibrated on: validation samples whose targets all lie in its later half."""
    return (rows["split"] == "validation") & (rows[table.date(1)] >= _middle(rows))


def _middle(rows: pd.DataFrame) -> np.datetime64:
    """The first session of validation's later half; the end of time where there is no validation."""
    dates = np.unique(rows.loc[rows["split"] == "validation", table.date(1)])
    return dates[len(dates) // 2] if len(dates) else np.datetime64("2262-01-01")
