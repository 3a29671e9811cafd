"""Numbers, p-values and dates are formatted for readers."""

import numpy as np
import pandas as pd

from pipeline.formats import Table, format_date, format_p, percent, shown


def test_a_missing_number_is_empty() -> None:
    assert [shown(value, "+.3f") for value in (0.1, np.nan, None)] == ["+0.100", "", ""]


def test_percents_have_the_digits_they_need() -> None:
    assert [percent(share) for share in (0.9, 0.995)] == ["90%", "99.5%"]


def test_a_p_value_has_four_digits_or_is_below_the_last_of_them() -> None:
    assert [format_p(value) for value in (0.01412, 0.00009, np.nan)] == ["0.0141", "<0.0001", "undefined"]


def test_a_date_has_the_time_if_it_is_not_midnight() -> None:
    assert format_date(pd.Timestamp("2020-01-02")) == "2020-01-02"
    assert format_date(pd.Timestamp("2020-01-02 05:00")) == "2020-01-02 05:00"


def test_columns_of_words_are_told_from_columns_of_numbers() -> None:
    table = Table("Some", ["name", "n", "p"], [["AAA", "1", "undefined"], ["1 B", "", "<0.0001"]])
    assert table.texts == [True, False, False]
