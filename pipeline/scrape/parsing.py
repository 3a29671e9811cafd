"""Convert texts to numbers and dates by a declared format. A text that does not fit is marked, never guessed."""

import re
from collections.abc import Collection

import numpy as np
import pandas as pd

from pipeline.io.errors import UserError


def numbers(
    texts: pd.Series, decimal: str, thousands: str, currency_symbols: str, na_values: Collection[str]
) -> tuple[pd.Series, pd.Series, pd.Series]:
    """Return three series with the index of `texts`: the values (float64), which texts are wrong (bool), and which
    numbers are grouped irregularly (bool): neither as 1,234,567 (western) nor as 12,34,567 (Indian).

    A text is wrong if it is neither a number nor one of `na_values`. Spaces around a text are ignored.
    decimal: the character before the fraction; thousands: the character between groups of digits, or empty (the last
    group has at least three digits); currency_symbols: characters allowed before or after a number.
    """
    pattern, comma = re.compile(_number_pattern(decimal, thousands, currency_symbols)), re.escape(thousands)
    western, indian = f"[1-9][0-9]{{0,2}}(?:{comma}[0-9]{{3}})+", f"[1-9][0-9]?(?:{comma}[0-9]{{2}})+{comma}[0-9]{{3}}"
    regular = re.compile(f"{western}|{indian}")
    missing_texts = {text.strip() for text in na_values}
    values, (wrong, irregular) = np.full(len(texts), np.nan), np.zeros((2, len(texts)), dtype=bool)
    for i, text in enumerate(texts.str.strip()):
        match = pattern.fullmatch(text)
        if match and text not in missing_texts:
            sign, integer, fraction, exponent = (group or "" for group in match.groups())
            digits = integer.replace(thousands, "") if thousands else integer
            values[i] = float(f"{sign}{digits}.{fraction}0{exponent}")
            irregular[i] = digits != integer and not regular.fullmatch(integer)
        else:
            wrong[i] = text not in missing_texts
    too_large = np.isinf(values)
    values[too_large] = np.nan
    return pd.Series(values, texts.index), pd.Series(wrong | too_large, texts.index), pd.Series(irregular, texts.index)


def _number_pattern(decimal: str, thousands: str, currency_symbols: str) -> str:
    """Return a regular expression with four groups: sign, integer, fraction, exponent."""
    comma, point, letter = re.escape(thousands), re.escape(decimal), r"[^\W\d_]"
    # With "," for thousands, 1,5 and 1,23 and 0,123 are wrong, because they are probably written with a decimal comma.
    integer = f"[1-9][0-9]*(?:{comma}[0-9]+)*{comma}[0-9]{{3,}}|[0-9]+" if thousands else "[0-9]+"
    exponent = "[eE][+-]?[0-9]{1,3}"
    # The point of "Rs." directly follows a letter; the point of .5 never does.
    unambiguous, shared = (
        re.escape("".join(symbol for symbol in currency_symbols if (symbol in decimal + thousands) == is_shared))
        for is_shared in (False, True)
    )
    around = rf"(?:[\s{unambiguous}]|(?<={letter})[{shared}])*" if shared else rf"[\s{unambiguous}]*"
    # Spaces after the sign are matched only if there is a sign. Two adjacent runs of spaces would make matching slow.
    before = rf"{around}(?:([+-]){around})?(?=[0-9]|(?<!{letter}){point}[0-9])"
    return f"{before}({integer})?(?:{point}([0-9]*))?({exponent})?{around}"


def dates(texts: pd.Series, date_format: str) -> pd.Series:
    """Parse dates by a strptime format: datetime64[us] with the index of `texts`, NaT if a text does not fit.

    If the format ends in %z, each text must end in an offset from UTC. The offset is ignored: local dates are returned.
    Raises UserError for an unknown format, and for a time zone elsewhere in the format.
    """
    local_texts, local_format = texts.str.strip(), date_format
    if date_format.endswith("%z"):
        without_offset = local_texts.str.replace(r"\s*(Z|[+-]\d\d:?\d\d)$", "", regex=True)
        local_texts = without_offset.mask(without_offset == local_texts, "")
        local_format = date_format.removesuffix("%z").rstrip()
    try:
        if re.search("%[zZ]", local_format.replace("%%", "")):
            raise ValueError("a time zone is only allowed as %z at the end")
        # Texts without digits are left out, because pandas reads "now" and "today" as the current time.
        with_digits = local_texts.where(local_texts.str.contains("[0-9]"))
        return without_zone(pd.to_datetime(with_digits, format=local_format, errors="coerce", exact=True))
    except (ValueError, re.error) as error:
        raise UserError(
            f"params.yaml: scrape.date_format: found {date_format!r} ({error}); accepted: a format such as %Y-%m-%d"
        ) from None


def without_zone(times: pd.Series) -> pd.Series:
    """Return local times without their zone: datetime64[us], NaT outside the years 1 to 9999."""
    local_times = times.dt.tz_localize(None)
    return local_times.where(local_times.dt.year.between(1, 9999)).astype("datetime64[us]")
