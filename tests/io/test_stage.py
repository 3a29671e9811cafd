"""A stage needs pinned environment variables and no arguments; a user's mistake is one line of its output."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pipeline.io.artifacts import dvc_hash
from tests.commands import OURS, pipeline, python
from tests.conftest import UNPINNED

RAN = "def main(): print('ran')\n"
RUN = "import sys\nfrom pipeline.io.errors import UserError\nfrom pipeline.io.stage import run\n"


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (
            "import numpy\n" + RUN + RAN,
            "train: found numpy imported before `pipeline`, so results may differ; accepted: `dvc repro`\n",
        ),
        (
            RUN + RAN + "sys.argv[1:] = ['--epochs', '5']\n",
            "train: found '--epochs 5'; accepted: no arguments (params.yaml has all settings)\n",
        ),
        (RUN + "def main(): raise UserError('one\\ntwo')\n", "train: one\ntrain: two\n"),
    ],
    ids=["numpy first", "arguments", "a user's mistake"],
)
def test_a_mistake_of_the_user_gives_its_message_and_nothing_else(code: str, said: str) -> None:
    done = python(code + "run('train', main)")
    assert (done.returncode, done.stdout, done.stderr) == (1, "", said)


def test_our_own_mistake_keeps_its_traceback() -> None:
    done = python(RUN + "run('train', lambda: 1 / 0)")
    assert done.returncode == 1
    assert "ZeroDivisionError" in done.stderr


@pytest.mark.parametrize(
    ("error", "said"),
    [
        ("OSError(28, '', 'a')", "train: a: found 'No space left on device'; accepted: a disk with room"),
        ("OSError(30, '')", "train: a temporary file or one of mlartifacts: found 'Read-only file system'; "),
    ],
)
def test_a_disk_that_takes_no_more_is_one_line(error: str, said: str) -> None:
    done = python(RUN + f"def main(): raise {error}\nrun('train', main)")
    assert done.returncode == 1
    assert done.stderr.startswith(said)
    assert done.stderr.count("\n") == 1


def test_another_error_of_the_system_keeps_its_traceback() -> None:
    assert "Traceback" in python(RUN + "run('train', lambda: open('/nowhere/at/all'))").stderr


LOCK = """stages:
  train:
    outs: [{{path: data/model, hash: md5, md5: {model}}}]
  predict:
    deps: [{{path: data/model, hash: md5, md5: {model}}}, {{path: pipeline/io, hash: md5, md5: 0}}]
"""


def test_an_input_that_differs_from_dvc_lock_stops_the_stage_with_one_line(project: Path) -> None:
    for target in ("price", "variance"):
        (project / f"data/model/{target}").mkdir(parents=True)
        (project / f"data/model/{target}/1.keras").write_bytes(b"a network")
    (project / "dvc.lock").write_text(LOCK.format(model=dvc_hash(Path("data/model"))))
    code = f"import os\nos.chdir({str(project)!r})\n{RUN}{RAN}run('predict', main)"
    assert python(code, DVC_STAGE="predict").stdout.startswith("ran\n")
    (project / "data/model/price/1.keras").write_bytes(b"another")
    for stage in ("predict", "../dvc.yaml:predict"):  # as DVC calls it from a subfolder
        done = python(code, DVC_STAGE=stage)
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
        assert done.stderr.startswith(
            "predict: data/model: found other bytes than dvc.lock says, as after Ctrl-C; accepted: `dvc repro`"
        )
    assert python(code).stdout.startswith("ran\n")  # without DVC, what you run is up to you


@pytest.mark.parametrize("text", ["", "[]", "stages:", "a: b"])
def test_a_dvc_lock_without_stages_is_told_in_one_line(text: str, project: Path) -> None:
    (project / "dvc.lock").write_text(text)
    done = pipeline(project)
    assert done.returncode == 1
    assert done.stderr.startswith("dvc.lock: found no stages; accepted: ")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("when", ["os.kill(os.getpid(), 2)", "run('train', lambda: os.kill(os.getpid(), 2))"])
def test_ctrl_c_ends_a_stage_without_a_traceback_also_while_it_imports(when: str) -> None:
    done = python(f"import os\n{RUN}{when}", DVC_STAGE="train")
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process that its parent was killed")
@pytest.mark.parametrize("killed", ["before the stage begins", "while the stage works"])
def test_a_stage_whose_dvc_was_killed_writes_nothing_more(killed: str, project: Path) -> None:
    """The stage is stopped when dvc dies, and goes on afterwards, as an orphan on a busy computer would."""
    wait = "while not Path('go').exists(): time.sleep(0.01)\n"
    work = f"def main():\n  Path('begun').touch()\n  {wait}  Path('late').touch()\n"
    before = wait if killed.startswith("before") else ""
    stage = f"import time\nfrom pathlib import Path\nPath('up').touch()\n{before}{RUN}{work}run('train', main)"
    dvc = f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {stage!r}])"
    parent = subprocess.Popen(
        [sys.executable, "-c", dvc],
        env={**UNPINNED, **OURS, "DVC_STAGE": "train"},
        start_new_session=True,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        wait_for(project / ("up" if before else "begun"))
        (child,) = Path(f"/proc/{parent.pid}/task/{parent.pid}/children").read_text().split()
        os.kill(int(child), signal.SIGSTOP)
        parent.kill()
        parent.wait(60)
        (project / "go").touch()
        with contextlib.suppress(ProcessLookupError):  # the kernel has killed the stage that works
            os.kill(int(child), signal.SIGCONT)
        _, errors = parent.communicate(timeout=60)  # until the child has ended too
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(parent.pid, signal.SIGKILL)
    assert errors == ("train: found that `dvc` was killed; accepted: `dvc repro`\n" if before else "")
    assert not (project / "late").exists()


def wait_for(path: Path) -> None:
    end = time.monotonic() + 60
    while not path.exists():
        assert time.monotonic() < end
        time.sleep(0.01)
