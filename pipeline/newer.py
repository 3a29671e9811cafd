"""Prices that the pipeline has not seen, from a file, as the forecaster takes them."""

from collections.abc import Collection
from pathlib import Path

import pandas as pd

from pipeline.errors import UserError
from pipeline.forecaster import calendars
from pipeline.forecaster.preparation import Preparation, fitted
from pipeline.params import load_one
from pipeline.sources import canonical, file
from pipeline.stages.scrape import SOURCES, File, cleaned
from pipeline.tables.prices import NUMBERS


def prices_of(path: Path, needed: Collection[str], preparation: Preparation) -> pd.DataFrame:
    """The price table of a file, sorted, with the columns that are needed.

    Read as params.yaml declares its `source: file`; where its source is another one, by our names of columns and dates
    of the form 2018-12-31. Rows that cannot be true are refused, or dropped, as scrape does.

    Raises UserError for a file that is not there, cannot be read so, or lacks a column.
    """
    file.refuse(path)
    params = load_one("scrape", "source", SOURCES)
    if isinstance(params, File):
        found, repair = file.prices(path, **params.form).prices, params.repair
    else:
        found, repair = _plain(path, needed, preparation), "none"
    lacking = sorted(set(needed) - set(found.columns))
    if lacking:
        raise UserError(f"{path}: found no column {', '.join(lacking)}; accepted: {', '.join(sorted(needed))}")
    calendar = fitted(preparation.calendars, str(found["ticker"].iloc[0])).name
    clean = cleaned(canonical(found), calendar, repair)
    return clean.kept if calendars.step(calendar) is None else clean.stepped


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
