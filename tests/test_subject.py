"""What a forecast is of, in the words of its own field."""

from pipeline.subject import Subject


def test_an_axis_has_the_unit_where_it_is_known() -> None:
    assert Subject("close", "USD", "session", priced=True).label == "close, USD"
    assert Subject("pm25", "µg/m³", "hour", priced=False).label == "pm25, µg/m³"
    assert Subject("pm25", "", "hour", priced=False).label == "pm25"


def test_prices_are_measured_by_their_returns_and_anything_else_as_it_is() -> None:
    assert Subject("close", "USD", "session", priced=True).measured == "return"
    assert Subject("temperature", "°C", "day", priced=False).measured == "temperature, °C"
    assert Subject("temperature", "", "day", priced=False).measured == "temperature"
