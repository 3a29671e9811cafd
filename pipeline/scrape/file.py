"""Read prices of one or many tickers from a CSV, gzipped CSV or Parquet file.

params.yaml declares the format of the file. Nothing is guessed.
"""

import csv
import gzip
import io
import os
import zlib
from collections.abc import Collection
from pathlib import Path

import pandas as pd
import pyarrow as pa

from pipeline.io.artifacts import read_table, value_count
from pipeline.io.errors import UserError
from pipeline.prices import SourceData
from pipeline.quality import MAX_EXAMPLES, MAX_LINES, first_lines
from pipeline.scrape import parsing
from pipeline.scrape.params import TICKER, File, is_ticker

FILE_ENDINGS = (".csv", ".csv.gz", ".parquet")
MAX_BYTES = 2**29  # of a CSV, unzipped: about ten million rows
MAX_COLUMNS = 10_000  # of a file
MAX_VALUES = 10**9  # of a Parquet file


def prices(path: Path, form: File) -> SourceData:
    """Read the prices of a file by its declared format. The path of the format does not count.

    Raises UserError, with file, line and column for the first mistakes of each kind.
    """
    needed = [*form.date_columns, *form.columns.values()]
    table = _read_table(path, needed, form.delimiter)
    line_word = "row" if path.suffix == ".parquet" else "line"
    for name in needed:
        count = list(table.columns).count(name)
        if count == 0:
            accepted = f"accepted in params.yaml: {', '.join(first_lines(list(map(str, table.columns))))}"
            raise UserError(f"{path}: found no column {name!r}, which params.yaml names; {accepted}")
        if count > 1:
            raise UserError(f"{path}: found the column {name!r} {count} times; accepted: once")

    if isinstance(form.ticker, list):
        table = _rows_of(form.ticker, table, form.columns["ticker"], path)
    mistakes: list[str] = []

    def add_mistakes(names: list[str], wrong: pd.Series, accepted: str) -> None:
        where = f"column{'s' * (len(names) > 1)} {', '.join(names)}"
        lines = table.index[wrong]
        for line in lines[:MAX_EXAMPLES]:
            found = table[names[0]][line] if len(names) == 1 else " ".join(str(table[name][line]) for name in names)
            mistakes.append(f"{path}, {line_word} {line}, {where}: found {found!r}; accepted: {accepted}")
        if len(lines) > MAX_EXAMPLES:
            mistakes[-1] += f"; {len(lines) - MAX_EXAMPLES:,} more like it, the last in {line_word} {lines[-1]}"

    formats = form.date_format
    readings = pd.concat([_dates(table[form.date_columns], each) for each in formats], axis=1, ignore_index=True)
    dates, latest = readings.min(axis=1), readings.max(axis=1)  # they differ if two formats read different dates
    add_mistakes(form.date_columns, dates.isna(), f"dates in the format {' or '.join(formats)}")
    add_mistakes(form.date_columns, dates < latest, f"dates that {' and '.join(formats)} read alike")
    only = form.ticker if isinstance(form.ticker, str) else ""
    prices = pd.DataFrame({"ticker": only, "date": dates}, index=table.index)
    irregular = pd.DataFrame(index=table.index)
    for name, file_column in form.columns.items():
        values = table[file_column]
        if name == "ticker":
            prices["ticker"] = values.astype(str).fillna("").str.strip()
            add_mistakes([file_column], prices["ticker"] == "", "a ticker")
            unusable = [name for name in prices["ticker"].unique() if name and not is_ticker(name)]
            add_mistakes([file_column], prices["ticker"].isin(unusable), TICKER)
        elif pd.api.types.is_numeric_dtype(values) or pd.api.types.infer_dtype(values) == "decimal":
            prices[name] = values.astype("float64")
        else:
            texts = values.astype(str).fillna("")
            marks = form.decimal, form.thousands, form.currency_symbols
            prices[name], wrong, irregular[name] = parsing.numbers(texts, *marks, form.na_values)
            missing = f", or {', '.join(map(repr, form.na_values))} for a missing value" if form.na_values else ""
            add_mistakes([file_column], wrong, f"a number such as 1{form.thousands}234{form.decimal}5{missing}")
    if mistakes:
        raise UserError("\n".join(mistakes[:MAX_LINES] + ["... and more"] * (len(mistakes) > MAX_LINES)))
    if prices.empty:
        raise UserError(f"{path}: found no rows; accepted: at least one")
    counts = irregular.groupby(prices["ticker"]).sum().to_dict("index")
    return SourceData(
        prices.reset_index(drop=True),
        units=dict.fromkeys(prices["ticker"].unique(), form.unit),
        irregular={ticker: {name: n for name, n in by_column.items() if n} for ticker, by_column in counts.items()},
    )


def inside(folder: Path, name: str) -> Path:
    """Return the path of a file in a folder.

    Raises UserError if the file is outside, also by a symbolic link: DVC tracks the folder only.
    """
    path = folder / name
    try:
        is_inside = path.resolve().is_relative_to(folder.resolve())
    except (OSError, RuntimeError, ValueError):  # too long a name, a loop of links, a NUL
        is_inside = False
    if not is_inside:
        raise UserError(f"params.yaml: scrape.path: found {name!r}, outside of {folder}; accepted: a file in {folder}")
    return path


def column_names(path: Path) -> list[str]:
    """Return the names of the columns of a Parquet file or of a CSV with commas. Raises UserError as `prices` does."""
    return [str(name) for name in _read_table(path, [], ",").columns]


def _read_table(path: Path, needed: Collection[str], delimiter: str) -> pd.DataFrame:
    """Read a file without changes. The index holds the line or row number of each row."""
    exists = os.path.exists(path)  # noqa: PTH110  # Path.exists raises an error for too long a name
    if not path.name.endswith(FILE_ENDINGS) or (exists and not path.is_file()):  # a pipe or a device may never end
        found = "a folder" if os.path.isdir(path) else "no file of prices"  # noqa: PTH112  # as above
        raise UserError(f"{path}: found {found}; accepted: a file whose name ends in {', '.join(FILE_ENDINGS)}")
    if not exists:
        raise UserError(f"{path}: no such file")
    return _read_parquet(path, needed) if path.suffix == ".parquet" else _read_csv(path, delimiter)


def _rows_of(tickers: list[str], table: pd.DataFrame, column: str, path: Path) -> pd.DataFrame:
    """Return the rows of these tickers. Raises UserError if the column does not have one of them."""
    names = table[column].astype(str).fillna("").str.strip()
    if absent := [ticker for ticker in tickers if ticker not in set(names)]:
        found = f"found no ticker {', '.join(map(repr, absent))}, which params.yaml names"
        accepted = ", ".join(first_lines(sorted(set(names))))
        raise UserError(f"{path}, column {column}: {found}; accepted in params.yaml: {accepted}")
    return table[names.isin(tickers)]


def _read_csv(path: Path, delimiter: str) -> pd.DataFrame:
    """Read all cells as text. The index holds the line number on which each row ends."""
    read, accepted = ("unzipped", "a CSV compressed with gzip") if path.suffix == ".gz" else ("read", "a CSV")
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise UserError(f"{path}: cannot be {read}: {error}; accepted: {accepted}") from None
    if len(content) > MAX_BYTES:
        raise UserError(f"{path}: found over {MAX_BYTES >> 20} MiB of text; accepted: at most that, or Parquet")
    try:
        text = content.decode("utf-8-sig")  # with or without a byte-order mark
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        byte = error.object[error.start]
        raise UserError(f"{path}, line {line}: found the byte {byte:#04x}; accepted: text in UTF-8") from None
    reader, lines, rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True), [], []
    first_line = 1  # of the current row: after a quote that is not closed, the reader goes on to the end of the file
    try:
        names = next(reader, [])
        if not names:
            raise UserError(f"{path}, line 1: found nothing; accepted: the names of the columns")
        if len(names) > MAX_COLUMNS:
            raise UserError(f"{path}, line 1: found {len(names):,} columns; accepted: at most {MAX_COLUMNS:,}")
        first_line = reader.line_num + 1
        for row in reader:
            if row and len(row) != len(names):
                raise UserError(
                    f"{path}, line {reader.line_num}: found {len(row)} fields; accepted: {len(names)}, as in line 1"
                )
            if row:
                lines.append(reader.line_num)
                rows.append(row)
            first_line = reader.line_num + 1
    except csv.Error as error:
        raise UserError(f"{path}, the row that begins in line {first_line}: cannot be read as CSV: {error}") from None
    return pd.DataFrame(rows, columns=names, index=lines, dtype="str")


def _read_parquet(path: Path, needed: Collection[str]) -> pd.DataFrame:
    """Read a table without changes. A named index becomes columns. Rows are numbered from 1."""
    try:
        if (count := value_count(path)) > MAX_VALUES:
            raise UserError(f"{path}: found {count:,} values; accepted: at most {MAX_VALUES:,}")
        table = read_table(path)
        table = table.reset_index(drop=list(table.index.names) == [None])
        texts = table.loc[:, table.columns.isin(needed)].select_dtypes(["str", "object"])
        texts.astype(object).astype(str)  # raises an error for a text that is not UTF-8
    except (pa.ArrowException, OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(f"{path}: cannot be read as Parquet: {' '.join(str(error).split())}") from None
    return table.rename(index=lambda row: row + 1)


def _dates(columns: pd.DataFrame, date_format: str) -> pd.Series:
    """Return the local dates of one column of dates, or of text columns that are joined by spaces."""
    first = columns.iloc[:, 0]
    if len(columns.columns) == 1 and pd.api.types.infer_dtype(first).startswith("date"):
        return parsing.without_zone(pd.to_datetime(first, errors="coerce"))
    others = [column.astype(str) for _, column in columns.iloc[:, 1:].items()]
    return parsing.dates(first.astype(str).str.cat(others, sep=" "), date_format)
