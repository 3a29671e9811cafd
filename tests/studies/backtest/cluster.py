"""A Ray cluster of two nodes on 127.0.0.1, and the backtest on it: with and without a worker killed half-way.

test_engines.py runs it inside a network and process namespace of its own.
"""

import json
import os
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ADDRESS = "127.0.0.1:6379"
UP = "import ray, sys; ray.init(log_to_driver=False); sys.exit(sum(node['Alive'] for node in ray.nodes()) != 2)"


@contextmanager
def cluster(folder: Path) -> Iterator[dict[str, str]]:
    """Start two nodes with token authentication; yield the environment of a driver. folder: short, for the sockets."""
    token = folder / "token"
    token.write_text(secrets.token_hex(16))
    secret = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN_PATH": str(token)}
    environment = {**os.environ, **secret, "RAY_USAGE_STATS_ENABLED": "0", "RAY_TMPDIR": str(folder)}
    environment["RAY_worker_niceness"] = "0"  # otherwise other tests leave its workers no time
    ray = [str(Path(sys.executable).with_name("ray")), "start", "--block", "--num-cpus=1", f"--temp-dir={folder}"]
    ray += ["--object-store-memory=80000000", "--include-log-monitor=false", "--node-ip-address=127.0.0.1"]
    kinds = [["--head", "--port=6379", "--include-dashboard=false"], [f"--address={ADDRESS}"]]
    nodes = []
    try:
        for kind in kinds:
            nodes += [subprocess.Popen([*ray, *kind], env=environment, stdout=subprocess.DEVNULL)]
        environment["RAY_ADDRESS"] = ADDRESS
        ends = time.monotonic() + 90
        while subprocess.run([sys.executable, "-c", UP], env=environment, capture_output=True, check=False).returncode:
            assert time.monotonic() < ends, "the two nodes did not come up"
        yield environment
    finally:
        for node in reversed(nodes):
            node.terminate()
            node.wait(60)


def run(folder: Path, environment: dict[str, str], *, kill: bool) -> tuple[int, str]:
    """Run the stage; with `kill`, kill a worker that is busy with a task once the first one is finished."""
    stage = [sys.executable, "-m", "studies.backtest.forecast"]
    driver = subprocess.Popen(stage, cwd=folder, env=environment, stderr=subprocess.PIPE, text=True)
    killed = 0
    while kill and not killed and driver.poll() is None:
        busy = busy_workers()
        if busy and any((folder / "data/tasks").glob("*.parquet")):
            os.kill(busy[0], signal.SIGKILL)
            killed = busy[0]
        time.sleep(0.05)
    said = driver.communicate(timeout=400)[1]
    assert driver.returncode == 0, said
    assert bool(killed) == kill, "no worker was killed"
    return killed, said


def busy_workers() -> list[int]:
    """Return the processes that execute a task now; Ray names them after it."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if path.read_bytes().startswith(b"ray::_with_task"):
                found.append(int(path.parent.name))
        except OSError:  # it has ended meanwhile
            continue
    return found


if __name__ == "__main__":
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    backtest = Path(sys.argv[1])
    results: dict[str, bool | str] = {}
    with tempfile.TemporaryDirectory(prefix="r", dir="/tmp") as short, cluster(Path(short)) as driver:
        wrong = {**driver, "RAY_AUTH_TOKEN": "0" * 32, "RAY_AUTH_TOKEN_PATH": ""}
        refused = subprocess.run([sys.executable, "-c", UP], env=wrong, capture_output=True, text=True, check=False)
        results["refused"] = refused.returncode != 0
        for kill in (False, True):
            for old in (backtest / "data/tasks").glob("*"):
                old.unlink()
            run(backtest, driver, kill=kill)
            results["killed" if kill else "whole"] = (backtest / "data/forecasts.parquet").read_bytes().hex()
    print(json.dumps(results))
