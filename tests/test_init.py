"""Ambient inputs are pinned before numpy is loaded, and a stage refuses to start where they could not be."""

import subprocess
import sys

from pipeline import PINS, UNSET
from tests.conftest import UNPINNED
from tests.imports import ROOT


def python(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env={**UNPINNED, **environment}, capture_output=True, text=True
    )


def test_every_pin_is_in_force_whatever_the_user_had_set() -> None:
    code = f"import os, pipeline; assert pipeline.PINNED; print({{n: os.environ.get(n) for n in {[*PINS, *UNSET]}}})"
    found = python(
        code,
        KERAS_BACKEND="torch",
        KERAS_MAX_EPOCHS="1",
        TF_XLA_FLAGS="--tf_xla_auto_jit=2",
        OPENBLAS_CORETYPE="SkylakeX",
        TZ="Asia/Tokyo",
    )
    assert found.stdout.strip() == str({**PINS, **dict.fromkeys(UNSET)})


def test_numpy_is_not_loaded_by_pinning() -> None:
    assert python("import sys, pipeline; sys.exit('numpy' in sys.modules)").returncode == 0


def test_a_stage_refuses_to_start_where_numpy_came_first() -> None:
    found = python("import numpy; from pipeline.stages import run; run('train', lambda: print('ran'))")
    assert found.returncode == 1
    assert found.stdout == ""
    assert found.stderr.startswith("train: numpy was imported before `pipeline` could pin the CPU code paths")


def test_a_users_mistake_is_its_lines_and_nothing_else() -> None:
    code = (
        "from pipeline.stages import run; from pipeline.errors import UserError\n"
        "def main(): raise UserError('one\\ntwo')\n"
        "run('train', main)"
    )
    found = python(code)
    assert (found.returncode, found.stdout, found.stderr) == (1, "", "train: one\ntrain: two\n")


def test_our_own_mistake_keeps_its_traceback() -> None:
    found = python("from pipeline.stages import run; run('train', lambda: 1 / 0)")
    assert found.returncode == 1
    assert "ZeroDivisionError" in found.stderr


def test_a_keras_json_in_the_users_home_changes_nothing(tmp_path) -> None:
    (tmp_path / ".keras").mkdir()
    (tmp_path / ".keras/keras.json").write_text('{"floatx": "float64", "epsilon": 0.1, "backend": "jax"}')
    code = "from pipeline.forecaster import network; import keras; print(keras.config.floatx(), keras.config.epsilon())"
    assert python(code, HOME=str(tmp_path)).stdout.strip() == "float32 1e-07"


def test_of_tensorflow_the_terminal_shows_errors_and_not_onednns_announcement() -> None:
    code = (
        "import os; from pipeline.forecaster import network\n"
        "with network.without_announcement():\n"
        "    os.write(2, b'I0000 port.cc:153] oneDNN custom operations are on. You may see ...\\n')\n"
        "    os.write(2, b'E0000 no such instruction: \\xff\\n')\n"
        "    os._exit(3)"  # as a crash while TensorFlow loads
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=UNPINNED, capture_output=True, timeout=120)
    assert (done.returncode, done.stderr) == (3, b"E0000 no such instruction: \xff\n")
