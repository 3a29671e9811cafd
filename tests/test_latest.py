"""`make latest` writes the last finished session and a new vintage, and leaves all else as it was."""

import shutil
from pathlib import Path

import pandas as pd
import pytest
from ruamel.yaml import YAML

from pipeline.errors import UserError
from pipeline.latest import main, told
from tests.conftest import small_params
from tests.imports import ROOT

NOW = pd.Timestamp("2026-03-09 20:59:59", tz="UTC")  # a Monday; New York, on summer time since Sunday, closed at 20:00


@pytest.fixture
def params(project: Path) -> Path:
    shutil.copy(ROOT / "examples/yahoo.yaml", project / "params.yaml")
    return project / "params.yaml"


def test_only_end_and_vintage_change_and_every_comment_stays(params: Path) -> None:
    before = params.read_text().splitlines()
    main(NOW)
    after = params.read_text().splitlines()
    changed = [(old.split("#"), new.split("#")) for old, new in zip(before, after, strict=True) if old != new]
    assert [new[0].strip() for _, new in changed] == ['end: "2026-03-06"', 'vintage: "2026-03-09T20:59:59Z"']
    assert all(old[1] == new[1] for old, new in changed)


def test_a_second_later_the_session_has_settled(params: Path) -> None:
    main(NOW + pd.Timedelta(seconds=1))
    assert YAML(typ="safe").load(params)["scrape"]["end"] == "2026-03-09"


def test_each_call_is_a_vintage_of_its_own(params: Path) -> None:
    vintages = []
    for later in range(3):
        main(NOW + pd.Timedelta(seconds=later))
        vintages.append(YAML(typ="safe").load(params)["scrape"]["vintage"])
    assert len(set(vintages)) == 3


def test_it_says_what_it_changed(params: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(NOW)
    assert "scrape.end 2025-12-31 -> 2026-03-06, scrape.vintage 1 -> 2026-03-09T20:59:59Z" in capsys.readouterr().out


def test_another_source_than_yahoo_is_refused_and_nothing_changes(project: Path) -> None:
    YAML().dump(small_params(), project / "params.yaml")
    before = (project / "params.yaml").read_bytes()
    with pytest.raises(UserError, match=r"^params.yaml: scrape.source: found sample; accepted by `make latest`: yahoo"):
        main(NOW)
    assert (project / "params.yaml").read_bytes() == before


def test_a_step_is_no_exchange(params: Path) -> None:
    params.write_text(params.read_text().replace("calendar: XNYS", "calendar: 1D"))
    with pytest.raises(
        UserError, match=r"^params.yaml: scrape.calendar: found '1D', a step; accepted here: an exchange"
    ):
        main(NOW)


def test_what_the_source_has_revised_is_told_by_ticker(two_tickers: pd.DataFrame) -> None:
    before = two_tickers[two_tickers["date"] < "2002-08-01"]
    assert told(before, two_tickers, ran=False) == [
        f"{len(two_tickers) - len(before)} new sessions, 0 tickers revised; train did not run: its inputs are the same"
    ]
    split = two_tickers.copy()
    split.loc[split["ticker"] == "AAA", ["close", "open"]] /= 4
    one, last = told(before, split, ran=True)
    count = ((before["ticker"] == "AAA").sum()).item()
    assert one == f"AAA: {count} sessions revised: open by up to 75.00%, close by up to 75.00%"
    assert last.endswith(" new sessions, 1 ticker revised; train ran again")
    gone = told(two_tickers, before, ran=True)
    assert gone[0].startswith("AAA: 0 sessions revised: ")
    assert gone[0].endswith(" sessions are gone")
    assert told(None, two_tickers, ran=True) == ["train ran again"]
