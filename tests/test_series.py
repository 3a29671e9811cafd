"""The words and formats for the forecast series."""

from pipeline.series import SeriesInfo


def test_a_label_has_the_unit_if_it_is_known() -> None:
    assert SeriesInfo("close", "USD", "session", priced=True).label == "close, USD"
    assert SeriesInfo("pm25", "µg/m³", "hour", priced=False).label == "pm25, µg/m³"
    assert SeriesInfo("pm25", "", "hour", priced=False).label == "pm25"


def test_prices_are_measured_by_their_returns_and_anything_else_as_it_is() -> None:
    assert SeriesInfo("close", "USD", "session", priced=True).quantity == "return"
    assert SeriesInfo("temperature", "°C", "day", priced=False).quantity == "temperature"


def test_amounts_have_three_digits_or_more_and_no_exponent() -> None:
    assert SeriesInfo("pressure", "hPa", "hour", priced=False).format_quantity(1013.25) == "1,013 hPa"
    assert SeriesInfo("close", "USD", "session", priced=True).format_quantity(0.01234) == "+1.23%"
    assert SeriesInfo("close", "USD", "session", priced=True).format_value(1234.5) == "1,234.5 USD"
