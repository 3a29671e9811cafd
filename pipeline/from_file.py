"""Read new prices from a file for the fitted forecaster."""

from pathlib import Path

import pandas as pd

from pipeline import quality
from pipeline.forecaster.forecaster import Forecaster
from pipeline.forecaster.preparation import for_ticker
from pipeline.formats import format_date
from pipeline.io.errors import UserError
from pipeline.io.params import load
from pipeline.prices import NUMBERS, canonical
from pipeline.scrape import file
from pipeline.scrape.clean import Cleaned, cleaned
from pipeline.scrape.params import SOURCES, File


def read_prices(path: Path, forecaster: Forecaster) -> pd.DataFrame:
    """Return the sorted price table of a file, with the columns that the forecaster needs.

    If scrape.source is file, the file is read by the format in params.yaml. Otherwise it must have the column names of
    the price table and dates such as 2018-12-31; with one known ticker, the column ticker is optional. As in scrape,
    rows without a value are left out, and impossible rows too if scrape.invalid_rows is drop.

    Raises UserError if the file is missing or unreadable, a column is missing, a row is impossible and rejected, or a
    value is missing in the last rows.
    """
    params, needed, preparation = load("scrape", SOURCES), forecaster.columns, forecaster.preparation
    form = params if isinstance(params, File) else _default_format(path, needed, list(preparation.units))
    prices = file.prices(path, form).prices
    if missing := sorted(set(needed) - set(prices.columns)):
        raise UserError(f"{path}: found no column {', '.join(missing)}; accepted: {', '.join(needed)}")
    calendar = for_ticker(preparation.calendars, str(prices["ticker"].iloc[0])).name
    clean = cleaned(canonical(prices), calendar, form.duplicates)
    impossible = quality.impossible_row_lines(clean.dropped) if params.invalid_rows == "reject" else []
    if lines := impossible or _missing_last_rows(clean, forecaster.min_sessions):
        accepted = "accepted: rows with possible values, and a value in each of the last rows"
        raise UserError("\n".join(f"{path}: {line}; {accepted}" for line in quality.first_lines(lines)))
    return clean.table


def _missing_last_rows(clean: Cleaned, n_needed: int) -> list[str]:
    """Return an error line for each ticker without rows or without some of its last rows.

    Without these rows, an earlier session would count as the last one, or several sessions as one.
    """
    nulls = clean.nulls.assign(reason=f"no {clean.column}")
    removed = pd.concat([nulls, clean.dropped.assign(reason="a row with impossible values")]).sort_values("date")
    lines = []
    for ticker, last in removed.groupby("ticker").last().iterrows():
        kept = clean.kept.loc[clean.kept["ticker"] == ticker, "date"].tail(n_needed)
        if kept.empty or last["date"] > kept.min():
            date = format_date(last["date"])
            lines.append(f"{ticker}: found {last['reason']} on {date}, among the last {n_needed} rows")
    return lines


def _default_format(path: Path, needed: list[str], tickers: list[str]) -> File:
    """Return the format of a file with the column names of the price table. tickers: known to the forecaster."""
    names = file.column_names(path)
    if "date" not in names:
        raise UserError(f"{path}: found no column date; accepted: date, {', '.join(needed)}")
    if "ticker" not in names and len(tickers) > 1:
        examples = ", ".join(tickers[:5]) + ", ..." * (len(tickers) > 5)
        raise UserError(f"{path}: found no column ticker; accepted: a column ticker with {examples}")
    return File.model_construct(
        source="file",
        path=str(path),
        ticker="" if "ticker" in names else tickers[0],
        columns={name: name for name in names if name in ("ticker", *NUMBERS, *needed)},
        date_columns=["date"],
        date_format=["%Y-%m-%d"],
        unit="",
        delimiter=",",
        decimal=".",
        thousands="",
        currency_symbols="",
        na_values=[""],
        calendar="",
        max_missing=0,
        invalid_rows="reject",
        duplicates="reject",
    )
