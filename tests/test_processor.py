"""Another processor gives the same bytes: the tables and the model under emulation of a 2013 one."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from pipeline.sources import sample
from tests.conftest import committed, walk
from tests.imports import ROOT

pytestmark = pytest.mark.slow

STAGES = ("scrape", "prepare", "benchmark", "train", "evaluate")


@pytest.mark.skipif(not shutil.which("qemu-x86_64"), reason="needs Debian's qemu-user")
@pytest.mark.parametrize("processor", ["Haswell", "EPYC"])
def test_an_emulated_processor_gives_the_same_bytes(processor: str, tmp_path: Path) -> None:
    native, emulated = tmp_path / "native", tmp_path / "emulated"
    params = YAML(typ="safe").load(committed("params.yaml"))
    # QEMU 7.2 crashes in numpy's argsort, which boosting calls; its bytes are not compared.
    models = [model for model in params["benchmark"]["models"] if model != "boosting"]
    benchmark = {**params["benchmark"], "models": models}
    changes = {**params, "benchmark": benchmark, "train": {**params["train"], "epochs": 4, "members": 1}}
    walk(native, sample.prices(), *STAGES, **changes)
    emulated.mkdir()
    shutil.copy(native / "params.yaml", emulated)
    site = os.pathsep.join([str(ROOT), *(path for path in sys.path if path.endswith("site-packages"))])
    for stage in STAGES:
        command = [
            "qemu-x86_64",
            "-cpu",
            processor,
            str(Path(sys.executable).resolve()),
            "-m",
            f"pipeline.stages.{stage}",
        ]
        environment = {**os.environ, "PYTHONPATH": site}
        done = subprocess.run(command, cwd=emulated, env=environment, capture_output=True, text=True, timeout=900)
        assert done.returncode == 0, done.stderr
    for path in (path for path in native.rglob("*") if path.is_file()):
        assert (emulated / path.relative_to(native)).read_bytes() == path.read_bytes(), path.relative_to(native)
