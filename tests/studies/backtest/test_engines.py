"""The same bytes wherever the tasks run, and whatever is killed on the way."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pipeline.io.artifacts import read_table
from pipeline.io.errors import UserError
from studies.backtest import engines
from tests.conftest import UNPINNED
from tests.imports import ROOT
from tests.studies.backtest.conftest import environment, run

FORECASTS = Path("data/forecasts.parquet")


def afresh(folder: Path) -> None:
    shutil.rmtree(folder / "data/tasks", ignore_errors=True)


@pytest.fixture(scope="module")
def expected(backtest: Path) -> bytes:
    """What one worker forecasts."""
    run(backtest, "forecast", LOKY_MAX_CPU_COUNT="1")
    found = (backtest / FORECASTS).read_bytes()
    assert set(read_table(backtest / FORECASTS)["model"]) > {"network", "network_refit", "har"}
    return found


def test_a_run_without_changes_fits_nothing(backtest: Path, expected: bytes) -> None:
    said = run(backtest, "forecast")
    assert "4 tasks, of which 4 were finished before" in said
    assert (backtest / FORECASTS).read_bytes() == expected


@pytest.mark.slow
def test_two_workers_give_the_bytes_of_one(backtest: Path, expected: bytes) -> None:
    afresh(backtest)
    run(backtest, "forecast", LOKY_MAX_CPU_COUNT="2")
    assert (backtest / FORECASTS).read_bytes() == expected


def finished(folder: Path) -> int:
    return len(list((folder / "data/tasks").glob("*.parquet")))


def workers_of(pid: int) -> list[int]:
    """Return the processes below a process that do its tasks."""
    found = subprocess.run(["pgrep", "-f", "-P", str(pid), "loky.*popen_loky"], capture_output=True, text=True)
    return [int(each) for each in found.stdout.split()]


@pytest.mark.slow
@pytest.mark.parametrize("victim", ["worker", "run"])
def test_what_is_killed_half_way_is_done_again(victim: str, backtest: Path, expected: bytes) -> None:
    afresh(backtest)
    (backtest / FORECASTS).unlink()
    command = [sys.executable, "-m", "studies.backtest.forecast"]
    started = subprocess.Popen(command, cwd=backtest, env=environment(), stderr=subprocess.PIPE)
    ends = time.monotonic() + 200
    while not finished(backtest):
        assert time.monotonic() < ends
        assert started.poll() is None
        time.sleep(0.05)
    if victim == "worker":
        os.kill(workers_of(started.pid)[0], signal.SIGKILL)
        assert started.wait(300) == 0, started.stderr and started.stderr.read()
    else:
        workers = workers_of(started.pid)
        started.kill()
        started.wait(60)
        time.sleep(5)
        assert workers
        assert not [pid for pid in workers if Path(f"/proc/{pid}/cmdline").exists()], "workers outlive their run"
        assert not (backtest / FORECASTS).exists()
        kept = finished(backtest)
        assert 0 < kept < 4
        assert f"4 tasks, of which {kept} were finished before" in run(backtest, "forecast")
    assert (backtest / FORECASTS).read_bytes() == expected


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("unshare") or not shutil.which("ip"), reason="needs unshare and ip")
def test_a_ray_cluster_of_two_nodes_gives_the_same_bytes_with_a_worker_killed_too(
    backtest: Path, expected: bytes
) -> None:
    apart = ["unshare", "-n", "-p", "-f", "--mount-proc", "--kill-child"]
    command = [*apart, sys.executable, "-m", "tests.studies.backtest.cluster", str(backtest)]
    done = subprocess.run(
        command,
        env={**UNPINNED, "PYTHONPATH": f"{backtest.parents[1]}:{ROOT}"},
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    assert not done.returncode, done.stderr
    results = json.loads(done.stdout.splitlines()[-1])
    assert results["refused"], "a driver with a wrong token was let in"
    assert bytes.fromhex(results["whole"]) == expected
    assert bytes.fromhex(results["killed"]) == expected


@pytest.mark.parametrize("address", ["127.0.0.1:9", "nonsense", "127.0.0.1:port"])
def test_a_cluster_that_does_not_answer_is_named(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAY_ADDRESS", address)
    with pytest.raises(UserError, match=f"RAY_ADDRESS: found {address}: .*; accepted: host:port") as refused:
        next(engines.results(abs, [1]))
    assert "\n" not in str(refused.value)
