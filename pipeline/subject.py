"""What a forecast is of, in the words of its own field: the reports say `close` of closes alone."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Subject:
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
        return "return" if self.priced else self.label
