"""What a forecast is of, in the words of its own field: the reports say `close` of closes alone."""

from dataclasses import dataclass


@dataclass(frozen=True)
class SeriesInfo:
    """name: of the column; unit: empty where unknown; step: session, hour, day, ...; priced: whether it is a price."""

    name: str
    unit: str
    step: str
    priced: bool

    @property
    def label(self) -> str:
        """For an axis."""
        return f"{self.name}, {self.unit}" if self.unit else self.name

    @property
    def measured(self) -> str:
        """What is looked at step by step: the returns of prices, anything else as it is."""
        return "return" if self.priced else self.name

    @property
    def many(self) -> str:
        """What is looked at step by step, of all steps."""
        return "returns" if self.priced else "values"

    @property
    def timed(self) -> bool:
        """Whether a date has a time of day too."""
        return self.step not in ("session", "day", "week")

    def value(self, value: float) -> str:
        """A value of the column, with its unit."""
        return f"{value:,.6g} {self.unit}".rstrip()

    def amount(self, value: float) -> str:
        """A return of prices; a value of anything else, or a difference of values."""
        if self.priced:
            return f"{value:+.2%}"
        return f"{value:,.0f} {self.unit}".rstrip() if abs(value) >= 999.5 else f"{value:.3g} {self.unit}".rstrip()
