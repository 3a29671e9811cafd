"""Each mistake in params.yaml gives one line with the key and what is accepted."""

import datetime as dt
import re
import time
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from pipeline.io.errors import UserError
from pipeline.io.params import SECTIONS, Section, each_once, flat, load
from tests.conftest import file_params, section_of, several_params, small_params
from tests.imports import ROOT

WHOLE = small_params()


def loaded(section: str) -> Section:
    found: Section = load(section, section_of(section))
    return found


def write(values: dict[str, Any]) -> None:
    YAML().dump(values, Path("params.yaml"))


def complaint(section: str, **changes: Any) -> str:
    write({**WHOLE, section: {**WHOLE[section], **changes}})
    with pytest.raises(UserError) as error:
        loaded(section)
    return str(error.value)


@pytest.mark.parametrize("section", SECTIONS)
def test_the_file_in_the_repository_is_accepted(section: str, project: Path) -> None:
    (project / "params.yaml").write_text((ROOT / "params.yaml").read_text())
    assert loaded(section)


@pytest.mark.parametrize("example", sorted(path.name for path in (ROOT / "examples").glob("*.yaml")))
def test_examples_are_accepted(example: str, project: Path) -> None:
    (project / "params.yaml").write_text((ROOT / "examples" / example).read_text())
    for section in SECTIONS:
        assert loaded(section)


@pytest.mark.parametrize(("section", "key"), [(name, key) for name in SECTIONS for key in WHOLE[name]])
def test_a_missing_key_is_named(section: str, key: str, project: Path) -> None:
    write({**WHOLE, section: {name: value for name, value in WHOLE[section].items() if name != key}})
    with pytest.raises(UserError, match=rf"^params.yaml: {section}.{key}: missing; accepted: .+$"):
        loaded(section)


@pytest.mark.parametrize("section", SECTIONS)
def test_an_unknown_key_is_named_with_those_accepted(section: str, project: Path) -> None:
    found = complaint(section, zzz=1)
    assert found == f"params.yaml: {section}.zzz: unknown key; accepted: {', '.join(sorted(WHOLE[section]))}"


def test_a_misspelt_key_is_named_with_the_one_that_was_meant(project: Path) -> None:
    assert "train.droput: unknown key; did you mean dropout?" in complaint("train", droput=0.1)


@pytest.mark.parametrize(
    ("section", "key", "value", "line"),
    [
        ("scrape", "source", "yaho",
         "scrape.source: found 'yaho'; did you mean yahoo? accepted: sample, yahoo, file, several"),
        ("explore", "lags", 0, "explore.lags: found 0; accepted: a whole number of at least 1 and at most 250"),
        ("prepare", "target", "price", "prepare.target: found 'price'; accepted: return, level, difference"),
        *[("prepare", "test", value,
           f"prepare.test: found {value!r}; accepted: a number above 0 and below 1, or the first date in quotes, "
           'such as "2016-01-04"') for value in (1.0, 0, True, "2016", "2016-02-30", "04/01/2016")],
        ("prepare", "test", "2016-01-04",
         "prepare: found validation 0.15 and test '2016-01-04'; accepted: two shares, or two dates in quotes"),
        ("prepare", "features", [],
         "prepare.features: found []; accepted: a list with at least 1 entries, each of them a text"),
        ("benchmark", "models", ["garch"],
         "benchmark.models.0: found 'garch'; accepted: persistence, drift, seasonal_naive, ewma, har, har_yearly, "
         "lhar, lhar_yearly, gjr_garch, ridge, boosting"),
        ("train", "epochs", "60", "train.epochs: found '60'; accepted: a whole number of at least 1"),
        ("train", "epochs", True, "train.epochs: found True; accepted: a whole number of at least 1"),
        ("train", "dropout", 1, "train.dropout: found 1; accepted: a number of at least 0 and below 1"),
        ("train", "dropout", float("nan"), "train.dropout: found nan; accepted: a number of at least 0 and below 1"),
        ("train", "units", [16, 0], "train.units.1: found 0; accepted: a whole number of at least 1"),
        ("train", "bidirectional", "no", "train.bidirectional: found 'no'; accepted: true or false"),
        ("train", "forecast_price", 1, "train.forecast_price: found 1; accepted: true or false"),
        ("plot", "sessions", 5, "plot.sessions: found 5; accepted: a whole number of at least 20"),
        ("track", "experiment", " ", r"track.experiment: found ' '; accepted: a text that matches ^\w[\w .+-]*$"),
    ],
)  # fmt: skip
def test_a_wrong_value_is_named_with_what_is_accepted(
    section: str, key: str, value: Any, line: str, project: Path
) -> None:
    assert complaint(section, **{key: value}) == f"params.yaml: {line}"


@pytest.mark.parametrize(
    ("key", "value"),
    [("delimiter", value) for value in '"\n\r'] + [("currency_symbols", s) for s in ("-", "$+", "US1")],
)
def test_a_mark_that_would_break_a_row_or_a_number_is_named(key: str, value: str, project: Path) -> None:
    write({**WHOLE, "scrape": file_params(ticker="AAA", columns={"close": "Close"}, **{key: value})})
    with pytest.raises(UserError) as error:
        loaded("scrape")
    assert str(error.value).startswith(f"params.yaml: scrape.{key}: found {value!r}; accepted: a text ")


@pytest.mark.parametrize(
    ("columns", "line"),
    [
        (
            {},
            "scrape.columns: found {}; accepted: at least 1 keys that match ^[a-z][a-z0-9_]*$, each with a text",
        ),
        (
            {"Close": "Close"},
            "scrape.columns.Close.[key]: found 'Close'; accepted: at least 1 keys that match ^[a-z][a-z0-9_]*$, ",
        ),
        ({"close": 5}, "scrape.columns.close: found 5; accepted: a text"),
        (
            {"date": "Date", "close": "Close"},
            "scrape: found columns without a value or with date; accepted: at least one value, ",
        ),
    ],
)
def test_a_mistake_in_a_mapping_is_named(columns: Any, line: str, project: Path) -> None:
    write({**WHOLE, "scrape": file_params(ticker="AAA", columns=columns)})
    with pytest.raises(UserError) as error:
        loaded("scrape")
    assert str(error.value).startswith(f"params.yaml: {line}")
    assert len(str(error.value).splitlines()) == 1


SAMPLE = {"source": "sample", "calendar": "XNYS"}
FILE = file_params(path="own.csv")


@pytest.mark.parametrize(
    ("market", "line"),
    [
        ({**FILE, "calendar": 5}, ".calendar: found 5; accepted: a text"),
        ({**FILE, "max_missing": 1.0}, ".max_missing: found 1.0; accepted: a number of at least 0 and below 1"),
        ({**FILE, "columns": {"close": 5}}, ".columns.close: found 5; accepted: a text"),
        ({**FILE, "na_values": ["-", 5]}, ".na_values.1: found 5; accepted: a text"),
        ({**SAMPLE, "calender": "XNYS"}, ".calender: unknown key; did you mean calendar? accepted: calendar, source"),
        ({**SAMPLE, "path": "data/raw"}, ".path: unknown key; accepted: calendar, source"),
        ({"source": "sample"}, ".calendar: missing; accepted: a text"),
        ({"calendar": "XNYS"}, ".source: missing; accepted: file, sample, yahoo"),
        ({**SAMPLE, "source": "yaho"}, ".source: found 'yaho'; did you mean yahoo? accepted: file, sample, yahoo"),
        ({**SAMPLE, "source": "several"}, ".source: found 'several'; accepted: file, sample, yahoo"),
        (5, ": found 5; accepted: a mapping with source: file | sample | yahoo"),
        (
            {**FILE, "decimal": ",", "thousands": ","},
            ": found ',' for both decimal and thousands; accepted: two different characters",
        ),
        (
            {**FILE, "ticker": ["AAA"], "columns": {"close": "close"}},
            ": found ticker ['AAA'] without columns.ticker; accepted: the name of the only series, or columns.ticker, "
            "with '' or a list of tickers",
        ),
        ({**FILE, "ticker": []}, ".ticker: found []; accepted: the name of a ticker, or a list of them"),
        ({**FILE, "ticker": 5}, ".ticker: found 5; accepted: the name of a ticker, or a list of them"),
        ({**FILE, "ticker": ["A", "A"]}, ".ticker: found A 2 times; accepted: each once"),
    ],
)
def test_a_mistake_in_a_market_is_one_line_that_names_the_market_and_its_key(
    market: Any, line: str, project: Path
) -> None:
    write({**WHOLE, "scrape": several_params(SAMPLE, market)})
    with pytest.raises(UserError) as error:
        loaded("scrape")
    assert str(error.value) == f"params.yaml: scrape.markets.1{line}"


@pytest.mark.parametrize(
    ("markets", "found"), [([], "found \\[\\]"), (5, "found 5"), ({"a": SAMPLE}, "found {.*}")], ids=str
)
def test_markets_are_a_list(markets: Any, found: str, project: Path) -> None:
    write({**WHOLE, "scrape": {"source": "several", "path": "data/raw", "markets": markets}})
    accepted = "accepted: a list with at least 1 entries, each of them a mapping with source: file . sample . yahoo"
    with pytest.raises(UserError, match=f"^params.yaml: scrape.markets: {found}; {accepted}$"):
        loaded("scrape")


def test_keys_that_contradict_each_other_are_named(project: Path) -> None:
    found = complaint("train", cell="dense", bidirectional=True)
    assert found == "params.yaml: train: found bidirectional: true with cell: dense; accepted: with lstm, gru or rnn"


def test_every_mistake_has_a_line(project: Path) -> None:
    assert len(complaint("train", epochs=0, cell="lsmt", droput=0.1).splitlines()) == 3


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("train: [1\n", ", line 2: not YAML: "),
        ("train: 1\ntrain: 2\n", ", line 2: not YAML: found duplicate key"),
        ("train: \x00\n", ": not YAML: "),
        ("", ": found no sections; accepted: "),
        ("- train\n", ": found no sections; accepted: "),
        ("2024: 1", ": found the key 2024; accepted: keys that are texts"),
        ("train: {5: 3}", ": found the key train.5; accepted: keys that are texts"),
        ("train:\n  : 3", ": found the key train.None; accepted: keys that are texts"),
    ],
)
def test_a_file_that_is_not_yaml_with_sections_gives_one_line(text: str, line: str, project: Path) -> None:
    Path("params.yaml").write_text(text)
    with pytest.raises(UserError) as error:
        loaded("train")
    assert str(error.value).startswith(f"params.yaml{line}")
    assert len(str(error.value).splitlines()) == 1


@pytest.mark.parametrize(
    ("values", "line"),
    [
        ({**WHOLE, "trian": {}}, "trian: unknown section; did you mean train? accepted: scrape, "),
        ({name: own for name, own in WHOLE.items() if name != "plot"}, "plot: section missing"),
        ({**WHOLE, "train": 5}, "train: found 5; accepted: the keys window, "),
    ],
    ids=["unknown", "missing", "no mapping"],
)
def test_a_wrong_section_is_named(values: dict[str, Any], line: str, project: Path) -> None:
    write(values)
    with pytest.raises(UserError, match=rf"^params.yaml: {re.escape(line)}"):
        loaded("train")


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("2018-02-30", "not YAML: day is out of range for month"),
        ("!!bool x", "not YAML: "),
        ("9" * 5000, "not YAML: Exceeds the limit"),
        ("0x" + "f" * 5000, "found a whole number of 20000 bits"),
        ("[" * 2000, "not YAML: "),
        ("&a [*a]", "characters in values and their aliases"),
        ("x\n" + "".join(f"x{n}: &x{n} [{f'*x{n - 1}, ' * 9 if n else 'x'}]\n" for n in range(12)), "their aliases"),
        ("x" * 600_000, "found 600,"),
    ],
    ids=["date", "tag", "digits", "bits", "depth", "circle", "billion laughs", "size"],
)
def test_yaml_that_would_end_in_an_error_or_never_gives_one_line(value: str, said: str, project: Path) -> None:
    Path("params.yaml").write_text(f"train: {value}")
    with pytest.raises(UserError) as error:
        loaded("train")
    assert said in str(error.value)
    assert len(str(error.value).splitlines()) == 1


def test_a_long_list_with_a_repeated_entry_is_refused_in_little_time(project: Path) -> None:
    names = [*map(str, range(30_000)), "7"]
    begun = time.process_time()
    with pytest.raises(ValueError, match="found 7 2 times"):
        each_once(names)
    assert time.process_time() - begun < 1


def test_no_file_is_said_in_a_line(project: Path) -> None:
    with pytest.raises(UserError, match=r"^params.yaml: no such file"):
        loaded("train")


def test_numbers_are_read_as_dvc_reads_them(project: Path) -> None:
    write(WHOLE)
    text = (project / "params.yaml").read_text()
    (project / "params.yaml").write_text(text.replace("learning_rate: 0.001", "learning_rate: 1e-3"))
    assert loaded("train").model_dump()["learning_rate"] == 0.001


def test_what_is_named_twice_is_refused(project: Path) -> None:
    found = complaint("prepare", features=["close", "high_low", "close"])
    assert found == "params.yaml: prepare.features: found close 2 times; accepted: each once"
    assert complaint("benchmark", models=["har", "har"]).endswith("found har 2 times; accepted: each once")


def test_nested_values_are_named_by_their_path() -> None:
    assert dict(flat({"a": {"b": 1, "c": {"d": [2]}}, "e": 3})) == {"a.b": 1, "a.c.d": [2], "e": 3}


def test_every_key_is_explained_in_a_comment() -> None:
    for line in (ROOT / "params.yaml").read_text().splitlines():
        if line.startswith("  ") and ":" in line and not line.startswith("    "):
            assert "  # " in line, line


def test_many_missing_keys_are_one_line_and_a_few_a_line_each(project: Path) -> None:
    for count in (3, 4):
        left = dict(list(WHOLE["train"].items())[count:])
        write({**WHOLE, "train": {**left, "epochs": 0}})
        with pytest.raises(UserError) as error:
            loaded("train")
        lines = str(error.value).splitlines()
        assert len(lines) == (4 if count == 3 else 2)
        named = ", ".join(list(WHOLE["train"])[:count])
        assert (f"train: found no {named}; accepted: all keys" in lines[0]) == (count == 4)


def test_a_date_without_quotes_and_a_tab_are_named(project: Path) -> None:
    write({**WHOLE, "prepare": {**WHOLE["prepare"], "validation": dt.date(2016, 1, 4)}})
    with pytest.raises(UserError, match="found 2016-01-04 without quotes; accepted: "):
        loaded("prepare")
    Path("params.yaml").write_text("train:\n\twindow: 5\n")
    with pytest.raises(UserError, match="; accepted: spaces"):
        loaded("train")
