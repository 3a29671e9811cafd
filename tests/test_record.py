"""`python -m pipeline record` tells what came of forecasts, by the first commit of each, in real repositories."""

import re
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipeline import calendars
from pipeline.evaluate.predictions import NEXT
from pipeline.forecaster.preparation import ALL, Calendar
from pipeline.forecaster.targets import log_variance
from pipeline.io.artifacts import read_table, write_csv, write_record, write_table
from pipeline.prices import schema, value_columns
from pipeline.record import COLUMNS
from tests.commands import pipeline, run
from tests.conftest import made_preparation, ran, start_record
from tests.imports import ROOT
from tests.series import made_heat, made_prices

SESSIONS = calendars.sessions("XNYS", pd.Timestamp("2024-01-02"), pd.Timestamp("2024-12-31"))
EVENING = pd.Timedelta(hours=22)  # after New York's close, by UTC
HORIZON = 3


def prices_of(ticker: str, seed: int) -> pd.DataFrame:
    """Prices of a year, whose last session is 2024-12-31."""
    return made_prices(ticker, len(SESSIONS), seed).assign(date=SESSIONS)


PRICES = prices_of("AAA", seed=1)


def forecasts_of(prices: pd.DataFrame, position: int, shift: float = 0.0) -> pd.DataFrame:
    """What stage evaluate would have written when this row was the last one. shift: added to the forecast."""
    last, dates = float(prices["close"].iloc[position]), prices["date"].to_numpy()
    future = calendars.next_dates("XNYS", pd.DatetimeIndex(dates[[position]]), HORIZON)[0]
    return pd.DataFrame({
        "ticker": prices["ticker"].iloc[0], "origin": dates[position], "date": future,
        "horizon": np.arange(1, HORIZON + 1), "last": last, "forecast": last + shift, "lower": last - 1,
        "upper": last + 1, "volatility": 0.011, "har_volatility": 0.012, "fingerprint": "f",
    })  # fmt: skip


def stored(folder: Path, prices: pd.DataFrame, calendar: str | dict[str, str] = "XNYS", column: str = "close") -> None:
    """The prices as they are known now. calendar: of all, or by ticker."""
    write_table(folder / "data/prices.parquet", prices, schema(value_columns(prices)))
    names = {ALL: calendar} if isinstance(calendar, str) else calendar
    calendar_by_ticker = {ticker: Calendar(name=name, step=calendars.step_name(name)) for ticker, name in names.items()}
    preparation = made_preparation(column=column, calendars=calendar_by_ticker)
    write_record(folder / "data/preparation.json", preparation)


def committed(folder: Path, table: pd.DataFrame | str, at: pd.Timestamp | str, *words: str) -> str:
    """Commit forecasts, or another text, at a time in UTC. Return the commit."""
    path = folder / "reports/next.csv"
    if isinstance(table, str):
        path.write_text(table)
    else:
        write_csv(path, table[NEXT])
    run(folder, "git", "add", "reports/next.csv")
    dates = dict.fromkeys(["GIT_COMMITTER_DATE", "GIT_AUTHOR_DATE"], f"{pd.Timestamp(at):%Y-%m-%dT%H:%M:%SZ}")
    done = run(folder, "git", "commit", "--quiet", "--message", "forecast", *words, **dates)
    assert done.returncode == 0, done.stderr
    return run(folder, "git", "rev-parse", "HEAD").stdout.strip()


def recorded(folder: Path) -> pd.DataFrame:
    """The record that the command writes."""
    done = pipeline(folder, "record")
    assert done.returncode == 0, done.stderr
    return pd.read_csv(folder / "reports/record.csv", parse_dates=["origin", "date"])


def refusal(folder: Path) -> str:
    """The line with which the command refuses. It writes nothing."""
    done = pipeline(folder, "record")
    assert (done.returncode, done.stdout) == (1, "")
    assert not (folder / "reports/record.csv").exists()
    (line,) = done.stderr.splitlines()
    return line


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository without commits, on the prices of one ticker."""
    run(tmp_path, "git", "init", "--quiet", "--initial-branch", "main")
    (tmp_path / "reports").mkdir()
    stored(tmp_path, PRICES)
    return tmp_path


def test_a_row_has_the_forecast_its_commit_and_what_came(repository: Path) -> None:
    commit = committed(repository, forecasts_of(PRICES, 50, shift=0.1 + 0.2), SESSIONS[50] + EVENING)
    found, came = recorded(repository), PRICES.iloc[51:54]
    assert found.columns.tolist() == COLUMNS
    assert found[NEXT].equals(forecasts_of(PRICES, 50, shift=0.1 + 0.2)[NEXT].astype(found[NEXT].dtypes))
    assert found["commit"].unique().tolist() == [commit]
    assert found["committed"].unique().tolist() == [f"{SESSIONS[50]:%Y-%m-%d}T22:00:00Z"]
    assert found["in_time"].all()
    assert (found["rebased"] == 1).all()
    assert found["actual"].tolist() == came["close"].tolist()
    np.testing.assert_allclose(found["actual_volatility"], np.exp(log_variance(came) / 2), rtol=1e-12)
    before = (repository / "reports/record.csv").read_bytes()
    recorded(repository)
    assert (repository / "reports/record.csv").read_bytes() == before


def test_the_project_may_be_a_folder_of_a_repository(tmp_path: Path) -> None:
    run(tmp_path, "git", "init", "--quiet")
    folder = tmp_path / "project"
    (folder / "reports").mkdir(parents=True)
    stored(folder, PRICES)
    committed(folder, forecasts_of(PRICES, 50), SESSIONS[50] + EVENING)
    assert len(recorded(folder)) == HORIZON


def test_the_first_commit_of_a_forecast_counts_whatever_is_committed_later(repository: Path) -> None:
    first = committed(repository, forecasts_of(PRICES, 50, shift=1.0), SESSIONS[50] + EVENING)
    committed(repository, forecasts_of(PRICES, 50, shift=2.0), SESSIONS[50] + EVENING + pd.Timedelta(hours=1))
    second = committed(repository, forecasts_of(PRICES, 51, shift=3.0), SESSIONS[51] + EVENING)
    committed(repository, forecasts_of(PRICES, 50, shift=4.0), SESSIONS[60])
    found = recorded(repository)
    assert (found["forecast"] - found["last"]).round(6).tolist() == [1.0] * 3 + [3.0] * 3
    assert found["commit"].tolist() == [first] * 3 + [second] * 3
    assert found["in_time"].all()


def test_the_order_is_from_parent_to_child_and_not_by_clock(repository: Path) -> None:
    first = committed(repository, forecasts_of(PRICES, 50, shift=1.0), SESSIONS[50] + EVENING)
    committed(repository, forecasts_of(PRICES, 50, shift=2.0), SESSIONS[50] + pd.Timedelta(hours=21, minutes=30))
    assert set(recorded(repository)["commit"]) == {first}


def test_an_amended_commit_counts_from_when_it_was_amended(repository: Path) -> None:
    committed(repository, forecasts_of(PRICES, 49), SESSIONS[49] + EVENING)
    committed(repository, forecasts_of(PRICES, 50, shift=1.0), SESSIONS[50] + EVENING)
    committed(repository, forecasts_of(PRICES, 50, shift=2.0), SESSIONS[60], "--amend")
    found = recorded(repository)
    assert found["in_time"].tolist() == [True] * 3 + [False] * 3
    assert (found["forecast"] - found["last"]).round(6).tolist() == [0.0] * 3 + [2.0] * 3


def test_a_forecast_of_a_branch_counts_from_its_merge(repository: Path) -> None:
    committed(repository, forecasts_of(PRICES, 40), SESSIONS[40] + EVENING)
    run(repository, "git", "checkout", "--quiet", "-b", "other")
    committed(repository, forecasts_of(PRICES, 50, shift=1.0), SESSIONS[50] + EVENING)
    run(repository, "git", "checkout", "--quiet", "main")
    at = f"{SESSIONS[60]:%Y-%m-%dT%H:%M:%SZ}"
    done = run(repository, "git", "merge", "--quiet", "--no-ff", "-m", "merge", "other", GIT_COMMITTER_DATE=at)
    assert done.returncode == 0, done.stderr
    found = recorded(repository)
    assert found["in_time"].tolist() == [True] * 3 + [False] * 3
    assert found["commit"].iloc[-1] == run(repository, "git", "rev-parse", "main").stdout.strip()


@pytest.mark.parametrize(
    ("position", "opens"),
    [(50, "2024-03-15 13:30"), (8, "2024-01-16 14:30")],
    ids=["summer time", "after a weekend and a holiday"],
)
def test_a_forecast_is_in_time_until_its_first_session_opens_and_no_step_of_it_later(
    position: int, opens: str, repository: Path
) -> None:
    assert SESSIONS[position + 1] == pd.Timestamp(opens).normalize()
    committed(repository, forecasts_of(PRICES, position), pd.Timestamp(opens) - pd.Timedelta(seconds=1))
    assert recorded(repository)["in_time"].tolist() == [True] * 3
    run(repository, "git", "update-ref", "-d", "HEAD")
    committed(repository, forecasts_of(PRICES, position), opens)
    assert recorded(repository)["in_time"].tolist() == [False] * 3


def test_steps_that_were_forecast_later_are_late_too(repository: Path) -> None:
    whole = forecasts_of(PRICES, 50)
    committed(repository, whole[:1], SESSIONS[50] + EVENING)
    committed(repository, whole, SESSIONS[51] + EVENING)  # one session ahead is known, the others are not
    assert recorded(repository)["in_time"].tolist() == [True, False, False]


def test_prices_that_a_split_has_rebased_are_brought_back_and_counted(repository: Path) -> None:
    for position in (50, 100):
        committed(repository, forecasts_of(PRICES, position), SESSIONS[position] + EVENING)
    split = PRICES.copy()  # the 4:1 split came after session 104, and the source has divided all earlier prices too
    split[["open", "high", "low", "close"]] /= 4
    stored(repository, split)
    committed(repository, forecasts_of(split, 110), SESSIONS[110] + EVENING)
    (line,) = pipeline(repository, "record").stdout.splitlines()
    assert re.findall(r"\d+", line) == ["9", "9", "0", "6"]  # rows, in time, late, re-based
    found = pd.read_csv(repository / "reports/record.csv")
    np.testing.assert_allclose(found["rebased"], [0.25] * 6 + [1] * 3, rtol=1e-12)
    unsplit = pd.concat([PRICES[51:54], PRICES[101:104], split[111:114]])
    np.testing.assert_allclose(found["actual"], unsplit["close"], rtol=1e-12)
    np.testing.assert_allclose(found["actual_volatility"], np.exp(log_variance(unsplit) / 2), rtol=1e-9)


def test_two_tickers_are_told_apart(repository: Path) -> None:
    other = prices_of("BBB", seed=2)
    stored(repository, pd.concat([PRICES, other], ignore_index=True))
    table = pd.concat([forecasts_of(PRICES, 50), forecasts_of(other, 48)])  # the second one ended earlier
    committed(repository, table, SESSIONS[50] + EVENING)
    found = recorded(repository)
    assert found["ticker"].tolist() == ["BBB"] * 3 + ["AAA"] * 3
    assert found["actual"].tolist() == [*other["close"][49:52], *PRICES["close"][51:54]]
    assert found["in_time"].tolist() == [False] * 3 + [True] * 3


def test_each_ticker_is_in_time_by_its_own_calendar(repository: Path) -> None:
    """On Monday 2024-03-18 Bombay opens at 03:45 and New York at 13:30 UTC; a commit between them is late for one."""
    other = prices_of("BBB", seed=2)
    by_ticker = {"AAA": "XNYS", "BBB": "XBOM"}
    stored(repository, pd.concat([PRICES, other], ignore_index=True), by_ticker)
    table = pd.concat([forecasts_of(PRICES, 51), forecasts_of(other, 51)])
    committed(repository, table, "2024-03-18 08:00")
    found = recorded(repository).groupby("ticker")["in_time"].agg(list).to_dict()
    assert found == {"AAA": [True] * 3, "BBB": [False] * 3}


def test_a_forecast_whose_value_is_not_known_has_no_row_yet(repository: Path) -> None:
    last = len(PRICES) - 1
    committed(repository, forecasts_of(PRICES, last), SESSIONS[last] + EVENING)
    assert recorded(repository).empty
    start_record(repository / "other")
    assert (repository / "reports/record.csv").read_bytes() == (repository / "other/reports/record.csv").read_bytes()
    committed(repository, forecasts_of(PRICES, last - 1), SESSIONS[last - 1] + EVENING)
    assert recorded(repository)["horizon"].tolist() == [1]


def test_the_record_in_git_has_the_columns_of_now() -> None:
    assert (ROOT / "reports/record.csv").read_text().splitlines()[0] == ",".join(COLUMNS)


def test_a_step_is_in_time_until_its_own_date_and_its_values_are_never_rebased(repository: Path) -> None:
    heat = made_heat("Oslo", 48, seed=1)
    stored(repository, heat.assign(heat=heat["heat"] + 1), calendar="1h", column="heat")
    dates = heat["date"].to_numpy()
    table = forecasts_of(heat.rename(columns={"heat": "close"}), 40).assign(date=dates[41:44])
    committed(repository, table, pd.Timestamp(dates[41]) - pd.Timedelta(seconds=1))
    found = recorded(repository)
    assert found["in_time"].tolist() == [True] * 3
    assert found["actual"].tolist() == (heat["heat"][41:44] + 1).tolist()
    assert (found["rebased"] == 1).all()
    assert found["actual_volatility"].isna().all()
    committed(repository, table, dates[41], "--amend")
    assert not recorded(repository)["in_time"].any()


def test_a_version_that_is_no_table_of_forecasts_is_left_out_and_named(repository: Path) -> None:
    first = committed(repository, forecasts_of(PRICES, 50).assign(fingerprint="g"), SESSIONS[50] + EVENING)
    text = (repository / "reports/next.csv").read_text()
    others = [text.replace("upper", "high"), text.replace("\n", "\n<<<<<<< HEAD\n", 1), ""]
    commits = [committed(repository, other, SESSIONS[51] + EVENING) for other in others]
    done = pipeline(repository, "record")
    assert done.returncode == 0, done.stderr
    said = [line for line in done.stdout.splitlines() if "is left out" in line]
    assert [line.split()[2] for line in said] == [commit[:12] for commit in commits]
    assert set(pd.read_csv(repository / "reports/record.csv")["commit"]) == {first}


def test_changes_that_are_not_committed_are_named(repository: Path) -> None:
    committed(repository, forecasts_of(PRICES, 50), SESSIONS[50] + EVENING)
    assert "not committed" not in pipeline(repository, "record").stdout
    write_csv(repository / "reports/next.csv", forecasts_of(PRICES, 51))
    assert "reports/next.csv: found changes that are not committed" in pipeline(repository, "record").stdout


def test_a_file_that_was_never_committed_is_named(repository: Path) -> None:
    assert refusal(repository).startswith("record: reports/next.csv: found no commit of forecasts; accepted: ")
    write_csv(repository / "reports/next.csv", forecasts_of(PRICES, 50))
    assert refusal(repository).startswith("record: reports/next.csv: found no commit of forecasts; accepted: ")


def test_outside_of_git_it_says_so(tmp_path: Path) -> None:
    stored(tmp_path, PRICES)
    ceiling = {"GIT_CEILING_DIRECTORIES": str(tmp_path.parent)}
    done = pipeline(tmp_path, "record", **ceiling)
    assert done.stderr.startswith("record: git: found no repository that it can use ")


def test_a_shallow_clone_is_refused(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    for position in (50, 51):
        committed(repository, forecasts_of(PRICES, position), SESSIONS[position] + EVENING)
    folder = tmp_path_factory.mktemp("shallow")
    done = run(folder, "git", "clone", "--quiet", "--depth", "1", f"file://{repository}", "clone")
    assert done.returncode == 0, done.stderr
    stored(folder / "clone", PRICES)
    assert refusal(folder / "clone").startswith("record: git: found a shallow clone; accepted: all commits")


def test_missing_prices_are_named(repository: Path) -> None:
    (repository / "data/prices.parquet").unlink()
    assert refusal(repository) == "record: data/prices.parquet: no such file; `dvc repro` makes it"


def test_after_ten_commits_the_page_shows_what_came(
    walked: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The forecasts are those of test, as if each had been committed on the evening of its origin."""
    folder = shutil.copytree(walked, tmp_path / "folder")
    run(folder, "git", "init", "--quiet")
    predictions = read_table(folder / "data/predictions.parquet").query("ticker == 'AAA' and split == 'test'")
    rows = predictions.rename(columns={"predicted": "forecast"}).assign(fingerprint="f")
    rows["volatility"], rows["har_volatility"] = np.exp(rows["variance_predicted"] / 2), 0.01
    origins = rows["origin"].unique()[:10]
    monkeypatch.chdir(folder)
    for number, origin in enumerate(origins, 1):
        committed(folder, rows[rows["origin"] == origin], origin + EVENING)
        if number >= 9:
            assert len(recorded(folder).query("horizon == 1")) == number
            ran("plot")
            html = (folder / "reports/forecast.html").read_text()
            lines = re.findall(r"<tr>(.+?)</tr>", html.split("<h2>Forecasts on record")[1].split("<details>")[0])
            assert bool(lines) == (number == 10)
    cells = re.findall(r"<td.*?>(.+?)</td>", lines[-1])
    known = rows[(rows["horizon"] == 1) & rows["origin"].isin(origins)]
    share = known["actual"].between(known["lower"], known["upper"]).mean()
    assert cells[:3] == ["all", "10", f"{share:.1%}"]
