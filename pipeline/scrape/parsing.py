"""Texts to numbers and dates, as declared: what does not fit is told apart, never guessed."""

import re
from collections.abc import Collection

import numpy as np
import pandas as pd

from pipeline.io.errors import UserError


def numbers(
    texts: pd.Series, decimal: str, thousands: str, currency_symbols: str, na_values: Collection[str]
) -> tuple[pd.Series, pd.Series]:
    """The values, float64, and which texts are neither a number nor one of `na_values`, bool; the texts' index.

    decimal: the mark before the fraction; thousands: the mark between groups of digits, western or Indian, or empty;
    currency_symbols: any of these characters may stand before or behind a number. Space around a text is ignored.
    Raises UserError for symbols that would eat a number's digits or its minus.
    """
    if set(currency_symbols) & set("0123456789+-"):
        raise UserError(f"params.yaml: scrape.currency_symbols: found {currency_symbols!r}; accepted: no digit, + or -")
    form, absent = re.compile(_number(decimal, thousands, currency_symbols)), {text.strip() for text in na_values}
    values, wrong = np.full(len(texts), np.nan), np.zeros(len(texts), dtype=bool)
    for i, text in enumerate(texts.str.strip()):
        found = form.fullmatch(text)
        if found and text not in absent:
            minus, whole, fraction, exponent = (part or "" for part in found.groups())
            digits = whole.replace(thousands, "") if thousands else whole
            values[i] = float(f"{minus}{digits}.{fraction}0{exponent}")
        else:
            wrong[i] = text not in absent
    too_large = np.isinf(values)
    values[too_large] = np.nan
    return pd.Series(values, texts.index), pd.Series(wrong | too_large, texts.index)


def _number(decimal: str, thousands: str, currency_symbols: str) -> str:
    mark, point, letter = re.escape(thousands), re.escape(decimal), r"[^\W\d_]"
    # No group is short and none begins with 0: where "," is declared for thousands, 1,5 and 0,123 are mistakes.
    western, indian = f"[1-9][0-9]{{0,2}}(?:{mark}[0-9]{{3}})+", f"[1-9][0-9]?(?:{mark}[0-9]{{2}})+{mark}[0-9]{{3}}"
    whole = f"{western}|{indian}|[0-9]+" if thousands else "[0-9]+"
    exponent = "[eE][+-]?[0-9]{1,3}"
    # The point of "Rs." stands right behind a letter, that of .5 never does.
    plain, shared = (
        re.escape("".join(sign for sign in currency_symbols if (sign in decimal + thousands) == both))
        for both in (False, True)
    )
    around = rf"(?:[\s{plain}]|(?<={letter})[{shared}])*" if shared else rf"[\s{plain}]*"
    # Space may follow the minus only where there is one: two runs of space side by side would be tried in every split.
    before = rf"{around}(?:([+-]){around})?(?=[0-9]|(?<!{letter}){point}[0-9])"
    return f"{before}({whole})?(?:{point}([0-9]*))?({exponent})?{around}"


def dates(texts: pd.Series, form: str) -> pd.Series:
    """Dates by a strptime format: datetime64[us] with the texts' index, NaT where a text does not fit.

    A format that ends in %z takes an offset from UTC, which is left out: the date is the local one.
    Raises UserError for an unknown format, and for one with a zone elsewhere.
    """
    known = pd.Series(texts.str.strip().unique())
    plain, wanted = known, form
    if form.endswith("%z"):
        without = known.str.replace(r"\s*(Z|[+-]\d\d:?\d\d)$", "", regex=True)
        plain, wanted = without.mask(without == known, ""), form.removesuffix("%z").rstrip()
    try:
        if re.search("%[zZ]", wanted.replace("%%", "")):
            raise ValueError("which names a zone elsewhere than in a %z at its end")
        # A date has digits: pandas takes the words now and today for the clock's time, whatever the format.
        numbered = plain.where(plain.str.contains("[0-9]"))
        parsed = local(pd.to_datetime(numbered, format=wanted, errors="coerce", exact=True))
    except (ValueError, re.error) as error:
        raise UserError(
            f"params.yaml: scrape.date_format: found {form!r}, {error}; accepted: a format such as %Y-%m-%d"
        ) from None
    return texts.str.strip().map(dict(zip(known, parsed, strict=True))).astype("datetime64[us]")


def local(times: pd.Series) -> pd.Series:
    """Datetimes without their zone: datetime64[us], NaT outside the years 1 to 9999."""
    plain = times.dt.tz_localize(None)
    return plain.where(plain.dt.year.between(1, 9999)).astype("datetime64[us]")
