"""Prices that the pipeline has not seen, from a file, as the forecaster takes them."""

from pathlib import Path
from typing import Any

import pandas as pd

from pipeline import quality
from pipeline.forecaster.forecaster import Forecaster
from pipeline.forecaster.preparation import for_ticker
from pipeline.formats import format_date
from pipeline.io.errors import UserError
from pipeline.io.params import load
from pipeline.prices import NUMBERS, canonical, main_of
from pipeline.scrape import file
from pipeline.scrape.clean import Cleaned, cleaned
from pipeline.scrape.params import SOURCES, File


def prices_of(path: Path, forecaster: Forecaster) -> pd.DataFrame:
    """The price table of a file, sorted, with the columns that the forecaster needs.

    Read as params.yaml declares its `source: file`; where its source is another one, by our names of columns and dates
    of the form 2018-12-31; one ticker need not be named. As in scrape, rows without a value are left out, and where
    `repair` says drop also those that cannot be true.

    Raises UserError for a file that is not there, cannot be read so, lacks a column, has rows that cannot be true, or
    none with a value among the last ones.
    """
    params, needed, preparation = load("scrape", SOURCES), forecaster.columns, forecaster.preparation
    form = params.form if isinstance(params, File) else _plain(path, needed, list(preparation.units))
    found = file.prices(path, **form).prices
    if lacking := sorted(set(needed) - set(found.columns)):
        raise UserError(f"{path}: found no column {', '.join(lacking)}; accepted: {', '.join(needed)}")
    calendar = for_ticker(preparation.calendars, str(found["ticker"].iloc[0])).name
    clean = cleaned(canonical(found), calendar)
    untrue = quality.impossible(clean.dropped) if params.invalid_rows == "reject" else []
    if lines := untrue or _gaps(clean, forecaster.min_sessions):
        accepted = "accepted: rows that can be true, the last ones with a value"
        raise UserError("\n".join(f"{path}: {line}; {accepted}" for line in quality.first(lines)))
    return clean.table


def _gaps(clean: Cleaned, least: int) -> list[str]:
    """A line for each ticker that has no rows, or lacks some of its last ones: without them another session would be
    taken for its last one, or several sessions for one.
    """
    nulls = clean.nulls.assign(reason=f"no {main_of(clean.columns)}")
    lost = pd.concat([nulls, clean.dropped.assign(reason="a row that is not true")]).sort_values("date")
    lines = []
    for ticker, last in lost.groupby("ticker").last().iterrows():
        kept = clean.kept.loc[clean.kept["ticker"] == ticker, "date"].tail(least)
        if kept.empty or last["date"] > kept.min():
            some = f"found {last['reason']} on {format_date(last['date'])}, among the last {least} rows"
            lines.append(f"{ticker}: {some}")
    return lines


def _plain(path: Path, needed: list[str], tickers: list[str]) -> dict[str, Any]:
    """The form of a file whose columns bear our names. tickers: those that the forecaster knows."""
    heads = file.heads(path)
    if "date" not in heads:
        raise UserError(f"{path}: found no column date; accepted: date, {', '.join(needed)}")
    if "ticker" not in heads and len(tickers) > 1:
        some = ", ".join(tickers[:5]) + ", ..." * (len(tickers) > 5)
        raise UserError(f"{path}: found no column ticker; accepted: one, which names {some}")
    return {
        "ticker": "" if "ticker" in heads else tickers[0],
        "columns": {name: name for name in heads if name in ("ticker", *NUMBERS, *needed)},
        "date_columns": ["date"],
        "date_format": "%Y-%m-%d",
        "unit": "",
        "delimiter": ",",
        "decimal": ".",
        "thousands": "",
        "currency_symbols": "",
        "na_values": [""],
    }
