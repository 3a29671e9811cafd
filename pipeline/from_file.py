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
    of the form 2018-12-31; one ticker need not be named. Rows without a value are left out, as scrape does.

    Raises UserError for a file that is not there, cannot be read so, lacks a column, has rows that cannot be true, or
    none with a value among the last ones.
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
    if lines := _gaps(clean, forecaster.least):
        raise UserError("\n".join(f"{path}: {line}; accepted: sound ones" for line in lines))
    return clean.kept if calendars.step(calendar) is None else clean.stepped


def _gaps(clean: Cleaned, least: int) -> list[str]:
    """A line for each ticker that has no rows, or lacks some of its last ones: without them another session would be
    taken for its last one, or several sessions for one.
    """
    column = main_of(columns_of(clean.nulls))
    nulls = clean.nulls[["ticker", "date"]].assign(what=f"no {column}")
    dropped = clean.dropped[["ticker", "date"]].astype({"date": "datetime64[us]"}).assign(what="a row that is not true")
    lines = []
    for ticker, lost in pd.concat([nulls, dropped]).sort_values("date").groupby("ticker"):
        kept = clean.kept.loc[clean.kept["ticker"] == ticker, "date"].tail(least)
        if kept.empty or (lost["date"] > kept.min()).any():
            last = lost.iloc[-1]
            lines.append(
                f"{ticker}: found {last['what']} on {findings.moment(last['date'])}, among the last {least} rows"
            )
    return lines


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
