"""A table knows its columns of words, and gives some of its columns alone."""

from pipeline.report.table import Table

TABLE = Table("Some", ["name", "n", "p"], [["AAA", "1", "undefined"], ["1 B", "", "<0.0001"]])


def test_columns_of_words_are_told_from_columns_of_numbers() -> None:
    assert TABLE.texts == [True, False, False]


def test_some_columns_alone_keep_their_cells() -> None:
    assert TABLE.only("p", "name") == Table("Some", ["p", "name"], [["undefined", "AAA"], ["<0.0001", "1 B"]])
