"""A file is read exactly as declared; each mistake gives one line that says where it is."""

import contextlib
import csv
import datetime as dt
import gzip
import io
import os
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.io.errors import UserError
from pipeline.prices import SourceData, canonical
from pipeline.scrape.file import inside, prices
from pipeline.scrape.params import File, check_tickers, check_unit, listed
from tests.conftest import file_params
from tests.series import made_prices

CSV = "ticker,date,close\nAAA,2020-01-02,1.5\nAAA,2020-01-03,2.5\nBBB,2020-01-02,-0.25\n"
COLUMNS = {"ticker": "ticker", "close": "close"}


def read(path: Path, **changes: Any) -> SourceData:
    """Read a file with tickers and closes in the default format, except for `changes`."""
    form = {**file_params(columns=COLUMNS), **changes}
    return prices(path, File.model_construct(**form | {"date_format": listed(form["date_format"])}))


def found(path: Path, content: bytes | str, **changes: Any) -> list[list[Any]]:
    """Write a file and return its rows as read: ticker, date as text, values."""
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    table = read(path, **changes).prices
    assert table["date"].dtype == "datetime64[us]"
    assert (table.dtypes.iloc[2:] == "float64").all()
    return table.assign(date=table["date"].astype(str)).to_numpy().tolist()


def refusal(path: Path, content: bytes | str | None = None, **changes: Any) -> str:
    """Return the error for a file, with {path} instead of its path. content: written to the file first, if given."""
    if content is not None:
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(UserError) as error:
        read(path, **changes)
    return str(error.value).replace(str(path), "{path}")


@pytest.fixture
def own(tmp_path: Path) -> Path:
    return tmp_path / "own.csv"


@pytest.fixture
def table(tmp_path: Path) -> Path:
    return tmp_path / "own.parquet"


ROWS = [["AAA", "2020-01-02", 1.5], ["AAA", "2020-01-03", 2.5], ["BBB", "2020-01-02", -0.25]]


def test_a_csv_is_read_plain_and_gzipped(own: Path) -> None:
    assert found(own, CSV) == ROWS
    assert found(own.with_suffix(".csv.gz"), gzip.compress(CSV.encode())) == ROWS


@pytest.mark.parametrize(
    "content",
    [
        "\ufeff" + CSV,
        CSV.replace("\n", "\r\n"),
        CSV.replace("\n", "\r"),
        CSV.rstrip("\n"),
        "\ufeff" + ('"' + CSV.rstrip("\n").replace(",", '","').replace("\n", '"\n"') + '"').replace("\n", "\r\n"),
        CSV.replace("\n", "\n\n") + "\n\r\n",
        CSV.replace(",", " , ").replace(" , ", ",", 2),
    ],
    ids=["byte-order mark", "CRLF", "CR", "no last newline", "quoted", "blank lines", "spaces"],
)
def test_how_lines_end_and_fields_are_quoted_does_not_matter(content: str, own: Path) -> None:
    assert found(own, content) == ROWS


TWO_WAYS = ["%m-%d-%Y", "%m/%d/%Y"]


def test_each_date_may_be_written_in_one_of_several_formats(own: Path) -> None:
    content = "ticker,date,close\nAAA,01-02-2020,1.5\nAAA,1/3/2020,2.5\nBBB,01-02-2020,-0.25\n"
    assert found(own, content, date_format=TWO_WAYS) == ROWS
    assert found(own, content, date_format=[*TWO_WAYS, "%m/%d/%Y "]) == ROWS  # two that read the same date
    assert refusal(own, content.replace("1/3/2020", "2020-01-03"), date_format=TWO_WAYS) == (
        "{path}, line 3, column date: found '2020-01-03'; accepted: dates in the format %m-%d-%Y or %m/%d/%Y"
    )


def test_a_date_that_two_formats_read_differently_is_refused(own: Path) -> None:
    content = "ticker,date,close\nAAA,2/2/2020,1\nAAA,13/3/2020,1\nAAA,1/3/2020,1\nAAA,3/13/2020,1\n"
    assert refusal(own, content, date_format=["%d/%m/%Y", "%m/%d/%Y"]) == (
        "{path}, line 4, column date: found '1/3/2020'; accepted: dates that %d/%m/%Y and %m/%d/%Y read alike"
    )


def test_irregularly_grouped_numbers_are_counted_by_ticker_and_column(own: Path) -> None:
    rows = ['A,1,"1,234","73,80,500"', 'A,2,"1,2345","116,88,800"', 'A,3,5,"1,0,500"', 'B,1,"12,34,567",1']
    own.write_text("\n".join(["ticker,date,close,volume", *rows]))
    columns = {**COLUMNS, "volume": "volume"}
    data = read(own, columns=columns, date_format="%d", thousands=",")
    assert data.irregular == {"A": {"close": 1, "volume": 2}, "B": {}}
    assert data.prices["close"].tolist() == [1234, 12345, 5, 1234567]
    assert data.prices["volume"].tolist() == [7380500, 11688800, 10500, 1]
    own.write_text(CSV)
    assert not any(read(own).irregular.values())


def test_every_ticker_has_the_unit_and_one_series_the_ticker_that_params_name(own: Path) -> None:
    own.write_text(CSV)
    assert read(own).units == {"AAA": "EUR", "BBB": "EUR"}
    assert read(own, ticker="^OWN", columns={"close": "close"}, unit="INR").units == {"^OWN": "INR"}


def test_a_ticker_is_a_text_whatever_it_looks_like(own: Path) -> None:
    rows = found(own, "ticker,date,close\nNA,2020-01-02,1\nnan,2020-01-02,1\n0700,2020-01-02,1\n TRUE ,2020-01-02,1\n")
    assert [row[0] for row in rows] == ["NA", "nan", "0700", "TRUE"]


def test_a_date_may_stand_in_several_columns(own: Path) -> None:
    content = "h,close,y,m,d\n5,1.5,2020,1,2\n23,2.5,2020,12,31\n"
    changes = {
        "date_columns": ["y", "m", "d", "h"],
        "date_format": "%Y %m %d %H",
        "ticker": "A",
        "columns": {"v": "close"},
    }
    assert found(own, content, **changes) == [["A", "2020-01-02 05:00:00", 1.5], ["A", "2020-12-31 23:00:00", 2.5]]


def test_columns_have_our_names_and_order_and_others_are_passed_over(own: Path) -> None:
    own.write_text("Adj Close,Note,date,Close\n1,x,2020-01-02,2\n")
    wide = read(own, ticker="A", columns={"close": "Close", "adj_close": "Adj Close"}).prices
    assert wide.columns.tolist() == ["ticker", "date", "close", "adj_close"]
    assert wide.iloc[0, 2:].tolist() == [2, 1]


def test_a_quoted_field_may_hold_line_ends_delimiters_and_quotes(own: Path) -> None:
    content = 'ticker,note,date,close\r\nAAA,"a ""b"", c\r\nd",2020-01-02,1.5\r\n"A,B",,2020-01-03,x\r\n'
    assert refusal(own, content) == (
        "{path}, line 4, column close: found 'x'; accepted: a number such as 1234.5, or '' for a missing value"
    )
    assert found(own, content.replace("x", "2.5")) == [["AAA", "2020-01-02", 1.5], ["A,B", "2020-01-03", 2.5]]


@st.composite
def written(draw: st.DrawFn) -> tuple[pd.DataFrame, bytes, dict[str, Any]]:
    """Draw a price table with rows in any order, its CSV in a random format, and that format."""
    sizes = draw(st.lists(st.integers(1, 6), min_size=1, max_size=3))
    made = pd.concat([made_prices(f"T{n}", size, seed=n) for n, size in enumerate(sizes)], ignore_index=True)
    values = st.floats(allow_nan=False, allow_infinity=False) | st.floats(0.01, 1e6) | st.just(np.nan)
    for name in ("open", "close"):
        made[name] = draw(st.lists(values, min_size=len(made), max_size=len(made)))
    made = made.loc[draw(st.permutations(made.index.tolist())), ["ticker", "date", "open", "close"]]

    decimal, thousands, delimiter = draw(
        st.sampled_from([(".", ",", ","), (",", ".", ";"), (".", "", "\t"), (",", ".", ","), (".", "'", "|")])
    )
    sign = draw(st.sampled_from(["", "$", "kr"]))
    date_format = draw(st.sampled_from(["%Y-%m-%d", "%d %b %Y", "%d.%m.%y"]))
    absent = draw(st.sampled_from(["", "-", "null"]))

    def shown(value: float) -> str:
        if np.isnan(value):
            return absent
        whole, dot, rest = repr(abs(value)).partition(".")
        whole = f"{int(whole):,}".replace(",", thousands) if dot else whole
        return "-" * bool(np.signbit(value)) + sign + whole + dot.replace(".", decimal) + rest

    buffer = io.StringIO(newline="")
    quoting: Literal[0, 1] = csv.QUOTE_ALL if draw(st.booleans()) else csv.QUOTE_MINIMAL
    ends = draw(st.sampled_from(["\n", "\r\n"]))
    writer = csv.writer(buffer, delimiter=delimiter, quoting=quoting, lineterminator=ends)
    writer.writerow(["Ticker", "Date", "Open", "Close"])
    for row in made.itertuples():
        writer.writerow([row.ticker, row.date.strftime(date_format), shown(row.open), shown(row.close)])
    text = draw(st.sampled_from(["", "\ufeff"])) + buffer.getvalue()
    content = (text.removesuffix(ends) if draw(st.booleans()) else text).encode()
    form = {
        "delimiter": delimiter,
        "decimal": decimal,
        "thousands": thousands,
        "currency_symbols": sign,
        "na_values": [absent],
    }
    columns = {"ticker": "Ticker", "open": "Open", "close": "Close"}
    return made, content, {**form, "date_columns": ["Date"], "date_format": date_format, "columns": columns}


@settings(max_examples=100, deadline=None)
@given(case=written(), zipped=st.booleans())
def test_a_price_table_comes_back_from_any_declared_form_whatever_the_order_of_its_rows(
    case: tuple[pd.DataFrame, bytes, dict[str, Any]], zipped: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    made, content, form = case
    path = tmp_path_factory.getbasetemp() / ("written.csv.gz" if zipped else "written.csv")
    path.write_bytes(gzip.compress(content, 1) if zipped else content)
    back, wanted = canonical(read(path, **form).prices), canonical(made)
    pd.testing.assert_frame_equal(back[["ticker", "date"]], wanted[["ticker", "date"]], check_dtype=False)
    for name in ("open", "close"):
        assert back[name].map(repr).tolist() == wanted[name].map(repr).tolist()


def stored(path: Path, **columns: Any) -> list[list[Any]]:
    """Write a Parquet file in which these columns replace the default ones, and return its rows."""
    rows = {"ticker": ["AAA", "AAA"], "date": ["2020-01-02", "2020-01-03"], "close": [1.5, 2.5], **columns}
    pq.write_table(pa.table(rows), path)
    return found(path, path.read_bytes())


TWO = ROWS[:2]
NIGHT = [dt.datetime(2020, 1, 2, 23), dt.datetime(2020, 1, 3, 23)]  # noqa: DTZ001


@pytest.mark.parametrize(
    "dates",
    [
        pa.array(["2020-01-02", "2020-01-03"]).dictionary_encode(),
        pa.array([dt.date(2020, 1, 2), dt.date(2020, 1, 3)]),
        pa.array(pd.to_datetime(["2020-01-02", "2020-01-03"])).cast(pa.timestamp("ns")),
    ],
    ids=["text", "date", "timestamp"],
)
def test_parquet_may_hold_dates_as_dates_or_as_text(dates: Any, table: Path) -> None:
    assert stored(table, date=dates) == TWO


@pytest.mark.parametrize("zone", ["Asia/Tokyo", "+05:30"])
def test_a_time_zone_leaves_the_local_date(zone: str, table: Path) -> None:
    local = pd.DatetimeIndex(NIGHT).tz_localize(zone)
    assert [row[1] for row in stored(table, date=pa.array(local))] == ["2020-01-02 23:00:00", "2020-01-03 23:00:00"]


def test_parquet_may_hold_numbers_of_any_kind(table: Path) -> None:
    for type_ in (pa.float64(), pa.float32(), pa.int64(), pa.int16(), pa.uint8()):
        assert stored(table, close=pa.array([1, 2], type_)) == [["AAA", "2020-01-02", 1], ["AAA", "2020-01-03", 2]]
    assert stored(table, close=[" 1.5", "2.5e0"]) == TWO
    assert stored(table, close=pa.array(["1.5", "2.5"]).dictionary_encode()) == TWO
    assert stored(table, close=[Decimal("1.500"), Decimal("2.500")]) == TWO
    for absent in (pa.array([1.5, None]), pa.array([1, None]), [Decimal("1.5"), None], ["1.5", None], ["1.5", ""]):
        assert np.isnan(stored(table, close=absent)[1][2])
    assert stored(table, ticker=[700, 5])[0][0] == "700"


@pytest.mark.parametrize("closes", [[1.5, 2.5], [Decimal("1.500"), Decimal("2.500")]])
def test_the_marks_are_those_of_texts_not_of_numbers(closes: list[Any], table: Path) -> None:
    stored(table, close=closes)
    assert read(table, decimal=",", thousands=".").prices["close"].tolist() == [1.5, 2.5]


def test_what_was_an_index_is_a_column(table: Path) -> None:
    frame = pd.DataFrame(ROWS, columns=["ticker", "date", "close"]).assign(date=lambda own: pd.to_datetime(own["date"]))
    for indexed in (frame, frame.set_index("date"), frame.set_index(["ticker", "date"]), frame.iloc[[0, 1, 2]]):
        indexed.to_parquet(table)
        assert found(table, table.read_bytes()) == ROWS


NO_COLUMN = "{path}: found no column"
ACCEPTED = "which params.yaml names; accepted in params.yaml"
NOT_CSV = "{path}, the row that begins in line 5: cannot be read as CSV"
DATE = "accepted: dates in the format %Y-%m-%d"
NUMBER = "accepted: a number such as 1234.5, or '' for a missing value"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "{path}, line 1: found nothing; accepted: the names of the columns"),
        ("ticker,date,close", "{path}: found no rows; accepted: at least one"),
        ("ticker,date,Close", f"{NO_COLUMN} 'close', {ACCEPTED}: ticker, date, Close"),
        ("ticker;date;close", f"{NO_COLUMN} 'date', {ACCEPTED}: ticker;date;close"),
        ("ticker,date,close,close\nA,2020-01-02,1,1\n", "{path}: found the column 'close' 2 times; accepted: once"),
        (CSV + "BBB,2020-01-03\n", "{path}, line 5: found 2 fields; accepted: 3, as in line 1"),
        (CSV + "BBB,2020-01-03,1O\n", f"{{path}}, line 5, column close: found '1O'; {NUMBER}"),
        (CSV + "BBB,2020-01-03,nan\n", f"{{path}}, line 5, column close: found 'nan'; {NUMBER}"),
        (CSV + "BBB,03.01.2020,1\n", f"{{path}}, line 5, column date: found '03.01.2020'; {DATE}"),
        (CSV + "BBB,,1\n", f"{{path}}, line 5, column date: found ''; {DATE}"),
        (CSV + " ,2020-01-03,1\n", "{path}, line 5, column ticker: found ' '; accepted: a ticker"),
        (CSV + 'BBB,2020-01-03,"1\n\n', f"{NOT_CSV}: unexpected end of data"),
        (CSV + '"B"B,2020-01-03,1\n', f"{NOT_CSV}: ',' expected after '\"'"),
        (CSV.encode() + b"\xe9,2020-01-03,1\n", "{path}, line 5: found the byte 0xe9; accepted: text in UTF-8"),
        (b"\xef\xbb\xbf" + CSV.encode() + b"\xe9", "{path}, line 5: found the byte 0xe9; accepted: text in UTF-8"),
        (CSV.encode("utf-16"), "{path}, line 1: found the byte 0xff; accepted: text in UTF-8"),
    ],
)  # fmt: skip
def test_a_mistake_in_a_csv_is_named_by_line_and_column(content: bytes | str, said: str, own: Path) -> None:
    assert refusal(own, content) == said


def test_a_wrong_date_in_several_columns_is_named_with_all_of_them(own: Path) -> None:
    assert refusal(own, "y,m,ticker,close\n2020,13,A,1\n", date_columns=["y", "m"], date_format="%Y %m") == (
        "{path}, line 2, columns y, m: found '2020 13'; accepted: dates in the format %Y %m"
    )


def test_the_number_accepted_is_shown_with_the_declared_marks(own: Path) -> None:
    content = "ticker,date,close\nA,2020-01-02,1.5\n"
    assert refusal(own, content, decimal=",", thousands=".", na_values=["-", "null"]) == (
        "{path}, line 2, column close: found '1.5'; accepted: a number such as 1.234,5, "
        "or '-', 'null' for a missing value"
    )
    assert refusal(own, content, decimal=",", na_values=[]) == (
        "{path}, line 2, column close: found '1.5'; accepted: a number such as 1234,5"
    )


def test_three_of_many_mistakes_in_a_column_are_listed_and_how_many_there_are(own: Path) -> None:
    lines = [f"AAA,2020-01-02,x{n}" for n in range(30)]
    for count in (1, 3, 4, 30):
        said = refusal(own, "\n".join(["ticker,date,close", *lines[:count]])).splitlines()
        more = f"; {count - 3} more like it, the last in line {count + 1}" * (count > 3)
        assert len(said) == min(count, 3)
        assert said[-1] == f"{{path}}, line {len(said) + 1}, column close: found 'x{len(said) - 1}'; {NUMBER}{more}"


def test_twenty_mistakes_are_listed_at_most(own: Path) -> None:
    names = ["close", *(f"c{n}" for n in range(9))]
    row = ",".join(["AAA,2020-01-02", *"x" * 10])
    content = "\n".join([",".join(["ticker,date", *names]), row, row, row])
    said = refusal(own, content, columns={"ticker": "ticker"} | dict(zip(names, names, strict=True))).splitlines()
    assert len(said) == 21
    assert said[-1] == "... and more"


def test_mistakes_of_all_columns_are_listed_together(own: Path) -> None:
    said = refusal(own, "ticker,date,close\n,2020-01-02,1\nA,2020-01-99,1\nA,2020-01-02,x\n").splitlines()
    assert [line.split(":")[0] for line in said] == [
        "{path}, line 3, column date",
        "{path}, line 2, column ticker",
        "{path}, line 4, column close",
    ]


def test_a_path_that_is_not_a_known_kind_of_file_is_named(tmp_path: Path) -> None:
    accepted = "accepted: a file whose name ends in .csv, .csv.gz, .parquet"
    (tmp_path / "folder.csv").mkdir()
    assert refusal(tmp_path / "folder.csv") == f"{{path}}: found a folder; {accepted}"
    for name in ("own.xlsx", "own.gz", "csv"):
        assert refusal(tmp_path / name) == f"{{path}}: found no file of prices; {accepted}"
    assert refusal(tmp_path / "none.csv") == "{path}: no such file"


def test_what_is_no_plain_file_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    pipe, device, loop = (tmp_path / f"{name}.csv" for name in ("pipe", "device", "loop"))
    os.mkfifo(pipe)
    device.symlink_to("/dev/zero")
    loop.symlink_to(loop)
    for path in (pipe, device):
        assert refusal(path).startswith("{path}: found no file of prices; ")
    for path in (loop, tmp_path / f"{'a' * 300}.csv"):
        assert refusal(path) == "{path}: no such file"
    for name in ("a\0.csv", "../own.csv"):  # a loop of links is outside on Python 3.12, no file on 3.13
        with pytest.raises(UserError, match=r"outside of .*; accepted: a file in "):
            inside(tmp_path, name)


def test_a_small_file_that_would_need_all_memory_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.scrape.file.MAX_BYTES", 2**20)
    bomb = gzip.compress(b"0" * 2**22)
    assert (
        refusal(tmp_path / "own.csv.gz", bomb) == "{path}: found over 1 MiB of text; accepted: at most that, or Parquet"
    )
    assert "found over 1 MiB of text" in refusal(tmp_path / "own.csv", b"0" * (2**20 + 1))
    monkeypatch.setattr("pipeline.scrape.file.MAX_VALUES", 299)
    pq.write_table(pa.table({name: [1.0] * 100 for name in ("a", "b", "c")}), tmp_path / "own.parquet")
    assert refusal(tmp_path / "own.parquet") == "{path}: found 300 values; accepted: at most 299"
    assert "found 20,001 columns" in refusal(tmp_path / "own.csv", "," * 20_000 + "\n")


@pytest.mark.parametrize("name", ["A\nB", "\u202eA", "A\0", "\x1b[2J", "=cmd|' /C calc'!A0", "A" * 51])
def test_a_ticker_is_short_and_printable_and_no_formula(name: str, own: Path) -> None:
    said = refusal(own, f'ticker,date,close\n"{name}",2020-01-02,1\n')
    assert "column ticker: found " in said
    assert said.endswith("; accepted: a ticker of at most 50 printable characters that does not begin with = + - or @")
    assert len(said.splitlines()) == 1
    with pytest.raises(ValueError, match="accepted: a ticker of at most 50"):
        check_tickers(name)


@pytest.mark.parametrize("unit", ["\x1b[2J", "A" * 51])
def test_a_unit_is_short_and_printable(unit: str) -> None:
    with pytest.raises(ValueError, match="accepted: at most 50 printable"):
        check_unit(unit)


def test_the_line_of_a_mistake_is_not_as_long_as_the_cell(own: Path) -> None:
    assert len(refusal(own, f"ticker,date,close\nA,2020-01-02,{'9' * 100_000}\n")) < 1100


def test_gzip_that_is_none_damaged_or_cut_short_is_named(tmp_path: Path) -> None:
    path, whole = tmp_path / "own.csv.gz", gzip.compress(CSV.encode())
    assert refusal(path, CSV) == (
        "{path}: cannot be unzipped: Not a gzipped file (b'ti'); accepted: a CSV compressed with gzip"
    )
    assert "CRC check failed" in refusal(path, whole[:-8] + bytes([whole[-8] ^ 1]) + whole[-7:])
    for length in range(1, len(whole)):
        said = refusal(path, whole[:length])
        assert said.startswith("{path}: cannot be unzipped: ")
        assert "\n" not in said


@pytest.mark.parametrize("content", [b"", CSV.encode(), b"PAR1" * 100], ids=["empty", "CSV", "its mark alone"])
def test_parquet_that_is_none_is_named(content: bytes, table: Path) -> None:
    said = refusal(table, content)
    assert said.startswith("{path}: cannot be read as Parquet: ")
    assert "\n" not in said


def test_damaged_parquet_ends_in_one_line_or_does_no_harm(table: Path) -> None:
    pd.DataFrame(ROWS, columns=["ticker", "date", "close"]).to_parquet(table)
    whole = table.read_bytes()
    for at in range(0, len(whole), 17):
        table.write_bytes(whole[:at] + bytes([whole[at] ^ 0x10]) + whole[at + 1 :])
        with contextlib.suppress(UserError):
            read(table)
        table.write_bytes(whole[:at])
        assert refusal(table).startswith("{path}: cannot be read as Parquet: ")


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"date": ["2020-01-02", None]}, "column date: found nan; accepted: dates in the format %Y-%m-%d"),
        ({"ticker": ["A", None]}, "column ticker: found nan; accepted: a ticker"),
        ({"close": ["1", "x"]}, f"column close: found 'x'; {NUMBER}"),
    ],
)
def test_a_mistake_in_parquet_is_named_by_row_and_column(columns: dict[str, Any], said: str, table: Path) -> None:
    rows = {"ticker": ["A", "A"], "date": ["2020-01-02", "2020-01-03"], "close": [1.5, 2.5], **columns}
    pq.write_table(pa.table(rows), table)
    assert refusal(table) == f"{{path}}, row 2, {said}"


def test_parquet_whose_texts_are_no_utf_8_is_named(table: Path) -> None:
    pq.write_table(pa.table({"ticker": ["A"], "date": ["2020-01-02"], "close": [b"\xff"], "picture": [b"\xff"]}), table)
    assert refusal(table).startswith("{path}: cannot be read as Parquet: 'utf-8' codec can't decode byte 0xff")


def test_times_in_a_wrong_unit_are_no_dates(table: Path) -> None:
    far = pa.array([1577923200000000, 1577923200000000], pa.timestamp("ms"))  # microseconds, labelled milliseconds
    pq.write_table(pa.table({"ticker": ["A", "A"], "date": far, "close": [1.0, 2.0]}), table)
    assert refusal(table).splitlines()[0] == (
        "{path}, row 1, column date: found Timestamp('51972-05-25 00:00:00'); accepted: dates in the format %Y-%m-%d"
    )


def test_parquet_without_a_column_or_a_row_is_named(table: Path) -> None:
    pq.write_table(pa.table({"ticker": ["A"], "close": [1.0]}), table)
    assert refusal(table) == f"{NO_COLUMN} 'date', {ACCEPTED}: ticker, close"
    pq.write_table(pa.table({"ticker": ["A"], "date": ["2020-01-02"], "close": [1.0]})[:0], table)
    assert refusal(table) == "{path}: found no rows; accepted: at least one"
    twice = pa.Table.from_arrays([pa.array(["A"]), pa.array(["2020-01-02"]), pa.array([1.0]), pa.array([2.0])],
                                 names=["ticker", "date", "close", "close"])  # fmt: skip
    pq.write_table(twice, table)
    assert refusal(table).startswith("{path}: cannot be read as Parquet: Multiple matches for FieldRef.Name(close)")
