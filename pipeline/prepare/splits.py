"""Which sample belongs to train, validation or test, by the dates of its targets.

A sample whose targets lie in two splits is purged: it belongs to none, so that no split sees the values of another.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.forecaster.samples import FILES, horizon_of, stopping_mask, target_dates
from pipeline.forecaster.targets import MONTH, future_values
from pipeline.io.errors import UserError
from pipeline.quality import TickerReport

MIN_TRAIN_SAMPLES = MONTH  # of each ticker
Boundaries = tuple[pd.Timestamp, pd.Timestamp]  # the first date of validation, and of test


def boundaries(dates: pd.DatetimeIndex, validation: float | str, test: float | str) -> Boundaries:
    """Return the first date of validation and of test, the same for all tickers.

    dates: the distinct sessions in order; validation, test: both are shares of the sessions, or both are first dates.
    When sessions are added, boundaries given as dates stay the same, and boundaries given as shares move.
    Raises UserError if a split is empty.
    """
    if isinstance(validation, str) or isinstance(test, str):
        first_validation, first_test = pd.Timestamp(validation), pd.Timestamp(test)
        n_test = int((dates >= first_test).sum())
        n_validation = int((dates >= first_validation).sum()) - n_test
        accepted = f"dates after {dates[0]:%Y-%m-%d} and up to {dates[-1]:%Y-%m-%d}"
    else:
        n_test, n_validation = round(len(dates) * test), round(len(dates) * validation)
        accepted = "shares"
    n_train = len(dates) - n_test - n_validation
    if not (n_test > 0 and n_validation > 0 and n_train > 0):
        raise UserError(
            f"params.yaml: prepare.validation, prepare.test: found {validation} and {test}, which divide {len(dates)} "
            f"sessions into train {n_train}, validation {n_validation}, test {n_test}; "
            f"accepted: {accepted} that leave sessions for each split"
        )
    if isinstance(validation, str):
        return first_validation, first_test
    return dates[-n_test - n_validation], dates[-n_test]


def split_of(
    dates: NDArray[np.datetime64],
    known: NDArray[np.bool_],
    future: NDArray[np.bool_],
    complete: NDArray[np.bool_],
    validation: pd.Timestamp,
    test: pd.Timestamp,
) -> NDArray[np.str_]:
    """Return the split of each row, (rows,).

    dates: of the targets, (rows, horizon), nearest first; known: whether each target is known, (rows, horizon); future:
    whether the next session is after the ticker's last, (rows,); complete: whether all earlier values that the row
    needs are known, (rows,); validation, test: the first date of each.
    In test, only the target of the next session must be known.
    """
    first, last = dates[:, 0], dates[:, -1]
    cases = {
        "warmup": ~complete,
        "future": future,
        "train": known.all(axis=1) & (last < validation.to_datetime64()),
        "validation": known.all(axis=1) & (first >= validation.to_datetime64()) & (last < test.to_datetime64()),
        "test": known[:, 0] & (first >= test.to_datetime64()),
    }
    return np.select(list(cases.values()), list(cases), default="purged")


def with_split(rows: pd.DataFrame, validation: pd.Timestamp, test: pd.Timestamp, required: list[str]) -> pd.DataFrame:
    """Return the rows with the column `split`. rows: as from inputs.unscaled_rows; validation, test: the first dates;
    required: as from inputs.required_columns."""
    dates, horizon = target_dates(rows), horizon_of(rows)
    target_columns = [name for name in required if name != "volatility"]
    known = np.logical_and.reduce([np.isfinite(future_values(rows, name, horizon)) for name in target_columns])
    future = dates[:, 0] > rows.groupby("ticker")["date"].transform("max").to_numpy()
    return rows.assign(split=split_of(dates, known, future, rows["complete"].to_numpy(), validation, test))


def assign_splits(
    rows: pd.DataFrame, validation: float | str, test: float | str, required: list[str]
) -> tuple[pd.DataFrame, Boundaries]:
    """Add the column `split` and drop tickers with fewer than MIN_TRAIN_SAMPLES train samples.

    Returns the rows and the boundaries. rows, required: as in `with_split`; validation, test: as in `boundaries`.

    Raises UserError if train or test is empty, or if there is no sample for early stopping.
    """
    sessions = pd.DatetimeIndex(np.sort(rows["date"].unique()))
    first_validation, first_test = boundaries(sessions, validation, test)
    rows = with_split(rows, first_validation, first_test, required)
    n_train_samples = (rows["split"] == "train").groupby(rows["ticker"]).transform("sum")
    kept_rows = rows[n_train_samples >= MIN_TRAIN_SAMPLES].reset_index(drop=True)
    for name in ("train", "test"):
        if not (kept_rows["split"] == name).any():
            raise UserError(
                f"data/prices.parquet: found no sample for {name}, where validation starts "
                f"{first_validation:%Y-%m-%d} and test {first_test:%Y-%m-%d}; accepted: tickers with at least "
                f"{MIN_TRAIN_SAMPLES} train samples, from a longer period, a smaller validation and test, or a smaller "
                "prepare.horizon or prepare.season_length"
            )
    if not stopping_mask(rows).any():
        raise UserError(
            f"params.yaml: prepare.validation: found {validation}, from {first_validation:%Y-%m-%d} to before "
            f"{first_test:%Y-%m-%d}, whose earlier half has no sample for early stopping; "
            "accepted: a longer validation, or a smaller prepare.horizon"
        )
    return kept_rows, (first_validation, first_test)


def check_markets(rows: pd.DataFrame, reports: Mapping[str, TickerReport], boundaries: Boundaries) -> None:
    """Raise UserError, with a line for each ticker of several markets that has too few samples of a split.

    rows: as from `assign_splits`; reports: of the tickers that should have samples.
    """
    splits_by_ticker = rows.groupby("ticker")["split"].agg(set)
    starts, lines = " and ".join(f"{first:%Y-%m-%d}" for first in boundaries), []
    for ticker, report in reports.items():
        found = splits_by_ticker.get(ticker, {"validation", "test"})  # one without rows has too few of train
        if lacking := [name for name in FILES if name not in found]:
            lines.append(
                f"{ticker}: found too few samples for {' and '.join(lacking)} from {report.first} to {report.last}, "
                f"where validation and test start {starts}; accepted: at least {MIN_TRAIN_SAMPLES} for train and 1 for "
                "the others, with other prepare.validation and prepare.test, or prepare.exclude_tickers"
            )
    if lines:
        raise UserError("\n".join(lines))
