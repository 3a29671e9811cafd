"""The words for the forecast series in tables, figures and sentences."""

from dataclasses import dataclass


@dataclass(frozen=True)
class SeriesInfo:
    """name: the column; unit: empty if unknown; step: session, hour, ...; priced: whether the values are prices."""

    name: str
    unit: str
    step: str
    priced: bool

    @property
    def label(self) -> str:
        """Return the label of an axis."""
        return f"{self.name}, {self.unit}" if self.unit else self.name

    @property
    def quantity(self) -> str:
        """Return what the statistics are about: "return" for prices, otherwise the name of the column."""
        return "return" if self.priced else self.name

    @property
    def quantities(self) -> str:
        """Return the same in the plural: "returns" or "values"."""
        return "returns" if self.priced else "values"

    @property
    def has_time(self) -> bool:
        """Return whether the dates have a time of day."""
        return self.step not in ("session", "day", "week")

    def format_value(self, value: float) -> str:
        """Format a value of the column with its unit."""
        return f"{value:,.6g} {self.unit}".rstrip()

    def format_quantity(self, value: float) -> str:
        """Format a return as a percentage if priced, otherwise a value or a difference of values with its unit."""
        if self.priced:
            return f"{value:+.2%}"
        return f"{value:,.0f} {self.unit}".rstrip() if abs(value) >= 999.5 else f"{value:.3g} {self.unit}".rstrip()
