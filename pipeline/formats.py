"""Format numbers, p-values, dates and tables for readers."""

from typing import NamedTuple

import pandas as pd

NUMERIC = set("0123456789+-<.")  # what a cell with a number begins with


def shown(value: float | None, form: str) -> str:
    """Format a number by a format specification such as ".3f"; a missing number becomes an empty text."""
    return "" if pd.isna(value) else f"{value:{form}}"


def percent(share: float) -> str:
    """Format a share as a percentage: "90%", "99.5%"."""
    return f"{100 * share:g}%"


def format_p(p_value: float) -> str:
    """Format a p-value: "0.0141", "<0.0001", "undefined"."""
    if pd.isna(p_value):
        return "undefined"
    return "<0.0001" if p_value < 0.0001 else f"{p_value:.4f}"


def format_date(date: pd.Timestamp) -> str:
    """Format a date, with the time of day if it is not midnight."""
    return f"{date:%Y-%m-%d}" if date == date.normalize() else f"{date:%Y-%m-%d %H:%M}"


class Table(NamedTuple):
    """A table of texts; a cell is empty if there is no value."""

    caption: str
    heads: list[str]
    rows: list[list[str]]

    @property
    def texts(self) -> list[bool]:
        """Return, for each column, whether it has words instead of numbers."""
        return [
            any(row[column][:1] not in NUMERIC and row[column] != "undefined" for row in self.rows if row[column])
            for column in range(len(self.heads))
        ]

    @property
    def markdown(self) -> str:
        """Return the table in Markdown, without its caption. A cell may be Markdown, without a bar."""
        rules = [":--" if words else "--:" for words in self.texts]
        return "\n".join(f"| {' | '.join(line)} |" for line in (self.heads, rules, *self.rows))
