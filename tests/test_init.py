"""Ambient inputs are pinned before numpy is loaded."""

from pipeline import PINS, UNSET
from tests.commands import python


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


def test_a_keras_json_in_the_users_home_changes_nothing(tmp_path) -> None:
    (tmp_path / ".keras").mkdir()
    (tmp_path / ".keras/keras.json").write_text('{"floatx": "float64", "epsilon": 0.1, "backend": "jax"}')
    code = "from pipeline.forecaster import network; import keras; print(keras.config.floatx(), keras.config.epsilon())"
    assert python(code, HOME=str(tmp_path)).stdout.strip() == "float32 1e-07"
