"""How numbers, p-values, dates and tables are written for readers."""

from typing import NamedTuple

import pandas as pd

NUMERIC = set("0123456789+-<.")  # what a cell with a number begins with


def shown(value: float | None, form: str) -> str:
    """A number for readers, empty where there is none."""
    return "" if pd.isna(value) else f"{value:{form}}"


def percent(share: float) -> str:
    """90%, 99.5%."""
    return f"{100 * share:g}%"


def format_p(p_value: float) -> str:
    """A p-value for readers: "0.0141", "<0.0001", "undefined"."""
    if pd.isna(p_value):
        return "undefined"
    return "<0.0001" if p_value < 0.0001 else f"{p_value:.4f}"


def format_date(date: pd.Timestamp) -> str:
    """A date, and the time of day where it is not midnight."""
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
