"""Other processors give the same bytes: emulated ones with caches of other sizes train the same networks."""

import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from pipeline.programs import output_of
from pipeline.scrape import sample
from pipeline.verify.machine import qemu_command
from tests.conftest import UNPINNED, committed, walk
from tests.imports import ROOT
from tests.networks import HUGE, NETWORKS

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not shutil.which("qemu-x86_64"), reason="needs qemu-x86_64: apt-get install qemu-user"),
]

# EPYC has a level-1 data cache of 32 KiB, with legacy-cache=on of 64 KiB, and is otherwise the same processor.
PROCESSORS = ("EPYC", "EPYC,legacy-cache=on", "Haswell")
WRITTEN = ("data/model/price/1.keras", "data/model/variance/1.keras", "data/history.parquet", "data/forecasts.parquet")


def python(cpu: str | None, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Python in a folder, with the code of this checkout, on an emulated processor where one is named."""
    command = [*(qemu_command(cpu) if cpu else []), sys.executable, *arguments]
    environment = {**UNPINNED, "PYTHONPATH": str(ROOT)}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=1800)


def test_the_emulated_caches_differ() -> None:
    sizes = [output_of(*qemu_command(cpu), shutil.which("getconf") or "", "LEVEL1_DCACHE_SIZE") for cpu in PROCESSORS]
    assert sizes == ["32768", "65536", "32768"]


def test_train_gives_the_same_bytes_on_every_processor(tmp_path: Path) -> None:
    params: dict[str, Any] = YAML(typ="safe").load(committed("params.yaml"))
    native = tmp_path / "native"
    train = {**params["train"], "epochs": 4, "members": 1}
    walk(native, sample.prices(), "scrape", "prepare", **{**params, "train": train})

    def trained(cpu: str | None) -> list[bytes]:
        folder = shutil.copytree(native, tmp_path / str(cpu))
        for stage in ("train", "predict"):
            done = python(cpu, folder, "-m", f"pipeline.{stage}")
            assert done.returncode == 0, done.stderr
        return [(folder / name).read_bytes() for name in WRITTEN]

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        expected, *others = pool.map(trained, (None, *PROCESSORS))
    for cpu, found in zip(PROCESSORS, others, strict=True):
        assert [name for name, one, two in zip(WRITTEN, expected, found, strict=True) if one != two] == [], cpu


@pytest.mark.parametrize(
    "names",
    [[name for name in NETWORKS if name not in HUGE], pytest.param(HUGE, marks=pytest.mark.soak)],
    ids=["usual", "huge"],
)
def test_networks_of_every_kind_have_the_same_bytes_whatever_the_caches(names: list[str], tmp_path: Path) -> None:
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        command = ("-m", "tests.networks", *names)
        done = list(pool.map(lambda cpu: python(cpu, tmp_path, *command), (None, *PROCESSORS[:2])))
    assert [process.returncode for process in done] == [0, 0, 0], done[-1].stderr
    # each line: SHA-256 name
    expected, *others = ({line[65:]: line[:64] for line in process.stdout.splitlines()} for process in done)
    assert set(expected) == set(names)
    for cpu, found in zip(PROCESSORS, others, strict=False):
        assert {name for name in names if found[name] != expected[name]} == set(), cpu
