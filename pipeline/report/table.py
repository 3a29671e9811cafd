"""A table for readers, whether the page or the terminal prints it."""

from typing import NamedTuple

NUMERIC = set("0123456789+-<.")  # what a cell with a number begins with


class Table(NamedTuple):
    """caption: what the table shows; heads: of its columns; rows: of texts, empty where there is nothing to say."""

    caption: str
    heads: list[str]
    rows: list[list[str]]

    @property
    def texts(self) -> list[bool]:
        """Which columns hold words rather than numbers."""
        return [
            any(row[at][:1] not in NUMERIC and row[at] != "undefined" for row in self.rows if row[at])
            for at in range(len(self.heads))
        ]

    def only(self, *heads: str) -> "Table":
        """The table with these columns alone, in this order."""
        at = [self.heads.index(head) for head in heads]
        return self._replace(heads=list(heads), rows=[[row[i] for i in at] for row in self.rows])
