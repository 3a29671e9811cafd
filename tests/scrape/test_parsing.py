"""Texts are read exactly as declared or marked as wrong, and never guessed."""

import datetime as dt
import time

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.io.errors import UserError
from pipeline.scrape.parsing import dates, numbers

MARKS = [(".", ""), (".", ","), (".", " "), (".", "'"), (",", ""), (",", "."), (",", " ")]
SIGNS = ["", "$", "€£", "₹", "CHF", "Rs.", "kr."]
PLAIN = st.sampled_from(["", " ", "\t", "  "])


def column(*texts: str) -> pd.Series:
    return pd.Series(texts, dtype="str")


def read(text: str, decimal: str = ".", thousands: str = ",", currency_symbols: str = "$") -> float | None:
    """Return the number that a text is read as, or None if it is wrong."""
    values, wrong, _ = numbers(column(text), decimal, thousands, currency_symbols, [])
    assert wrong[0] == np.isnan(values[0])
    return None if wrong[0] else float(values[0])


def grouped(digits: str, mark: str, *, indian: bool) -> str:
    """Group digits from the right: 1,234,567, or Indian 12,34,567."""
    size = 2 if indian else 3
    head, groups = digits[:-3], [digits[-3:]]
    while head:
        head, groups = head[:-size], [head[-size:], *groups]
    return mark.join(groups)


@st.composite
def written(draw: st.DrawFn) -> tuple[float, str, str, str, str]:
    """Draw a number, one of its texts in a random format, and that format."""
    value, (decimal, thousands) = draw(st.floats(allow_nan=False, allow_infinity=False)), draw(st.sampled_from(MARKS))
    currency_symbols = draw(st.sampled_from(SIGNS))
    short = repr(abs(value)) if "e" in repr(value) or draw(st.booleans()) else f"{abs(value):f}"
    value = float(np.copysign(float(short), value))
    mantissa, *exponent = short.split("e")
    whole, _, fraction = mantissa.partition(".")
    if draw(st.booleans()):
        whole = grouped(whole, thousands, indian=draw(st.booleans()))
    if whole == "0" and fraction and draw(st.booleans()):
        whole = ""
    point = decimal if fraction or draw(st.booleans()) else ""
    exponent = [draw(st.sampled_from("eE")) + draw(st.sampled_from([power, f"{int(power):+d}"])) for power in exponent]
    number = whole + point + fraction + "".join(exponent)
    minus = "-" if np.signbit(value) else draw(st.sampled_from(["", "+"]))
    sign, gap = (
        draw(st.sampled_from(["", currency_symbols, *(currency_symbols if "." not in currency_symbols else "")])),
        draw(PLAIN),
    )
    before = sign + (gap if whole else " ")  # Rs.5 is five
    text = draw(st.sampled_from([minus + before + number, before + minus + number, minus + number + gap + sign]))
    return value, draw(PLAIN) + text + draw(PLAIN), decimal, thousands, currency_symbols


@settings(max_examples=1000, deadline=None)
@given(case=written())
def test_a_number_in_a_declared_form_is_read_to_the_last_bit(case: tuple[float, str, str, str, str]) -> None:
    value, text, *declared = case
    assert repr(read(text, *declared)) == repr(value)


def test_the_point_of_a_sign_is_not_the_point_of_a_number() -> None:
    assert [read(text, currency_symbols="Rs.") for text in ("Rs.500", "Rs. 1,234.50", "500 Rs.", ".5")] == [
        500,
        1234.5,
        500,
        0.5,
    ]
    assert read("Rs.500", currency_symbols="Rs") is None  # five hundred, or a half?


WRONG = [
    "", " ", "-", "+", "--", "--5", "+-5", "- -5", "$", "$-", ".", ",", "abc", "null", "N/A", "#REF!", "nan", "NaN",
    "inf", "-inf", "Infinity", "true", "1,5", "1,23", "1,23,45", "0,123", "01,234", "1,,234", ",123",
    "1,234,", "1.2.3", "1.234,5", "1,234.5,6", "1.234.567", "0.1,234", "1 234", "1 2",
    "1'234", "5-", "(5)", "5%", "€5", "0x10", "0b1", "1_000", "1e", "e5", ".e5", "1e5.5", "1e1000", "9" * 400, "1/2",
    "5 000 USD", "2020-01-02", "١٢", "1,٢٣٤", "１２", "½", "²", "−5", "5\x00", "1\n2",
]  # fmt: skip


GROUPED = {
    "1,234": False, "1,234,567": False, "12,34,567": False, "999,999": False, "12,345.5": False, "1234567": False,
    "5": False, "1,2345": True, "12345,678": True, "1,234,56,789": True, "123,45,678": True, "116,88,800": True,
    "1,0,123.5": True, "1,5": None, "1,,234": None,
}  # fmt: skip


def test_digits_may_be_grouped_in_any_way_which_is_marked_if_it_is_irregular() -> None:
    values, wrong, irregular = numbers(column(*GROUPED), ".", ",", "$", [])
    known = [text for text, mark in GROUPED.items() if mark is not None]
    assert values.dropna().tolist() == [float(text.replace(",", "")) for text in known]
    assert wrong.tolist() == [mark is None for mark in GROUPED.values()]
    assert irregular.tolist() == [bool(mark) for mark in GROUPED.values()]


@pytest.mark.parametrize("text", WRONG)
def test_a_text_that_is_not_a_number_in_the_declared_format_is_wrong(text: str) -> None:
    assert read(text) is None


@settings(max_examples=1000, deadline=None)
@given(text=st.text("0123456789.,-+eE $'x٣", max_size=9), marks=st.sampled_from(MARKS))
def test_an_accepted_text_is_a_number_without_its_marks(text: str, marks: tuple[str, str]) -> None:
    decimal, thousands = marks
    value = read(text, decimal, thousands)
    if value is not None:
        plain = text.replace("$", "").replace(" ", "").replace(thousands, "").replace(decimal, ".")
        assert plain.isascii()
        assert repr(value) == repr(float(plain))


def test_what_is_declared_missing_is_neither_a_number_nor_wrong() -> None:
    values, wrong, _ = numbers(column("-", " null ", "", "-999", "5", "N/A"), ".", "", "", ["-", "null", "", "-999"])
    np.testing.assert_array_equal(values, [np.nan, np.nan, np.nan, np.nan, 5, np.nan])
    assert wrong.tolist() == [False, False, False, False, False, True]


def test_values_keep_the_index_of_their_texts() -> None:
    texts = pd.Series(["1", "x", "3"], index=[12, 7, 40], dtype="str")
    for found in numbers(texts, ".", "", "", []):
        assert found.index.tolist() == [12, 7, 40]
    assert dates(texts, "%Y").index.tolist() == [12, 7, 40]


def test_no_texts_are_no_values() -> None:
    values, *marks = numbers(column(), ".", "", "", [])
    assert (len(values), values.dtype) == (0, "float64")
    assert [(len(mark), mark.dtype) for mark in marks] == [(0, "bool")] * 2
    assert dates(column(), "%Y-%m-%d").dtype == dates(column(), "%Y%z").dtype == "datetime64[us]"


LONG = ["1", ",", ".", "$", "- ", "1,", "1 ", "1,234", ",123", "1,23", "s.", "1e", "$ "]


@pytest.mark.parametrize("marks", MARKS)
def test_long_texts_are_judged_quickly(marks: tuple[str, str]) -> None:
    begun = time.process_time()
    for part in LONG:
        text = (part * 10_000)[:10_000]
        for whole in (text, text + "x", "1" + text + "x", "1," + text, "x" + text):
            numbers(column(whole), *marks, "$Rs.", [])
    assert time.process_time() - begun < 1  # all of these together


FORMS = ["%Y-%m-%d", "%d/%m/%Y", "%m/%d/%Y", "%d %b %Y", "%B %d, %Y", "%Y%m%d", "%d.%m.%Y", "%a %d %b %Y", "%Y %j"]
TIMES = ["%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S", "%Y %m %d %H", "%d.%m.%Y %I %p", "%Y-%m-%dT%H:%M:%S.%f"]


@settings(max_examples=500, deadline=None)
@given(
    when=st.datetimes(pd.Timestamp("1000-01-01").to_pydatetime()),
    form=st.sampled_from(FORMS + TIMES),
    space=st.sampled_from(["", " "]),
)
def test_a_date_is_read_as_it_was_written(when: dt.datetime, form: str, space: str) -> None:
    text = when.strftime(form)
    found = dates(column(f"{space}{text}{space}"), form)
    assert found.dtype == "datetime64[us]"
    assert found[0].to_pydatetime() == dt.datetime.strptime(text, form)  # noqa: DTZ007


@pytest.mark.parametrize(
    "text",
    [
        "", "2020-02-30", "2020-13-01", "20200102", "2020-01", "2020-01-02 05:00", "2020-01-02Z", "02-01-2020", "-",
        "null", "NaT", "nan", "now", "today", "1577923200", "-2020-01-02", "0000-01-01", "10000-01-01",
    ],
)  # fmt: skip
def test_a_text_that_is_not_a_date_in_the_declared_format_is_missing(text: str) -> None:
    assert dates(column("2020-01-02", text), "%Y-%m-%d").isna().tolist() == [False, True]


@pytest.mark.parametrize("form", ["%Y-%m-%d", "%d.%m.%Y", "%Y-%m-%d%z"])
def test_the_clock_is_never_read(form: str) -> None:
    assert dates(column("now", "today", "now Z", "today+00:00"), form).isna().all()


@pytest.mark.parametrize("offset", ["+00:00", "+0530", " -08:00", "Z", " +14:00"])
def test_an_offset_leaves_the_local_date(offset: str) -> None:
    found = dates(column(f"2020-01-02 23:30:00{offset}", f"2020-07-02 00:15:00{offset}"), "%Y-%m-%d %H:%M:%S%z")
    assert found.astype(str).tolist() == ["2020-01-02 23:30:00", "2020-07-02 00:15:00"]


def test_offsets_may_change_from_row_to_row_but_not_lack() -> None:
    found = dates(column("2020-03-29 00:00+01:00", "2020-03-30 00:00+02:00", "2020-03-31 00:00"), "%Y-%m-%d %H:%M%z")
    assert found.dt.strftime("%m-%d %H").tolist()[:2] == ["03-29 00", "03-30 00"]
    assert found.isna().tolist() == [False, False, True]


@pytest.mark.parametrize(
    "form", ["%Q", "%Y-%m-%d %", "%-d/%m/%Y", "%Y %Y", "mixed", "ISO8601", "%z %Y-%m-%d", "%Y-%m-%d %Z", "%Y%z %H%z"]
)
def test_an_unknown_format_is_named(form: str) -> None:
    for texts in (column(), column("2020-01-02"), column("+0000 2020-01-02", "+0530 2020-01-02")):
        with pytest.raises(UserError) as error:
            dates(texts, form)
        assert str(error.value).startswith(f"params.yaml: scrape.date_format: found {form!r} (")
        assert str(error.value).endswith("); accepted: a format such as %Y-%m-%d")
        assert "\n" not in str(error.value)
