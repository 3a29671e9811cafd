"""Prices that the pipeline has not seen, from a file, as the forecaster takes them."""

from collections.abc import Collection
from pathlib import Path

import pandas as pd

from pipeline import findings
from pipeline.errors import UserError
from pipeline.forecaster import calendars
from pipeline.forecaster.forecaster import Forecaster
from pipeline.forecaster.preparation import Preparation, fitted
from pipeline.params import load_one
from pipeline.sources import canonical, file
from pipeline.stages.scrape import SOURCES, Cleaned, File, cleaned
from pipeline.tables.prices import NUMBERS, columns_of, main_of


def prices_of(path: Path, forecaster: Forecaster) -> pd.DataFrame:
    """The price table of a file, sorted, with the columns that the forecaster needs.

    Read as params.yaml declares its `source: file`; where its source is another one, by our names of columns and dates
    of the form 2018-12-31. Rows without a value are left out, as scrape does, but not where the forecast rests on them.

    Raises UserError for a file that is not there, cannot be read so, lacks a column, or has rows that cannot be true.
    """
    file.refuse(path)
    params, needed, preparation = load_one("scrape", "source", SOURCES), forecaster.columns, forecaster.preparation
    declared = params if isinstance(params, File) else None
    found = file.prices(path, **declared.form).prices if declared else _plain(path, needed, preparation)
    if lacking := sorted(set(needed) - set(found.columns)):
        raise UserError(f"{path}: found no column {', '.join(lacking)}; accepted: {', '.join(sorted(needed))}")
    calendar = fitted(preparation.calendars, str(found["ticker"].iloc[0])).name
    clean = cleaned(canonical(found), calendar)
    if len(clean.dropped) and not (declared and declared.repair == "drop"):
        lines = findings.first(findings.impossible(clean.dropped))
        raise UserError("\n".join(f"{path}: {line}; accepted: rows that can be true" for line in lines))
    _refuse_gaps(path, clean, forecaster.least)
    return clean.kept if calendars.step(calendar) is None else clean.stepped


def _refuse_gaps(path: Path, clean: Cleaned, least: int) -> None:
    """Raise UserError for rows without a value among the last ones of a ticker: without them, another session would be
    taken for its last one, or a longer time for a session.
    """
    column = main_of(columns_of(clean.kept))
    starts = clean.kept.groupby("ticker").tail(least).groupby("ticker")["date"].min()
    dropped = clean.dropped[["ticker", "date"]].astype({"date": "datetime64[us]"})
    without = pd.concat([clean.nulls[["ticker", "date"]], dropped])
    gaps = without[without["date"] > without["ticker"].map(starts)]
    accepted = f"one in each of the last {least} rows"
    lines = [
        f"{path}: {ticker}: found no {column} on {findings.moment(dates.max())}; accepted: {accepted}"
        for ticker, dates in gaps.groupby("ticker")["date"]
    ]
    if lines:
        raise UserError("\n".join(lines))


def _plain(path: Path, needed: Collection[str], preparation: Preparation) -> pd.DataFrame:
    """A file whose columns bear our names."""
    heads = file.heads(path)
    if "date" not in heads:
        raise UserError(f"{path}: found no column date; accepted: date, {', '.join(sorted(needed))}")
    known = list(preparation.units)
    if "ticker" not in heads and len(known) > 1:
        some = ", ".join(known[:5]) + ", ..." * (len(known) > 5)
        raise UserError(f"{path}: found no column ticker; accepted: one, which names {some}")
    columns = {name: name for name in heads if name in ("ticker", *NUMBERS, *needed)}
    own = "" if "ticker" in columns else known[0]
    return file.prices(
        path,
        own,
        columns,
        ["date"],
        "%Y-%m-%d",
        "",
        delimiter=",",
        decimal=".",
        thousands="",
        signs="",
        missing=[""],
    ).prices
