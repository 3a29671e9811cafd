"""Files: CSV, also gzipped, and Parquet, one or many tickers; what params.yaml does not declare is not guessed."""

import csv
import gzip
import io
import zlib
from collections.abc import Collection, Mapping
from pathlib import Path

import pandas as pd
import pyarrow as pa

from pipeline.io.artifacts import read_bytes, read_table
from pipeline.io.errors import UserError
from pipeline.prices import Found
from pipeline.scrape import parsing

SHOWN = 20  # mistakes, of however many
KINDS = (".csv", ".csv.gz", ".parquet")


def prices(
    path: Path,
    ticker: str,
    columns: Mapping[str, str],
    date_columns: list[str],
    date_format: str,
    unit: str,
    *,
    delimiter: str,
    decimal: str,
    thousands: str,
    currency_symbols: str,
    na_values: Collection[str],
) -> Found:
    """The price table of a file.

    ticker: the name of its one series, empty where columns["ticker"] names it row by row; columns: ours to the
    file's; date_columns: the file's columns that make up the date. Raises UserError, a line for each of the first SHOWN
    mistakes, with file, line and column.
    """
    needed = [*date_columns, *columns.values()]
    table = _table(path, needed, delimiter)
    line = "row" if path.suffix == ".parquet" else "line"
    for name in needed:
        if list(table.columns).count(name) != 1:
            times = "twice" if name in table.columns else f"not among {', '.join(map(str, table.columns))}"
            raise UserError(f"{path}: the column {name!r} of params.yaml is there {times}".replace("there not", "not"))

    mistakes: list[str] = []

    def refused(names: list[str], wrong: pd.Series, accepted: str) -> None:
        where = f"column{'s' * (len(names) > 1)} {', '.join(names)}"
        for at in table.index[wrong][: SHOWN + 1]:
            found = table[names[0]][at] if len(names) == 1 else " ".join(str(table[name][at]) for name in names)
            mistakes.append(f"{path}, {line} {at}, {where}: found {found!r}; accepted: {accepted}")

    when = _dates(table[date_columns], date_format)
    refused(date_columns, when.isna(), f"dates of the form {date_format}")
    found = pd.DataFrame({"ticker": ticker, "date": when}, index=table.index)
    for ours, theirs in columns.items():
        if ours == "ticker":
            found["ticker"] = table[theirs].astype(str).fillna("").str.strip()
            refused([theirs], found["ticker"] == "", "a ticker")
        elif pd.api.types.is_numeric_dtype(table[theirs]) or pd.api.types.infer_dtype(table[theirs]) == "decimal":
            found[ours] = table[theirs].astype("float64")
        else:
            texts = table[theirs].astype(str).fillna("")
            found[ours], wrong = parsing.numbers(texts, decimal, thousands, currency_symbols, na_values)
            absent = f", or one of {', '.join(repr(text) for text in na_values)}" if na_values else ""
            refused([theirs], wrong, f"a number such as 1{thousands}234{decimal}5{absent}")
    if mistakes:
        raise UserError("\n".join(mistakes[:SHOWN] + ["... and more"] * (len(mistakes) > SHOWN)))
    if found.empty:
        raise UserError(f"{path}: found no rows; accepted: at least one")
    return Found(found.reset_index(drop=True), units=dict.fromkeys(found["ticker"].unique(), unit))


def heads(path: Path) -> list[str]:
    """The names of the columns of a file; of a CSV with commas between them. Raises UserError as `prices`."""
    return [str(name) for name in _table(path, [], ",").columns]


def _table(path: Path, needed: Collection[str], delimiter: str) -> pd.DataFrame:
    """The table of a file as it is; its index says where a row stands."""
    if path.is_dir() or not path.name.endswith(KINDS):
        raise UserError(f"{path}: found no file of prices; accepted: one whose name ends in {', '.join(KINDS)}")
    try:
        path.stat()
    except OSError as error:
        reason = "no such file" if isinstance(error, FileNotFoundError) else str(error.strerror).lower()
        raise UserError(f"{path}: {reason}") from None
    return _parquet(path, needed) if path.suffix == ".parquet" else _csv(path, delimiter)


def _csv(path: Path, delimiter: str) -> pd.DataFrame:
    """All cells as text, indexed by the line each row ends on."""
    content = read_bytes(path)
    if path.suffix == ".gz":
        try:
            content = gzip.decompress(content)
        except (OSError, EOFError, zlib.error) as error:
            raise UserError(f"{path}: not gzipped: {error}") from None
    try:
        text = content.decode("utf-8-sig")  # with a byte-order mark or without
    except UnicodeDecodeError as error:
        at = error.object.count(b"\n", 0, error.start) + 1
        byte = error.object[error.start]
        raise UserError(f"{path}, line {at}: found the byte {byte:#04x}; accepted: UTF-8") from None
    if delimiter in '"\r\n':
        raise UserError(f"params.yaml: scrape.delimiter: found {delimiter!r}; accepted: no quote and no end of line")
    reader, lines, rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True), [], []
    begin = 1  # where a quote is not closed, the reader has gone on to the end
    try:
        heads = next(reader, [])
        if not heads:
            raise UserError(f"{path}, line 1: found nothing; accepted: the names of the columns")
        begin = reader.line_num + 1
        for row in reader:
            if row and len(row) != len(heads):
                raise UserError(
                    f"{path}, line {reader.line_num}: found {len(row)} fields; accepted: {len(heads)}, as in line 1"
                )
            if row:
                lines.append(reader.line_num)
                rows.append(row)
            begin = reader.line_num + 1
    except csv.Error as error:
        raise UserError(f"{path}, the row that begins in line {begin}: not CSV: {error}") from None
    return pd.DataFrame(rows, columns=heads, index=lines, dtype="str")


def _parquet(path: Path, needed: Collection[str]) -> pd.DataFrame:
    """As it is, what was an index where it was written among the columns; rows numbered from 1."""
    try:
        table = read_table(path)
        table = table.reset_index(drop=list(table.index.names) == [None])
        texts = table.loc[:, table.columns.isin(needed)].select_dtypes(["str", "object"])
        texts.astype(object).astype(str)  # what is no UTF-8 is found here, else where it is first used
    except (pa.ArrowException, OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(f"{path}: not Parquet: {' '.join(str(error).split())}") from None
    return table.rename(index=lambda row: row + 1)


def _dates(columns: pd.DataFrame, form: str) -> pd.Series:
    """The local dates of one column of times, or of columns of text joined by spaces."""
    first = columns.iloc[:, 0]
    if len(columns.columns) == 1 and pd.api.types.infer_dtype(first).startswith("date"):
        return parsing.local(pd.to_datetime(first, errors="coerce"))
    others = [own.astype(str) for _, own in columns.iloc[:, 1:].items()]
    return parsing.dates(first.astype(str).str.cat(others, sep=" "), form)
