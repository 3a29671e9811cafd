"""`python -m pipeline latest` fetches up to the last finished session; revisions are listed by ticker."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from pipeline.io.artifacts import write_table
from pipeline.io.errors import UserError
from pipeline.prices import schema, value_columns
from pipeline.update import print_revisions, revision_lines, revisions, write_end_and_vintage
from tests.commands import pipeline, run
from tests.conftest import several_params, small_params
from tests.imports import ROOT
from tests.series import made_prices

NOW = pd.Timestamp("2026-03-09 20:59:59", tz="UTC")  # a Monday; New York, on summer time since Sunday, closed at 20:00
PRICES = pd.concat([made_prices("AAA", 30, seed=1), made_prices("BBB", 20, seed=2)], ignore_index=True)


@pytest.fixture
def params(project: Path) -> Path:
    shutil.copy(ROOT / "examples/yahoo.yaml", project / "params.yaml")
    return project / "params.yaml"


def test_only_end_and_vintage_change_which_is_said_and_every_comment_stays(
    params: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = params.read_text().splitlines()
    write_end_and_vintage(NOW)
    after = params.read_text().splitlines()
    changed = [(old.split("#"), new.split("#")) for old, new in zip(before, after, strict=True) if old != new]
    assert [new[0].strip() for _, new in changed] == ['end: "2026-03-06"', 'vintage: "2026-03-09T20:59:59Z"']
    assert all(old[1] == new[1] for old, new in changed)
    assert "scrape.end 2025-12-31 -> 2026-03-06, scrape.vintage 1 -> 2026-03-09T20:59:59Z" in capsys.readouterr().out


def test_a_second_later_the_session_has_settled_and_the_vintage_is_another(params: Path) -> None:
    write_end_and_vintage(NOW + pd.Timedelta(seconds=1))
    found = YAML(typ="safe").load(params)["scrape"]
    assert (found["end"], found["vintage"]) == ("2026-03-09", "2026-03-09T21:00:00Z")


def test_another_source_than_yahoo_is_refused_and_nothing_changes(project: Path) -> None:
    YAML().dump(small_params(), project / "params.yaml")
    before = (project / "params.yaml").read_bytes()
    with pytest.raises(UserError, match=r"^params.yaml: scrape.source: found sample; accepted by `make latest`: yahoo"):
        write_end_and_vintage(NOW)
    assert (project / "params.yaml").read_bytes() == before


def test_each_market_from_yahoo_ends_by_its_own_calendar_and_other_markets_stay(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own: dict[str, Any] = {"source": "yahoo", "start": "2020-01-01", "end": "2025-12-31", "vintage": "1"}
    own |= {"max_missing": 0.0, "invalid_rows": "reject"}
    markets = [
        {"source": "sample", "calendar": "XNYS"},
        {**own, "tickers": ["AAPL"], "calendar": "XNYS"},
        {**own, "tickers": ["^NSEI"], "calendar": "XBOM"},
    ]
    YAML().dump(small_params(scrape=several_params(*markets)), project / "params.yaml")
    write_end_and_vintage(NOW)
    found = YAML(typ="safe").load(project / "params.yaml")
    changes = [{}, {"end": "2026-03-06"}, {"end": "2026-03-09"}]  # Bombay has closed, New York has not settled
    vintage = "2026-03-09T20:59:59Z"
    expected = [market | (end and {**end, "vintage": vintage}) for market, end in zip(markets, changes, strict=True)]
    assert found == small_params(scrape=several_params(*expected))
    lines = capsys.readouterr().out.splitlines()
    assert [line.partition(",")[0] for line in lines] == [
        "params.yaml: scrape.markets.1.end 2025-12-31 -> 2026-03-06",
        "params.yaml: scrape.markets.2.end 2025-12-31 -> 2026-03-09",
    ]
    before = (project / "params.yaml").read_text()
    (project / "params.yaml").write_text(before.replace("calendar: XBOM", "calendar: NOWHERE"))
    before = (project / "params.yaml").read_text()
    with pytest.raises(UserError, match="NOWHERE"):
        write_end_and_vintage(NOW)
    assert (project / "params.yaml").read_text() == before


def test_several_markets_without_one_from_yahoo_are_refused(project: Path) -> None:
    YAML().dump(small_params(scrape=several_params({"source": "sample", "calendar": "XNYS"})), project / "params.yaml")
    with pytest.raises(UserError, match=r"^params.yaml: scrape.source: found several; accepted by `make latest`: yah"):
        write_end_and_vintage(NOW)


def test_a_step_is_not_an_exchange(params: Path) -> None:
    params.write_text(params.read_text().replace("calendar: XNYS", "calendar: 1D"))
    with pytest.raises(
        UserError, match=r"^params.yaml: scrape.calendar: found the step '1D'; accepted by `make latest`: an exchange"
    ):
        write_end_and_vintage(NOW)


def test_revisions_are_listed_by_ticker(two_tickers: pd.DataFrame) -> None:
    before = two_tickers[two_tickers["date"] < "2002-08-01"]
    new = len(two_tickers) - len(before)
    assert revision_lines(revisions(before, two_tickers)) == [f"{new} new sessions, 0 tickers revised"]
    split = two_tickers.copy()
    split.loc[split["ticker"] == "AAA", ["close", "open"]] /= 4
    count = (before["ticker"] == "AAA").sum()
    assert revision_lines(revisions(before, split)) == [
        f"AAA: {count} sessions revised: open by up to 75.00%, close by up to 75.00%",
        f"{new} new sessions, 1 ticker revised",
    ]


def test_new_changed_and_vanished_sessions_are_counted_by_ticker() -> None:
    before, after = PRICES.drop(index=[29, 48, 49]), PRICES.drop(index=[0, 1]).copy()
    after.loc[[5, 6], "close"] *= [1.01, 0.9]
    after.loc[6, "adj_close"] *= 1.5
    found = revisions(before, after).set_index("ticker")
    assert found.loc["AAA", ["new", "changed", "vanished"]].tolist() == [1, 2, 2]
    assert found.loc["BBB", ["new", "changed", "vanished"]].tolist() == [2, 0, 0]
    np.testing.assert_allclose(found.loc["AAA", ["close", "adj_close", "open"]].astype(float), [0.1, 0.5, 0], atol=1e-9)


def test_a_value_that_comes_or_goes_is_an_infinite_change() -> None:
    after = PRICES.copy()
    after.loc[3, "dividends"] = 0.2
    after.loc[25, "volume"] = np.nan
    found = revisions(PRICES, after).set_index("ticker")
    assert found.loc["AAA", "changed"] == 2
    assert np.isinf(found.loc["AAA", ["dividends", "volume"]].astype(float)).all()


def test_a_ticker_that_vanished_or_is_new_has_its_line() -> None:
    found = revisions(PRICES[PRICES["ticker"] == "AAA"], PRICES[PRICES["ticker"] == "BBB"]).set_index("ticker")
    assert found.loc["AAA", ["new", "changed", "vanished"]].tolist() == [0, 0, 30]
    assert found.loc["BBB", ["new", "changed", "vanished"]].tolist() == [20, 0, 0]


@settings(max_examples=30, deadline=None)
@given(rows=st.sets(st.integers(0, 49)), factor=st.floats(1.001, 5))
def test_exactly_the_sessions_that_changed_are_counted(rows: set[int], factor: float) -> None:
    after = PRICES.copy()
    after.loc[list(rows), "high"] *= factor
    found = revisions(PRICES, after)
    assert found["changed"].sum() == len(rows)
    assert found["new"].sum() == found["vanished"].sum() == 0


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with two downloads, committed one after the other."""
    folder = tmp_path_factory.mktemp("vintages")
    run(folder, "git", "init", "--quiet")
    run(folder, "dvc", "init", "--quiet")
    prices = made_prices("AAA", 40, seed=0)
    revised = prices.drop(index=[0]).copy()
    revised.loc[10:19, "adj_close"] *= 0.98
    for message, own in {"first": prices.iloc[:38], "second": revised}.items():
        write_table(folder / "data/prices.parquet", own, schema(value_columns(own)))
        run(folder, "dvc", "add", "--quiet", "data/prices.parquet")
        run(folder, "git", "add", "--all")
        assert run(folder, "git", "commit", "--quiet", "--message", message).returncode == 0
    return folder


def test_prices_are_compared_with_those_of_a_git_revision(repository: Path) -> None:
    done = pipeline(repository, "revisions", "HEAD~1")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "AAA: 10 sessions revised: adj_close by up to 2.00%, 1 sessions were removed",
        "2 new sessions, 1 ticker revised",
    ]
    assert [path.name for path in (repository / "data").iterdir() if path.is_dir()] == []


def test_a_revision_that_is_not_there_is_named(repository: Path) -> None:
    done = pipeline(repository, "revisions", "nowhere")
    assert (done.returncode, done.stdout) == (1, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith("revisions: data/prices.parquet: found no prices of 'nowhere' (")
    assert line.endswith("); accepted: a revision whose prices DVC has")


def test_without_a_revision_it_says_how_to_ask() -> None:
    with pytest.raises(
        UserError, match=r"^REV: found no git revision; accepted: one git revision, as in `make revisions REV=HEAD~1`$"
    ):
        print_revisions("")
