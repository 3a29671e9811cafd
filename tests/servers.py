"""Programs that listen on a port of 127.0.0.1: started, waited for, and ended with all that they started."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.commands import OURS
from tests.conftest import UNPINNED

LOOPBACK = "0100007F"  # 127.0.0.1, as the kernel writes it


def free_port() -> int:
    """A port of 127.0.0.1 on which nothing listens."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def listens(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def listening_addresses(port: int) -> set[str]:
    """The addresses of this machine on which something listens at a port, as the kernel writes them."""
    rows = [line.split() for name in ("tcp", "tcp6") for line in Path("/proc/net", name).read_text().splitlines()[1:]]
    return {row[1].split(":")[0] for row in rows if row[3] == "0A" and int(row[1].split(":")[1], 16) == port}


@contextmanager
def started(folder: Path, port: int, *command: str, seconds: float = 90, **environment: str) -> Iterator[float]:
    """Run a program that listens on a port; yields how many seconds it took until it did."""
    said = folder / f"said-{port}.txt"
    begun = time.monotonic()
    with said.open("w") as output:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env={**UNPINNED, **OURS, **environment},
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        while not listens(port):
            assert process.poll() is None, said.read_text()
            assert time.monotonic() < begun + seconds, said.read_text()
            time.sleep(0.05)
        yield time.monotonic() - begun
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
